import type { Loaded } from "../../machine/index.ts"

/**
 * How many events of a ring buffer programs had no room for, as the code counts that the compiler adds; undefined where the object has no such
 * counter (it was compiled without `countDrops`, or by another compiler).
 */
export function dropCounter(loaded: Loaded, ring: string): (() => number) | undefined {
  for (const map of loaded.maps.values()) {
    const index = map.spec.drops?.indexOf(ring) ?? -1
    if (index < 0) continue
    const key = new Uint8Array(new Uint32Array([index]).buffer)
    const value = new Uint8Array(map.valueSize)
    const counters = new BigUint64Array(value.buffer)
    return () => {
      map.lookupInto(key, value)
      return Number(counters.reduce((sum, count) => sum + count, 0n))
    }
  }
  return undefined
}
