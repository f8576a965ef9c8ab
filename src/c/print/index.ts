export { dumpAst, dumpNode, operands } from "./dump.ts"
export { type PrintOptions, printNode, printUnit } from "./unit.ts"
