export * from "./build.ts"
export * from "./insn.ts"
export * from "./opcodes.ts"
