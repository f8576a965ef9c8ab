import type { IterScope } from "../../machine/index.ts"
import { KERNEL } from "../address.ts"
import type { Core } from "../core.ts"
import { VmMap } from "../maps/map.ts"

/** What stands behind `meta` in the context for one object: 64-bit words. */
export type Visit = readonly bigint[]

const KERNEL_BITS = BigInt(KERNEL >>> 0) << 32n
/** An address of the machine as programs see it; 0 for none. */
export const pointer = (address: number): bigint => (address === 0 ? 0n : KERNEL_BITS | BigInt(address))

/** Words behind `meta` that a kind of iterator has: its last run, in which there is no object, has zeros in them. */
const WORDS: Readonly<Record<string, number>> = { task: 1, task_file: 3, bpf_map_elem: 3 }

/** How many words a kind has; undefined where the machine does not have it. */
export const wordsOf = (kind: string): number | undefined => WORDS[kind]

/** The objects of a kind, in order; elements of a map are those of the machine, and all else is asked of its environment. */
export function* visits(core: Core, kind: string, scope: IterScope): Generator<Visit, void, undefined> {
  if (kind === "bpf_map_elem") yield* elements(core, scope)
  else yield* core.environment.visits?.(kind, scope) ?? []
}

/** Map, key and value. Values of per-CPU maps are copies of all CPUs, one behind the other. */
function* elements(core: Core, { map: chosen }: IterScope): Generator<Visit, void, undefined> {
  const map = chosen === undefined ? undefined : core.handled(chosen.fd)
  if (!(map instanceof VmMap)) return
  const { memory } = core
  const keys = [memory.allocate(map.keySize, "key of an iterator"), memory.allocate(map.keySize, "key of an iterator")]
  const copies = map.copies === 1 ? 0 : memory.allocate(map.wholeSize, "values of an iterator")
  try {
    let [from, to] = keys
    let found = map.nextKey(0, to)
    while (found === 0) {
      const value = copies === 0 ? map.lookup(to, 0) : map.read(to, copies) === 0 ? copies : 0
      if (value !== 0) yield [pointer(map.address), pointer(to), pointer(value)]
      ;[from, to] = [to, from]
      found = map.nextKey(from, to)
    }
  } finally {
    for (const place of [...keys, copies]) if (place !== 0) memory.free(place)
  }
}
