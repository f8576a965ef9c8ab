import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
import { EINVAL, ENOENT } from "../errno.ts"
import { hashOf } from "./hash.ts"
import { VmMap } from "./map.ts"

/** Hash functions of a filter that does not say how many. */
const HASHES = 5

/** Bloom filters: a value that was pushed is always found, and sometimes one that was not. */
export class BloomMap extends VmMap {
  readonly #bits: Uint8Array
  readonly #mask: number
  readonly #hashes: number

  constructor(core: Core, spec: MapSpec) {
    super(core, spec)
    this.#hashes = (spec.mapExtra ?? 0) & 15 || HASHES
    // As many bits as the kernel takes: entries · hashes / ln 2, up to a power of two.
    const bits = Math.max(64, 2 ** Math.ceil(Math.log2((spec.maxEntries * this.#hashes * 7) / 5)))
    this.#bits = new Uint8Array(bits / 8)
    this.#mask = bits - 1
  }

  *#places(value: number): IterableIterator<number> {
    let hash = hashOf(this.memory, value, this.valueSize)
    for (let i = 0; i < this.#hashes; i++) {
      yield (hash & this.#mask) >>> 0
      hash = Math.imul(hash ^ (hash >>> 16) ^ i, 0x85ebca6b)
    }
  }

  override push(value: number, flags: number): number {
    if (flags !== 0) return -EINVAL
    for (const bit of this.#places(value)) this.#bits[bit >>> 3] |= 1 << (bit & 7)
    return 0
  }

  override peek(value: number): number {
    for (const bit of this.#places(value)) if ((this.#bits[bit >>> 3] & (1 << (bit & 7))) === 0) return -ENOENT
    return 0
  }

  override read(_key: number, value: number): number {
    return this.peek(value)
  }
  override write(_key: number, value: number, flags: number): number {
    return this.push(value, flags)
  }
}
