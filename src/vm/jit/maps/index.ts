import * as o from "../../../isa/index.ts"
import type { VmMap } from "../../maps/map.ts"
import { MAP_DELETE, MAP_LOOKUP, MAP_UPDATE } from "../calls.ts"
import { I32, I64 } from "../wasm/opcodes.ts"
import { arrayUpdate } from "./array.ts"
import { hashDelete, hashLookup, hashUpdate, MAX_KEY } from "./hash.ts"

/** What a helper does with one map, as a function of the module. */
export interface MapFunction {
  readonly helper: number
  readonly map: VmMap
  readonly shape: MapFunctionShape
  /** Writes the function. `refill` is one that it may call. */
  readonly write: (map: VmMap, refill: number) => Uint8Array
}

/** What the function of a helper takes and gives: 32 bits. */
interface MapFunctionShape {
  /** The registers that are handed over, with the map known: as addresses, or as 64-bit numbers. */
  readonly parameters: readonly (readonly [register: number, type: typeof I32 | typeof I64])[]
  /** An address of the machine's memory or 0, or 0 or −errno. */
  readonly gives: "address" | "error"
}

const SHAPES: Readonly<Record<number, MapFunctionShape>> = {
  [MAP_LOOKUP]: { parameters: [[o.R2, I32]], gives: "address" },
  [MAP_UPDATE]: {
    parameters: [
      [o.R2, I32],
      [o.R3, I32],
      [o.R4, I64],
    ],
    gives: "error",
  },
  [MAP_DELETE]: { parameters: [[o.R2, I32]], gives: "error" },
}

const HASH = { [MAP_LOOKUP]: hashLookup, [MAP_UPDATE]: hashUpdate, [MAP_DELETE]: hashDelete }
const ARRAY = { [MAP_UPDATE]: arrayUpdate }

/** By type of map and helper. What is not here is done by the helper itself. */
const FUNCTIONS: Readonly<Record<string, Readonly<Record<number, MapFunction["write"]>>>> = {
  hash: HASH,
  percpu_hash: HASH,
  lru_hash: HASH,
  lru_percpu_hash: HASH,
  array: ARRAY,
  percpu_array: ARRAY,
}

/**
 * The function that stands for the call of a helper on a map. A program that no verifier has seen changes maps through the
 * helpers, which look at the addresses first; and so do all where values hold locks or timers.
 */
export function mapFunction(helper: number, map: VmMap, verified: boolean): MapFunction | undefined {
  const write = FUNCTIONS[map.type]?.[helper]
  if (write === undefined || map.keySize > MAX_KEY) return undefined
  if (helper !== MAP_LOOKUP && (!verified || map.special.length > 0)) return undefined
  return { helper, map, shape: SHAPES[helper], write }
}

/** The functions of this kind that a module has, behind those of the program. */
export class MapFunctions {
  readonly #all: { readonly index: number; readonly made: MapFunction }[] = []
  readonly #first: number

  /** `first` is the number of the first. */
  constructor(first: number) {
    this.#first = first
  }

  /** The number of a function, the same for the same helper and map. */
  index(wanted: MapFunction): number {
    const there = this.#all.find(({ made }) => made.helper === wanted.helper && made.map === wanted.map)
    if (there !== undefined) return there.index
    const index = this.#first + this.#all.length
    this.#all.push({ index, made: wanted })
    return index
  }

  get count(): number {
    return this.#all.length
  }

  /** Types of parameters, and bodies, in the order of their numbers. */
  bodies(refill: number): { readonly parameters: readonly number[]; readonly body: Uint8Array }[] {
    return this.#all.map(({ made: { shape, write, map } }) => ({
      parameters: shape.parameters.map(([, type]) => type),
      body: write(map, refill),
    }))
  }
}
