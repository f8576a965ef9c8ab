import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
import { E2BIG, EEXIST, EINVAL, ENOENT } from "../errno.ts"
import type { Memory } from "../memory.ts"
import { BPF_F_RDONLY_PROG } from "./array.ts"
import * as at from "./descriptor.ts"
import { BPF_EXIST, BPF_NOEXIST, VmMap } from "./map.ts"

const round8 = (size: number): number => (size + 7) & ~7

export const HASH_STEP = 0x9e3779b1
/** Nodes that are made ready at once. */
const REFILL = 64

/**
 * Hash of a key: of its 32-bit words and of the bytes that are left, one after another.
 *
 *     h = size;   for each w:  h = (h ^ w) · 0x9e3779b1;  h = h ^ (h >>> 15)
 */
export function hashOf(memory: Memory, key: number, size: number): number {
  const { view, u8 } = memory
  const words = size & ~3
  let hash = size
  for (let i = 0; i < words; i += 4) {
    hash = Math.imul(hash ^ view.getInt32(key + i, true), HASH_STEP)
    hash ^= hash >>> 15
  }
  for (let i = words; i < size; i++) {
    hash = Math.imul(hash ^ u8[key + i], HASH_STEP)
    hash ^= hash >>> 15
  }
  return hash | 0
}

/**
 * Hashes, per CPU or not, that refuse new elements when they are full, or (LRU) drop the least recently used one. In the kernel LRU maps drop roughly the
 * oldest, and some before they are full; here it is exactly the oldest, and none before.
 */
export class HashMap extends VmMap {
  override readonly copies: number
  readonly #lru: boolean
  readonly #nodes: number
  readonly #buckets: number
  readonly #stride: number
  readonly #mask: number
  /** Bytes from a node to its value. */
  readonly #valueAt: number
  readonly #cpuStride: number
  readonly #readOnly: boolean

  constructor(core: Core, spec: MapSpec) {
    super(core, spec)
    this.#lru = spec.type.startsWith("lru_")
    this.copies = spec.type.includes("percpu") ? core.environment.cpus : 1
    this.#valueAt = at.NODE_KEY + round8(this.keySize)
    const stride = round8(this.valueSize)
    this.#cpuStride = this.copies === 1 ? 0 : stride
    this.#stride = this.#valueAt + stride * this.copies
    this.#readOnly = (spec.flags & BPF_F_RDONLY_PROG) !== 0
    const buckets = 2 ** Math.ceil(Math.log2(this.maxEntries))
    this.#mask = buckets - 1
    const name = `the elements of map ${this.name}`
    this.#buckets = this.memory.allocate(buckets * 4, name, { access: "none" })
    this.#nodes = this.memory.allocate(this.#stride * this.maxEntries, name, { access: "none" })
    this.set(at.MAP_DATA, this.#buckets)
    this.set(at.MAP_NODES, this.#nodes)
    this.set(at.MAP_STRIDE, this.#stride)
    this.set(at.MAP_MASK, this.#mask)
    this.set(at.MAP_CPU_STRIDE, this.#cpuStride)
  }

  /** Number of elements. */
  get count(): number {
    return this.get(at.MAP_COUNT)
  }

  #find(key: number, hash: number): number {
    const { i32, u8 } = this.memory
    const { keySize } = this
    for (let node = i32[(this.#buckets >> 2) + (hash & this.#mask)]; node !== 0; node = i32[node >> 2]) {
      if (i32[(node + at.NODE_HASH) >> 2] !== hash) continue
      const there = node + at.NODE_KEY
      let i = 0
      while (i < keySize && u8[there + i] === u8[key + i]) i++
      if (i === keySize) return node
    }
    return 0
  }

  override lookup(key: number, cpu: number): number {
    const node = this.#find(key, hashOf(this.memory, key, this.keySize))
    if (node === 0) return 0
    if (this.#lru) this.#touch(node)
    return node + this.#valueAt + cpu * this.#cpuStride
  }

  override update(key: number, value: number, flags: number, cpu: number): number {
    const node = this.#make(key, flags)
    if (node < 0) return node
    this.store(node + this.#valueAt + cpu * this.#cpuStride, value)
    return 0
  }

  override write(key: number, value: number, flags: number): number {
    const node = this.#make(key, flags)
    if (node < 0) return node
    for (let cpu = 0; cpu < this.copies; cpu++) {
      this.store(node + this.#valueAt + cpu * this.#cpuStride, value + cpu * this.#cpuStride)
    }
    return 0
  }

  /** The node of a key, made where there is none and it may be: or −errno. */
  #make(key: number, flags: number): number {
    if (this.refuses(flags)) return -EINVAL
    const hash = hashOf(this.memory, key, this.keySize)
    const there = this.#find(key, hash)
    if (there !== 0) {
      if ((flags & BPF_NOEXIST) !== 0) return -EEXIST
      if (this.#lru) this.#touch(there)
      return there
    }
    if ((flags & BPF_EXIST) !== 0) return -ENOENT
    const node = this.#takeNode()
    if (node === 0) return -E2BIG
    const { i32, u8 } = this.memory
    const bucket = (this.#buckets >> 2) + (hash & this.#mask)
    i32[node >> 2] = i32[bucket]
    i32[(node + at.NODE_HASH) >> 2] = hash
    i32[bucket] = node
    u8.copyWithin(node + at.NODE_KEY, key, key + this.keySize)
    // All bytes of other values are written; those that pad keys and values are zeros from the beginning.
    if (this.copies > 1 || this.special.length > 0) u8.fill(0, node + this.#valueAt, node + this.#stride)
    if (this.#lru) this.#append(node)
    this.set(at.MAP_COUNT, this.count + 1)
    return node
  }

  /** A node that no key has: 0 where there is none. */
  #takeNode(): number {
    if (this.get(at.MAP_FREE) === 0) this.refill()
    if (this.get(at.MAP_FREE) === 0 && this.#lru) this.#remove(this.get(at.MAP_OLDEST))
    const node = this.get(at.MAP_FREE)
    if (node !== 0) this.set(at.MAP_FREE, this.memory.i32[node >> 2])
    return node
  }

  /** Puts nodes that were never used, if any are left, among the free ones. Compiled code calls it, too, when there are none. */
  refill(): void {
    const { memory, maxEntries, valueSize } = this
    const access = this.#readOnly ? "read" : "write"
    const used = this.get(at.MAP_USED)
    const end = Math.min(used + REFILL, maxEntries)
    for (let n = end - 1; n >= used; n--) {
      const node = this.#nodes + n * this.#stride
      for (let cpu = 0; cpu < this.copies; cpu++) {
        memory.protect(node + this.#valueAt + cpu * this.#cpuStride, valueSize, access)
      }
      memory.i32[node >> 2] = this.get(at.MAP_FREE)
      this.set(at.MAP_FREE, node)
    }
    this.set(at.MAP_USED, end)
  }

  override delete(key: number): number {
    const node = this.#find(key, hashOf(this.memory, key, this.keySize))
    if (node === 0) return -ENOENT
    this.#remove(node)
    return 0
  }

  /** Takes a node out of its bucket. What refers to the value sees it until the node is used again, as in the kernel. */
  #remove(node: number): void {
    const { i32 } = this.memory
    let link = (this.#buckets >> 2) + (i32[(node + at.NODE_HASH) >> 2] & this.#mask)
    while (i32[link] !== node) link = i32[link] >> 2
    i32[link] = i32[node >> 2]
    if (this.#lru) this.#unlink(node)
    this.dropped(node + this.#valueAt)
    i32[node >> 2] = this.get(at.MAP_FREE)
    this.set(at.MAP_FREE, node)
    this.set(at.MAP_COUNT, this.count - 1)
  }

  /** Called with the value of an element that goes. */
  protected dropped(value: number): void {
    this.core.timers.forget(value, this.valueSize)
  }

  override read(key: number, value: number): number {
    const node = this.#find(key, hashOf(this.memory, key, this.keySize))
    if (node === 0) return -ENOENT
    const from = node + this.#valueAt
    for (let cpu = 0; cpu < this.copies; cpu++) {
      const copy = from + cpu * this.#cpuStride
      this.memory.u8.copyWithin(value + cpu * this.#cpuStride, copy, copy + this.valueSize)
    }
    return 0
  }

  override take(key: number, value: number): number {
    const result = this.read(key, value)
    return result < 0 ? result : this.delete(key)
  }

  override elementWith(address: number): { readonly value: number; readonly key: Uint8Array } | undefined {
    const node = this.#nodes + Math.floor((address - this.#nodes) / this.#stride) * this.#stride
    if (node < this.#nodes || node >= this.#nodes + this.get(at.MAP_USED) * this.#stride) return undefined
    return { value: node + this.#valueAt, key: this.memory.copy(node + at.NODE_KEY, this.keySize) }
  }

  override nextKey(key: number, next: number): number {
    const { i32, u8 } = this.memory
    const node = key === 0 ? 0 : this.#find(key, hashOf(this.memory, key, this.keySize))
    let found = node === 0 ? 0 : i32[node >> 2]
    let bucket = node === 0 ? 0 : (i32[(node + at.NODE_HASH) >> 2] & this.#mask) + 1
    for (; found === 0 && bucket <= this.#mask; bucket++) found = i32[(this.#buckets >> 2) + bucket]
    if (found === 0) return -ENOENT
    u8.copyWithin(next, found + at.NODE_KEY, found + at.NODE_KEY + this.keySize)
    return 0
  }

  #touch(node: number): void {
    if (this.get(at.MAP_NEWEST) === node) return
    this.#unlink(node)
    this.#append(node)
  }

  #append(node: number): void {
    const { i32 } = this.memory
    const newest = this.get(at.MAP_NEWEST)
    i32[(node + at.NODE_OLDER) >> 2] = newest
    i32[(node + at.NODE_NEWER) >> 2] = 0
    if (newest === 0) this.set(at.MAP_OLDEST, node)
    else i32[(newest + at.NODE_NEWER) >> 2] = node
    this.set(at.MAP_NEWEST, node)
  }

  #unlink(node: number): void {
    const { i32 } = this.memory
    const older = i32[(node + at.NODE_OLDER) >> 2]
    const newer = i32[(node + at.NODE_NEWER) >> 2]
    if (older === 0) this.set(at.MAP_OLDEST, newer)
    else i32[(older + at.NODE_NEWER) >> 2] = newer
    if (newer === 0) this.set(at.MAP_NEWEST, older)
    else i32[(newer + at.NODE_OLDER) >> 2] = older
  }

  protected override dispose(): void {
    this.core.timers.forget(this.#nodes, this.#stride * this.maxEntries)
    for (let i = 0; i < this.get(at.MAP_USED); i++) {
      const node = this.#nodes + i * this.#stride
      this.memory.protect(node + this.#valueAt, this.#stride - this.#valueAt, "none")
    }
    this.memory.free(this.#nodes)
    this.memory.free(this.#buckets)
  }
}
