import { type LoadedMap, type MapReader, mapChanging, type PackedEntries, type ReadOptions } from "../machine/index.ts"
import * as bpf from "./bpf/index.ts"
import * as raw from "./raw/index.ts"

/** Elements asked for in one call, unless the map is smaller or a bucket of it larger. */
const PART = 16384
/** Bytes that the buffers of one part may take. */
const BUFFER = 4 << 20
/** Bytes that all elements may take for their place to be reserved at once. */
const RESERVE = 1 << 29
/** Rounds without a new element after which a map changes too fast to be read. */
const ROUNDS = 16

/** Types whose batch commands hand out whole buckets: no element comes twice, none that stays is missed. */
const BUCKETS = new Set(["hash", "percpu_hash", "lru_hash", "lru_percpu_hash", "hash_of_maps"])
/** Types whose batch commands go from key to key, and begin again when the key they stood at has gone. */
const CHAINED = new Set(["lpm_trie"])
/** Types whose batch commands go from index to index. */
const INDEXED = new Set(["array", "percpu_array", "array_of_maps"])

/** Whether the kernel may read maps of a type by the batch commands (Linux 5.6). */
export const hasBatches = (type: string): boolean => BUCKETS.has(type) || CHAINED.has(type) || INDEXED.has(type)

/** What a reader needs of the map: {@link KernelMap}. */
export interface ReadMap extends LoadedMap {
  /** False once the kernel has refused a batch command for this map. */
  batches: boolean
}

/**
 * Reads a map's elements, with or without removing them: by the batch commands where the kernel and the map have them,
 * else one after another by BPF_MAP_GET_NEXT_KEY.
 */
export class KernelMapReader implements MapReader {
  restarts = 0
  readonly #map: ReadMap
  readonly #remove: boolean
  readonly #onRestart: ((restarts: number) => void) | undefined
  /** Keys given so far, where the walk may come by them again. */
  readonly #seen: Set<string> | undefined
  readonly #fill: (keys: Uint8Array, values: Uint8Array, room: number) => number
  // The kernel's mark of where to go on: a key, or the number of a bucket.
  readonly #marks: [Uint8Array, Uint8Array]
  #started = false
  #done = false
  #repeats = 0
  #repeating = false
  /** The key the walk stands at, one by one. */
  #at: Uint8Array | undefined
  /** Keys to be removed, one by one. */
  #removing: Uint8Array[] | undefined
  #keys = new Uint8Array(0)
  #values = new Uint8Array(0)
  #room: number

  constructor(map: ReadMap, { remove = false, onRestart }: ReadOptions) {
    this.#map = map
    this.#remove = remove
    this.#onRestart = onRestart
    const { type, keySize, valueSize, maxEntries } = map
    const mark = Math.max(keySize, 4)
    this.#marks = [new Uint8Array(mark), new Uint8Array(mark)]
    const fitting = Math.floor(BUFFER / Math.max(1, keySize + valueSize))
    this.#room = Math.max(1, Math.min(PART, maxEntries, fitting))
    if (!BUCKETS.has(type) && !INDEXED.has(type)) this.#seen = new Set()
    const canRemove = BUCKETS.has(type) || (INDEXED.has(type) && type !== "array_of_maps")
    const byBatch = map.batches && hasBatches(type) && (!remove || canRemove)
    this.#fill = byBatch ? this.#fillByBatch : this.#fillOneByOne
  }

  next(): PackedEntries | undefined {
    const { keySize, valueSize } = this.#map
    while (!this.#done) {
      if (this.#keys.length < this.#room * keySize || this.#values.length < this.#room * valueSize) {
        this.#keys = new Uint8Array(this.#room * keySize)
        this.#values = new Uint8Array(this.#room * valueSize)
      }
      const count = this.#fill(this.#keys, this.#values, this.#room)
      if (count > 0) return { count, keys: this.#keys, values: this.#values }
    }
    return undefined
  }

  /** All that is left, in buffers of its own. */
  all(): PackedEntries {
    const { keySize, valueSize, maxEntries } = this.#map
    const size = keySize + valueSize
    let room = size * maxEntries <= RESERVE ? maxEntries : this.#room
    let keys = new Uint8Array(room * keySize)
    let values = new Uint8Array(room * valueSize)
    let count = 0
    while (!this.#done) {
      if (count === room || this.#room > room - count) {
        if (count > 0 || this.#room > room) {
          room = Math.max(room, Math.min(room * 2, count + maxEntries), count + this.#room)
          keys = grown(keys, room * keySize)
          values = grown(values, room * valueSize)
        }
      }
      count += this.#fill(keys.subarray(count * keySize), values.subarray(count * valueSize), room - count)
    }
    return { count, keys: keys.subarray(0, count * keySize), values: values.subarray(0, count * valueSize) }
  }

  /** Puts elements at the start of the buffers, which have room for so many; their number. 0 says nothing but go on. */
  readonly #fillByBatch = (keys: Uint8Array, values: Uint8Array, room: number): number => {
    const map = this.#map
    const buckets = BUCKETS.has(map.type)
    const command = this.#remove && buckets ? bpf.BPF_MAP_LOOKUP_AND_DELETE_BATCH : bpf.BPF_MAP_LOOKUP_BATCH
    const [from, next] = this.#marks
    const start = this.#started ? from : undefined
    const { result, count } = bpf.mapBatch(command, { fd: map.fd, from: start, next, keys, values, count: room })
    if (result === -raw.ENOSPC) {
      // One bucket holds more than there is room for.
      this.#room = Math.max(this.#room, room) * 2
      return 0
    }
    if (result === -raw.EINTR && count === 0) {
      this.#round()
      return 0
    }
    if (result < 0 && result !== -raw.ENOENT && result !== -raw.EINTR) {
      // The map or the kernel has no such command; a bucket that was given already cannot come again.
      if (this.#started) throw mapChanging(map)
      map.batches = false
      return this.#fillOneByOne(keys, values, room)
    }
    this.#done = result === -raw.ENOENT
    this.#started = true
    this.#marks.reverse()
    if (this.#remove && !buckets) {
      const zeros = new Uint8Array(count * map.valueSize)
      map.updatePacked({ count, keys: keys.subarray(0, count * map.keySize), values: zeros })
    }
    return this.#seen === undefined ? count : this.#unseen(keys, values, count)
  }

  /** Leaves out what was given before; the number of elements that stay. */
  #unseen(keys: Uint8Array, values: Uint8Array, count: number): number {
    const { keySize, valueSize } = this.#map
    let kept = 0
    for (let i = 0; i < count; i++) {
      if (!this.#isNew(keys.subarray(i * keySize, (i + 1) * keySize))) continue
      if (kept !== i) {
        keys.copyWithin(kept * keySize, i * keySize, (i + 1) * keySize)
        values.copyWithin(kept * valueSize, i * valueSize, (i + 1) * valueSize)
      }
      kept++
    }
    return kept
  }

  readonly #fillOneByOne = (keys: Uint8Array, values: Uint8Array, room: number): number => {
    if (this.#remove) return this.#removeOneByOne(keys, values, room)
    const { keySize, valueSize } = this.#map
    let count = 0
    while (count < room) {
      const key = this.#nextKey()
      if (key === undefined) break
      if (!this.#map.lookupInto(key, values.subarray(count * valueSize, (count + 1) * valueSize))) continue
      keys.set(key, count++ * keySize)
    }
    return count
  }

  /** All keys first: what is removed is a bad place to go on from. */
  #removeOneByOne(keys: Uint8Array, values: Uint8Array, room: number): number {
    const { keySize, valueSize } = this.#map
    if (this.#removing === undefined) {
      this.#removing = []
      for (let key = this.#nextKey(); key !== undefined; key = this.#nextKey()) this.#removing.push(key)
      this.#removing.reverse()
    }
    let count = 0
    while (count < room && this.#removing.length > 0) {
      const key = this.#removing.pop()!
      const value = this.#map.lookupAndDelete(key)
      if (value === undefined) continue
      keys.set(key, count * keySize)
      values.set(value, count++ * valueSize)
    }
    this.#done = this.#removing.length === 0
    return count
  }

  /** The next key that was not given before. */
  #nextKey(): Uint8Array | undefined {
    for (;;) {
      const key = this.#map.nextKey(this.#at)
      if (key === undefined) {
        this.#done = true
        return undefined
      }
      this.#at = key
      if (this.#seen === undefined || this.#isNew(key)) return key
    }
  }

  /** The kernel starts again from the first key when the one it is given has gone: a key that comes again tells. */
  #isNew(key: Uint8Array): boolean {
    const text = Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1")
    if (!this.#seen!.has(text)) {
      this.#seen!.add(text)
      this.#repeating = false
      this.#repeats = 0
      return true
    }
    if (!this.#repeating) {
      this.#repeating = true
      this.#onRestart?.(++this.restarts)
    }
    this.#round()
    return false
  }

  #round(): void {
    if (++this.#repeats > ROUNDS * (this.#map.maxEntries + 1)) throw mapChanging(this.#map)
  }
}

function grown(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (bytes.length === length) return bytes
  const larger = new Uint8Array(length)
  larger.set(bytes)
  return larger
}
