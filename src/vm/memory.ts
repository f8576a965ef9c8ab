import { NULL_PAGE } from "./address.ts"
import { memoryFull } from "./fault.ts"
import { type LinearMemory, linearMemory } from "./linearMemory.ts"

/** What programs may do with a piece of memory. */
export type Access = "none" | "read" | "write"

/** A piece of memory that was allocated. */
export interface Region {
  readonly start: number
  readonly size: number
  /** What lies there, for people: `values of map hits`, `packet`. */
  readonly name: string
}

/** Bytes between two regions that belong to none. */
const GAP = 16
const PAGE = 65536
/** Pages that are there from the beginning: views that somebody keeps are good until the memory grows. */
const INITIAL = 256

/** Low four bits of a granule's shadow: how many of its 8 bytes, from the first on, may be read. */
export const SHADOW_BYTES = 15
/** Set in a granule's shadow where programs may only read. */
export const SHADOW_READ_ONLY = 16

/** What {@link Memory} is made with. */
export interface MemoryOptions {
  /** Most bytes it may grow to, at most 2 GiB; 1 GiB without it. */
  readonly limit?: number
}

/** Bytes that a piece takes, with the gap behind it. Sizes come from files, and may be more than 32 bits hold. */
const blockFor = (size: number): number => Math.ceil((Math.max(size, 1) + GAP) / 8) * 8

/**
 * The machine's linear memory: stacks, contexts, packets, values of maps, simulated kernel and user memory. A shadow of it says for every granule of 8
 * bytes what programs may do there:
 *
 *     0           nothing: not allocated, or the machine's own
 *     1 … 8       read and write this many of its bytes, from the first on
 *     17 … 24     read 1 … 8 of them
 *
 * Regions lie apart, so that an access that runs over the end of one does not reach the next.
 */
export class Memory {
  /** What compiled code imports, where there is WebAssembly. */
  readonly linear: LinearMemory
  /** Views of the memory. They are others after it has grown: take them anew after everything that may allocate. */
  u8!: Uint8Array
  i32!: Int32Array
  u32!: Uint32Array
  view!: DataView
  shadow: Uint8Array
  readonly #limit: number
  readonly #regions = new Map<number, Region>()
  /** Blocks that were freed, by size. */
  readonly #free = new Map<number, number[]>()
  #end = NULL_PAGE

  constructor({ limit = 2 ** 30 }: MemoryOptions = {}) {
    this.#limit = Math.min(limit, 2 ** 31 - PAGE)
    this.linear = linearMemory(Math.min(INITIAL, Math.floor(this.#limit / PAGE)), 32768)
    this.shadow = new Uint8Array(0)
    this.#refresh()
  }

  /** Bytes that are there. */
  get size(): number {
    return this.u8.length
  }

  /**
   * A piece of memory, all zeros. `access` is what programs may do with it, "write" without it (which is reading, too).
   * @throws SkepError VM_MEMORY
   */
  allocate(size: number, name: string, { access = "write" as Access, align = 8 } = {}): number {
    const block = blockFor(size)
    const reused = align <= 8 ? this.#free.get(block)?.pop() : undefined
    let start: number
    if (reused !== undefined) {
      start = reused
      this.u8.fill(0, start, start + block)
    } else {
      start = Math.ceil(this.#end / align) * align
      this.#reserve(start + block, name)
      this.#end = start + block
    }
    this.#regions.set(start, { start, size, name })
    if (access !== "none") this.protect(start, size, access)
    return start
  }

  /** Gives a piece back. Addresses of it become invalid. */
  free(start: number): void {
    const region = this.#regions.get(start)
    if (region === undefined) return
    this.#regions.delete(start)
    this.protect(start, region.size, "none")
    const block = blockFor(region.size)
    const same = this.#free.get(block)
    if (same === undefined) this.#free.set(block, [start])
    else same.push(start)
  }

  /** Says what programs may do with bytes of a region from now on. They begin at a multiple of 8. */
  protect(start: number, size: number, access: Access): void {
    const readOnly = access === "read" ? SHADOW_READ_ONLY : 0
    const whole = size >>> 3
    const first = start >>> 3
    this.shadow.fill(access === "none" ? 0 : 8 | readOnly, first, first + whole)
    const rest = size & 7
    if (rest > 0) this.shadow[first + whole] = access === "none" ? 0 : rest | readOnly
  }

  /** Whether programs may read all of these bytes. */
  readable(address: number, size: number): boolean {
    return this.#allowed(address, size, SHADOW_BYTES)
  }

  /** Whether programs may write all of these bytes. */
  writable(address: number, size: number): boolean {
    return this.#allowed(address, size, SHADOW_BYTES | SHADOW_READ_ONLY)
  }

  #allowed(address: number, size: number, mask: number): boolean {
    if (address < NULL_PAGE || size < 0 || address + size > this.u8.length) return false
    const { shadow } = this
    const end = address + size
    for (let at = address; at < end; at = (at & ~7) + 8) {
      const there = shadow[at >>> 3] & mask
      if (there > 8 || there < Math.min(8, end - (at & ~7))) return false
    }
    return true
  }

  /** The region that an address lies in, or in the gap behind which it lies; undefined where there is none. */
  regionNear(address: number): Region | undefined {
    let best: Region | undefined
    for (const region of this.#regions.values()) {
      if (region.start <= address && (best === undefined || region.start > best.start)) best = region
    }
    return best
  }

  /** The bytes themselves, not a copy. */
  bytes(address: number, size: number): Uint8Array {
    return this.u8.subarray(address, address + size)
  }

  /** A copy of bytes. */
  copy(address: number, size: number): Uint8Array<ArrayBuffer> {
    return this.u8.slice(address, address + size) as Uint8Array<ArrayBuffer>
  }

  /** The text up to a zero byte, at most `most` bytes. */
  text(address: number, most: number): string {
    const limit = Math.min(address + most, this.u8.length)
    const end = this.u8.indexOf(0, address)
    return decoder.decode(this.u8.subarray(address, end < 0 || end > limit ? limit : end))
  }

  /** 64 bits as a number; exact below 2^53. */
  u64(address: number): number {
    return this.view.getUint32(address, true) + this.view.getUint32(address + 4, true) * 2 ** 32
  }

  /** Writes 64 bits: a number that is a whole one, negative ones as two's complement. */
  setU64(address: number, value: number): void {
    this.view.setUint32(address, value >>> 0, true)
    this.view.setUint32(address + 4, Math.floor(value / 2 ** 32) >>> 0, true)
  }

  #reserve(end: number, name: string): void {
    if (end <= this.u8.length) return
    if (end > this.#limit) throw memoryFull(name, end, this.#limit)
    const bytes = Math.min(this.#limit, Math.max(end, this.u8.length * 2))
    const pages = Math.ceil((Math.max(bytes, end) - this.u8.length) / PAGE)
    try {
      this.linear.grow(pages)
    } catch (cause) {
      throw memoryFull(name, end, this.u8.length, cause)
    }
    this.#refresh()
  }

  #refresh(): void {
    const { buffer } = this.linear
    this.u8 = new Uint8Array(buffer)
    this.i32 = new Int32Array(buffer)
    this.u32 = new Uint32Array(buffer)
    this.view = new DataView(buffer)
    const shadow = new Uint8Array(buffer.byteLength / 8)
    shadow.set(this.shadow)
    this.shadow = shadow
  }
}

const decoder = new TextDecoder()
