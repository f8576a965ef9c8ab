/** Bytes from `start` up to, but without, `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** Position of the first range (of disjoint ones in order) that ends behind `offset`. */
export function firstAfter(ranges: readonly Range[], offset: number): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ranges[middle].end > offset) high = middle
    else low = middle + 1
  }
  return low
}

/** Disjoint ranges in order. Ranges that overlap become one; ranges that only touch do not. */
export class RangeSet {
  #ranges: Range[] = []

  get ranges(): readonly Range[] {
    return this.#ranges
  }

  /** Adds a range that is not empty; false when one range held all of it already. */
  add(start: number, end: number): boolean {
    const at = firstAfter(this.#ranges, start)
    let last = at
    let low = start
    let high = end
    for (; last < this.#ranges.length && this.#ranges[last].start < end; last++) {
      low = Math.min(low, this.#ranges[last].start)
      high = Math.max(high, this.#ranges[last].end)
    }
    const first = this.#ranges[at]
    if (last - at === 1 && first.start <= start && first.end >= end) return false
    this.#ranges.splice(at, last - at, { start: low, end: high })
    return true
  }

  /** The ranges that hold some byte of `[start, end)`; a snapshot. */
  within(start: number, end: number): Range[] {
    const at = firstAfter(this.#ranges, start)
    let last = at
    while (last < this.#ranges.length && this.#ranges[last].start < end) last++
    return this.#ranges.slice(at, last)
  }
}
