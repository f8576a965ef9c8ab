export type { CpuLevel } from "../codegen/index.ts"
export { Compilation, type CompileResult, compile, dumpNames, type Histograms } from "./compile.ts"
export type { CompileOptions, Dialect, Target } from "./options.ts"
