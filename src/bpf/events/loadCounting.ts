import { SkepError } from "../../base/index.ts"
import type { Loaded, Machine } from "../../machine/index.ts"
import type { BpfObject } from "../../object/index.ts"
import { type Compiled, type CompiledTwice, compiledTwice, objectOf } from "../load.ts"
import { machineOptions } from "../objects/read.ts"
import type { LoadOptions } from "../options.ts"

export interface LoadedProgram {
  readonly compiled: Compiled
  readonly loaded: Loaded
  /** What was done without. */
  readonly notes: readonly string[]
}

/** A program that is compiled, and has been compiled without the code that counts drops where it did not fit with it. */
export interface CompiledProgram extends CompiledTwice {
  readonly notes: readonly string[]
}

const NOT_COUNTED = [
  "events that a ring buffer has no room for are not counted: the program does not fit with the code for it",
]

/** Compiles; once more without the code that counts drops where that code is what does not fit on the stack. */
export async function compileCounting(options: LoadOptions, more: string): Promise<CompiledProgram> {
  try {
    return { ...(await compiledTwice(options, more)), notes: [] }
  } catch (error) {
    const fits = !(error instanceof SkepError) || error.code !== "CODEGEN_STACK"
    if (options?.countDrops === false || fits) throw error
    const compiled = await objectOf({ ...options, countDrops: false }, more)
    return { compiled, withoutCounts: undefined, notes: NOT_COUNTED }
  }
}

/**
 * Loads; compiled once more without the code that counts drops where the verifier does not follow the program with it. `adapted` is what the
 * user changed of the object.
 */
export function loadCounting(
  { compiled, withoutCounts, notes }: CompiledProgram,
  options: LoadOptions,
  machine: Machine,
  adapted: (object: BpfObject) => BpfObject = object => object,
): LoadedProgram {
  const load = (made: Compiled, remarks: readonly string[]): LoadedProgram => {
    const object = adapted(made.object)
    return { compiled: { ...made, object }, loaded: machine.load(object, machineOptions(options)), notes: remarks }
  }
  try {
    return load(compiled, notes)
  } catch (error) {
    const refused = error instanceof SkepError && /^(KERNEL|VM)_VERIFIER$/.test(error.code)
    const counts = compiled.object.maps.some(map => map.drops !== undefined)
    if (!refused || !counts || withoutCounts === undefined) throw error
    return load(withoutCounts(), NOT_COUNTED)
  }
}
