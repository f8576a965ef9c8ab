export * from "./insn.ts"
