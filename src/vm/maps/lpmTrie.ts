import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
import { EEXIST, EINVAL, ENOENT, ENOSPC } from "../errno.ts"
import { BPF_EXIST, BPF_NOEXIST, VmMap } from "./map.ts"

/** An element: its key as the bytes of its prefix, the rest zero. */
interface Element {
  readonly prefix: number
  readonly bytes: Uint8Array
  readonly value: number
}

/** Prefix trees: a key is a length in bits and as many bits of data; a lookup finds the element with the longest prefix of the key. */
export class LpmTrieMap extends VmMap {
  /** Elements by their prefix as text, for each length. */
  readonly #lengths: Map<string, Element>[]

  constructor(core: Core, spec: MapSpec) {
    super(core, spec)
    this.#lengths = Array.from({ length: (spec.keySize - 4) * 8 + 1 }, () => new Map())
  }

  #count = 0

  /** Bits of the key at an address; −1 where there are more than a key has. */
  #prefixOf(key: number): number {
    const prefix = this.memory.view.getUint32(key, true)
    return prefix < this.#lengths.length ? prefix : -1
  }

  /** The first bits of a key, the rest zero. */
  #bytesOf(key: number, prefix: number): Uint8Array {
    const bytes = this.memory.copy(key + 4, this.keySize - 4)
    bytes.fill(0, Math.ceil(prefix / 8))
    if ((prefix & 7) !== 0) bytes[prefix >>> 3] &= 0xff00 >> (prefix & 7)
    return bytes
  }

  #exact(key: number): Element | undefined {
    const prefix = this.#prefixOf(key)
    return prefix < 0 ? undefined : this.#lengths[prefix].get(this.#bytesOf(key, prefix).join())
  }

  #longest(key: number): Element | undefined {
    for (let prefix = this.#prefixOf(key); prefix >= 0; prefix--) {
      const elements = this.#lengths[prefix]
      const found = elements.size === 0 ? undefined : elements.get(this.#bytesOf(key, prefix).join())
      if (found !== undefined) return found
    }
    return undefined
  }

  override lookup(key: number): number {
    return this.#longest(key)?.value ?? 0
  }

  override update(key: number, value: number, flags: number): number {
    if (this.refuses(flags)) return -EINVAL
    const prefix = this.#prefixOf(key)
    if (prefix < 0) return -EINVAL
    const there = this.#exact(key)
    if (there !== undefined) {
      if ((flags & BPF_NOEXIST) !== 0) return -EEXIST
      this.store(there.value, value)
      return 0
    }
    if ((flags & BPF_EXIST) !== 0) return -ENOENT
    if (this.#count === this.maxEntries) return -ENOSPC
    const bytes = this.#bytesOf(key, prefix)
    const place = this.memory.allocate(this.valueSize, `a value of map ${this.name}`)
    this.#lengths[prefix].set(bytes.join(), { prefix, bytes, value: place })
    this.#count++
    this.store(place, value)
    return 0
  }

  override delete(key: number): number {
    const there = this.#exact(key)
    if (there === undefined) return this.#prefixOf(key) < 0 ? -EINVAL : -ENOENT
    this.#lengths[there.prefix].delete(there.bytes.join())
    this.#count--
    this.memory.free(there.value)
    return 0
  }

  override read(key: number, value: number): number {
    const from = this.lookup(key)
    if (from === 0) return -ENOENT
    this.memory.u8.copyWithin(value, from, from + this.valueSize)
    return 0
  }

  /** Longer prefixes before those that they lie in, as in the kernel. */
  override nextKey(key: number, next: number): number {
    const there = key === 0 ? undefined : this.#exact(key)
    let found = there === undefined
    for (let prefix = there?.prefix ?? this.#lengths.length - 1; prefix >= 0; prefix--) {
      for (const element of this.#lengths[prefix].values()) {
        if (found) {
          this.memory.view.setUint32(next, element.prefix, true)
          this.memory.u8.set(element.bytes, next + 4)
          return 0
        }
        found = element === there
      }
    }
    return -ENOENT
  }

  protected override dispose(): void {
    for (const elements of this.#lengths) for (const { value } of elements.values()) this.memory.free(value)
  }
}
