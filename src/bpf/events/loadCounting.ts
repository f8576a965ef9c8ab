import { SkepError } from "../../base/index.ts"
import type { Loaded, Machine } from "../../machine/index.ts"
import { type Compiled, objectOf } from "../load.ts"
import { machineOptions } from "../objects/read.ts"
import type { LoadOptions } from "../options.ts"

export interface LoadedProgram {
  readonly compiled: Compiled
  readonly loaded: Loaded
  /** What was done without. */
  readonly notes: readonly string[]
}

/** Compiles and loads; once more without the code that counts drops where that code is what is in the way. */
export async function loadCounting(options: LoadOptions, more: string, machine: Machine): Promise<LoadedProgram> {
  let counted: Compiled | undefined
  try {
    counted = await objectOf(options, more)
    return { compiled: counted, loaded: load(machine, counted, options), notes: [] }
  } catch (error) {
    if (options?.countDrops === false || !mayBeTheCounts(error, counted)) throw error
    const compiled = await objectOf({ ...options, countDrops: false }, more)
    const loaded = load(machine, compiled, options)
    return {
      compiled,
      loaded,
      notes: [
        "events that a ring buffer has no room for are not counted: the program does not fit with the code for it",
      ],
    }
  }
}

function load(machine: Machine, { object }: Compiled, options: LoadOptions): Loaded {
  return machine.load(object, machineOptions(options))
}

function mayBeTheCounts(error: unknown, counted: Compiled | undefined): boolean {
  if (!(error instanceof SkepError)) return false
  if (counted === undefined) return error.code === "CODEGEN_STACK"
  return error.code === "KERNEL_VERIFIER" && counted.object.maps.some(map => map.drops !== undefined)
}
