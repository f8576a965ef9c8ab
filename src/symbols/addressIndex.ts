const NEWLINE = 10
/** Bytes that no function is longer than: farther from the last symbol an address belongs to nothing. */
const LONGEST = 16 << 20

/**
 * Functions of a kallsyms text in the order of their addresses, in typed arrays: 12 bytes a symbol. Addresses are
 * split into two words, since they do not fit a number.
 */
export class AddressIndex {
  readonly #high: Uint32Array
  readonly #low: Uint32Array
  /** Offset of the symbol's line in the text. */
  readonly #line: Uint32Array

  constructor(text: Uint8Array) {
    let lines = 0
    for (let at = text.indexOf(NEWLINE); at >= 0; at = text.indexOf(NEWLINE, at + 1)) lines++
    const high = new Uint32Array(lines + 1)
    const low = new Uint32Array(lines + 1)
    const line = new Uint32Array(lines + 1)
    let count = 0
    let sorted = true
    for (let start = 0; start + 19 < text.length; ) {
      // A 32-bit kernel has 8 digits, a 64-bit one 16; the type's letter stands behind the space that follows.
      const digits = text[start + 8] === 0x20 ? 8 : 16
      const type = text[start + digits + 1] | 0x20
      if (type === 0x74 || type === 0x77) {
        const h = digits === 16 ? hex8(text, start) : 0
        const l = hex8(text, start + digits - 8)
        if (h !== 0 || l !== 0) {
          if (count > 0) sorted &&= high[count - 1] < h || (high[count - 1] === h && low[count - 1] <= l)
          high[count] = h
          low[count] = l
          line[count++] = start
        }
      }
      const end = text.indexOf(NEWLINE, start)
      if (end < 0) break
      start = end + 1
    }
    if (sorted) {
      this.#high = high.subarray(0, count)
      this.#low = low.subarray(0, count)
      this.#line = line.subarray(0, count)
    } else {
      // Modules follow the kernel and programs follow modules, each part in order.
      const order = Uint32Array.from({ length: count }, (_, i) => i).sort(
        (a, b) => high[a] - high[b] || low[a] - low[b] || a - b,
      )
      this.#high = Uint32Array.from(order, i => high[i])
      this.#low = Uint32Array.from(order, i => low[i])
      this.#line = Uint32Array.from(order, i => line[i])
    }
  }

  /** The symbol at or before an address: its line, and the bytes between. */
  find(address: bigint): { line: number; offset: number } | undefined {
    const high = Number((address >> 32n) & 0xffffffffn)
    const low = Number(address & 0xffffffffn)
    let from = 0
    let to = this.#high.length
    while (from < to) {
      const middle = (from + to) >>> 1
      const h = this.#high[middle]
      if (h < high || (h === high && this.#low[middle] <= low)) from = middle + 1
      else to = middle
    }
    if (from === 0) return undefined
    let at = from - 1
    const offset = (high - this.#high[at]) * 0x1_0000_0000 + low - this.#low[at]
    if (offset >= LONGEST) return undefined
    // Aliases share an address: the first of them is the one.
    while (at > 0 && this.#low[at - 1] === this.#low[at] && this.#high[at - 1] === this.#high[at]) at--
    return { line: this.#line[at], offset }
  }
}

/** The number in 8 hexadecimal digits. */
function hex8(text: Uint8Array, at: number): number {
  let value = 0
  for (let i = at; i < at + 8; i++) {
    const c = text[i]
    value = (value << 4) | (c <= 0x39 ? c - 0x30 : (c | 0x20) - 0x57)
  }
  return value >>> 0
}
