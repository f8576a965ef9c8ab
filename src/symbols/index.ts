export { type KernelSymbol, KernelSymbols, type Located } from "./kallsyms.ts"
export { kernelFunctions, kernelSymbols } from "./running.ts"
export { bareSyscallName, syscallName, syscallPrefix } from "./syscalls.ts"
