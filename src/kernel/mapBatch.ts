import type { LoadedMap } from "../machine/index.ts"
import * as bpf from "./bpf/index.ts"
import * as raw from "./raw/index.ts"

/** Elements asked for in one call, unless the map is smaller or a bucket of it larger. */
const BATCH = 4096
/** Bytes of values that one call's buffer may take. */
const BUFFER = 4 << 20

/**
 * Reads a map's elements by the batch commands (Linux 5.6), with or without removing them. Hash maps hand out whole
 * buckets, so no element comes twice.
 */
export class BatchReader {
  /** True after the last element; when it is false at the end, the map or the kernel has no such command. */
  done = false
  readonly #map: LoadedMap
  readonly #command: number
  // The kernel's mark of where to go on: a key, or the number of a bucket.
  readonly #marks: [Uint8Array, Uint8Array]
  #count: number
  #started = false

  constructor(map: LoadedMap, command: number) {
    this.#map = map
    this.#command = command
    const mark = Math.max(map.keySize, 4)
    this.#marks = [new Uint8Array(mark), new Uint8Array(mark)]
    this.#count = Math.max(1, Math.min(BATCH, map.maxEntries, Math.floor(BUFFER / Math.max(1, map.valueSize))))
  }

  /** The next elements; undefined at the end, and when the kernel refuses. */
  read(): [Uint8Array, Uint8Array][] | undefined {
    while (!this.done) {
      const { keySize, valueSize } = this.#map
      const keys = new Uint8Array(this.#count * keySize)
      const values = new Uint8Array(this.#count * valueSize)
      const [from, next] = this.#marks
      const { result, count } = bpf.mapBatch(this.#command, {
        fd: this.#map.fd,
        from: this.#started ? from : undefined,
        next,
        keys,
        values,
        count: this.#count,
      })
      if (result === -raw.ENOSPC && this.#count <= 2 * this.#map.maxEntries) {
        // One bucket holds more than there is room for.
        this.#count *= 2
        continue
      }
      if (result < 0 && result !== -raw.ENOENT) return undefined
      this.done = result === -raw.ENOENT
      this.#started = true
      this.#marks.reverse()
      const entries: [Uint8Array, Uint8Array][] = []
      for (let i = 0; i < count; i++) {
        entries.push([keys.slice(i * keySize, (i + 1) * keySize), values.slice(i * valueSize, (i + 1) * valueSize)])
      }
      return entries
    }
    return undefined
  }
}
