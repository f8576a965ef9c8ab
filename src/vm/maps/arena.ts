import type { MapSpec } from "../../object/index.ts"
import type { Core } from "../core.ts"
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

  /** Pages in a row that nobody uses: the address of the first, 0 where there are none. */
  allocate(pages: number): number {
    for (let first = 0; first + pages <= this.#used.length; first++) {
      const taken = this.#used.subarray(first, first + pages).lastIndexOf(1)
      if (taken >= 0) {
        first += taken
        continue
      }
      this.#used.fill(1, first, first + pages)
      return this.base + first * ARENA_PAGE
    }
    return 0
  }

  /** Gives pages back. */
  free(address: number, pages: number): void {
    const first = (address - this.base) / ARENA_PAGE
    if (Number.isInteger(first) && first >= 0) this.#used.fill(0, first, first + pages)
  }

  protected override dispose(): void {
    this.memory.free(this.base)
  }
}
