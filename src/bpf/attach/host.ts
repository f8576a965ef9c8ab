import type { LoadedProgram, ProgramOptions } from "../../machine/index.ts"
import type { ProgramSpec } from "../../object/index.ts"

/** What the places to attach to ask of the program they belong to. */
export interface ProgramHost {
  readonly programs: readonly ProgramSpec[]
  /** See `BPF.program`. */
  program(fn: string, options?: ProgramOptions): LoadedProgram
}
