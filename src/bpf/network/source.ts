import type { LoadedProgram, ProgramOptions } from "../../machine/index.ts"

/** Where functions come from: a `BPF`. */
export interface ProgramSource {
  program(fn: string, options?: ProgramOptions): LoadedProgram
}
