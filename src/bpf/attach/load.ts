import type { LoadedProgram, ProgramOptions } from "../../machine/index.ts"

/** Gives a function of the program, loaded as it is to be used. */
export type LoadFunction = (fn: string, options: ProgramOptions) => LoadedProgram
