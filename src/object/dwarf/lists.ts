import type { DwarfReference } from "./bytes.ts"
import { DwarfBytes } from "./bytes.ts"
import { LLE_BASE_ADDRESS, LLE_END, LLE_OFFSET_PAIR, RLE_BASE_ADDRESS, RLE_END, RLE_OFFSET_PAIR } from "./format.ts"

/** Bytes of a function, from its start. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

/**
 * .debug_rnglists and .debug_loclists: where code that is in several pieces stands, and where a variable is at each place.
 *
 *     base_address f; offset_pair 8 24 (reg6); offset_pair 24 40 (fbreg -8); end
 */
export class Lists {
  readonly ranges = new DwarfBytes()
  readonly locations = new DwarfBytes()
  readonly #ranges: number
  readonly #locations: number
  readonly #empty: number

  constructor() {
    this.#ranges = header(this.ranges)
    this.#locations = header(this.locations)
    this.#empty = this.locations.length
  }

  get hasLocations(): boolean {
    return this.locations.length > this.#empty
  }

  /** Adds a list of pieces of a function, and gives its offset. */
  addRanges(func: DwarfReference["to"], ranges: readonly ByteRange[]): number {
    const out = this.ranges
    const start = out.length
    out.u8(RLE_BASE_ADDRESS)
    out.reference(func, 8)
    for (const { from, to } of ranges) {
      out.u8(RLE_OFFSET_PAIR)
      out.uleb(from)
      out.uleb(to)
    }
    out.u8(RLE_END)
    return start
  }

  /** Adds a list of places, each an expression, and gives its offset. */
  addLocations(
    func: DwarfReference["to"],
    places: readonly (ByteRange & { readonly expression: Uint8Array })[],
  ): number {
    const out = this.locations
    const start = out.length
    out.u8(LLE_BASE_ADDRESS)
    out.reference(func, 8)
    for (const { from, to, expression } of places) {
      out.u8(LLE_OFFSET_PAIR)
      out.uleb(from)
      out.uleb(to)
      out.uleb(expression.length)
      out.u8(...expression)
    }
    out.u8(LLE_END)
    return start
  }

  end(): void {
    this.ranges.endUnit(this.#ranges)
    this.locations.endUnit(this.#locations)
  }
}

/** Version 5, addresses of 8 bytes, no table of offsets. */
function header(out: DwarfBytes): number {
  const unit = out.startUnit()
  out.u16(5)
  out.u8(8, 0)
  out.u32(0)
  return unit
}
