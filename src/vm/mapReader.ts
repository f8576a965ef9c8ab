import { type LoadedMap, type MapReader, mapChanging, type PackedEntries, type ReadOptions } from "../machine/index.ts"

/** Elements of one part. */
const PART = 4096

/** Walks a map from key to key. All keys first: nothing else runs meanwhile, and what is removed is a bad place to go on from. */
export class VmMapReader implements MapReader {
  readonly restarts = 0
  readonly #map: LoadedMap
  readonly #remove: boolean
  #keys: Uint8Array[] | undefined
  #at = 0

  constructor(map: LoadedMap, { remove = false }: ReadOptions) {
    this.#map = map
    this.#remove = remove
  }

  next(): PackedEntries | undefined {
    const map = this.#map
    if (this.#keys === undefined) {
      this.#keys = []
      for (let key = map.nextKey(); key !== undefined; key = map.nextKey(key)) {
        this.#keys.push(key)
        // Somebody changes the map between the keys.
        if (this.#keys.length > map.maxEntries) throw mapChanging(map)
      }
    }
    const left = Math.min(PART, this.#keys.length - this.#at)
    const keys = new Uint8Array(left * map.keySize)
    const values = new Uint8Array(left * map.valueSize)
    let count = 0
    while (count < left && this.#at < this.#keys.length) {
      const key = this.#keys[this.#at++]
      const value = values.subarray(count * map.valueSize, (count + 1) * map.valueSize)
      if (!map.lookupInto(key, value)) continue
      if (this.#remove) map.delete(key)
      keys.set(key, count++ * map.keySize)
    }
    return count === 0 ? undefined : { count, keys, values }
  }
}
