export { KernelMachine, runningBtf } from "./machine.ts"
export type { FunctionNames } from "./options.ts"
export { type Sys, type SyscallNumbers, setSys, type Watcher } from "./raw/index.ts"
