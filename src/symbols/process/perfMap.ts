/** Lines of a perf map that are read: a process that compiles for days writes millions. */
const MOST_LINES = 1 << 22

/**
 * What a just-in-time compiler writes of the code it makes, in the order in which it is made: code that is written over later has a later
 * line. Node does it with `--perf-basic-prof`, Java with a perf-map agent.
 *
 *     START SIZE NAME      both hexadecimal; the name ends the line
 */
export class PerfMap {
  readonly #text: Buffer
  readonly #starts: Float64Array
  readonly #ends: Float64Array
  /** Offset of the name in the text. */
  readonly #names: Uint32Array
  /** Number of the line, in which the order of the text is kept. */
  readonly #lines: Uint32Array

  constructor(bytes: Uint8Array) {
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const starts: number[] = []
    const ends: number[] = []
    const names: number[] = []
    const text = this.#text
    for (let at = 0; at < text.length && starts.length < MOST_LINES; ) {
      let end = text.indexOf(10, at)
      if (end < 0) end = text.length
      const found = /^(?:0x)?([0-9a-f]{1,16}) (?:0x)?([0-9a-f]{1,13}) ./i.exec(
        text.toString("latin1", at, Math.min(end, at + 40)),
      )
      if (found !== null) {
        const start = Number.parseInt(found[1], 16)
        starts.push(start)
        ends.push(start + Number.parseInt(found[2], 16))
        names.push(at + found[0].length - 1)
      }
      at = end + 1
    }
    const order = Uint32Array.from(starts, (_, i) => i).sort((a, b) => starts[a] - starts[b] || a - b)
    this.#starts = Float64Array.from(order, i => starts[i])
    this.#ends = Float64Array.from(order, i => ends[i])
    this.#names = Uint32Array.from(order, i => names[i])
    this.#lines = order
  }

  /** The code an address is in: of several that were made there the last one. */
  locate(address: number): { readonly name: string; readonly offset: number } | undefined {
    let from = 0
    let to = this.#starts.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if (this.#starts[middle] <= address) from = middle + 1
      else to = middle
    }
    let best = -1
    // Code that reaches here can start a little before what starts nearest: some steps back are looked at.
    for (let i = from - 1; i >= 0 && i >= from - 64; i--) {
      if (this.#ends[i] > address && (best < 0 || this.#lines[i] > this.#lines[best])) best = i
    }
    if (best < 0) return undefined
    const at = this.#names[best]
    const end = this.#text.indexOf(10, at)
    return { name: this.#text.toString("utf8", at, end < 0 ? undefined : end), offset: address - this.#starts[best] }
  }
}
