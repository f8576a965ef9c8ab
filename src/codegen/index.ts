export { generate } from "./generate.ts"
export type { CodegenDump, CodegenOptions, CpuLevel, DumpStage } from "./options.ts"
