import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
import { EBUSY, EINVAL } from "../errno.ts"
import { VmMap } from "./map.ts"

/** Bytes of a page of an arena. */
export const ARENA_PAGE = 4096

/** Arenas: pages that programs and processes share. Pages are there from the beginning here; allocating one marks it as in use. */
export class ArenaMap extends VmMap {
  /** Where its first page lies. */
  readonly base: number
  readonly #used: Uint8Array

  constructor(core: Core, spec: MapSpec) {
    super(core, spec)
    const bytes = spec.maxEntries * ARENA_PAGE
    this.base = this.memory.allocate(bytes, `arena ${spec.name}`, { align: 65536 })
    this.#used = new Uint8Array(spec.maxEntries)
    if (spec.data !== undefined) {
      this.memory.u8.set(spec.data, this.base)
      this.#used.fill(1, 0, Math.ceil(spec.data.length / ARENA_PAGE))
    }
  }

  /**
   * Pages in a row that nobody uses, all zeros: the address of the first, 0 where there are none. With `at`, those from this address on and no others.
   */
  allocate(pages: number, at = 0): number {
    const first = at === 0 ? this.#find(pages) : this.#pageAt(at)
    if (first < 0 || pages <= 0 || first + pages > this.#used.length) return 0
    if (this.#used.subarray(first, first + pages).includes(1)) return 0
    this.#used.fill(1, first, first + pages)
    const address = this.base + first * ARENA_PAGE
    this.memory.u8.fill(0, address, address + pages * ARENA_PAGE)
    return address
  }

  /** Keeps pages that nobody uses from being allocated: 0, −EINVAL, or −EBUSY where somebody uses one. */
  reserve(address: number, pages: number): number {
    const first = this.#pageAt(address)
    if (first < 0 || first + pages > this.#used.length) return -EINVAL
    return this.allocate(pages, address) === 0 ? -EBUSY : 0
  }

  /** Gives pages back. */
  free(address: number, pages: number): void {
    const first = this.#pageAt(address)
    if (first >= 0) this.#used.fill(0, first, first + pages)
  }

  /** The number of the page that begins at an address; −1 where none does. */
  #pageAt(address: number): number {
    const page = (address - this.base) / ARENA_PAGE
    return Number.isInteger(page) && page < this.#used.length ? page : -1
  }

  /** The first of so many pages in a row that nobody uses; −1 where there are none. */
  #find(pages: number): number {
    for (let first = 0; first + pages <= this.#used.length; first++) {
      const taken = this.#used.subarray(first, first + pages).lastIndexOf(1)
      if (taken < 0) return first
      first += taken
    }
    return -1
  }

  protected override dispose(): void {
    this.memory.free(this.base)
  }
}
