import type { Memory } from "../memory.ts"

/**
 * Which bytes of a packet's room programs may touch. What they might before is remembered, so that a packet of which little changes costs little:
 * granules of 8 bytes that were and stay allowed are left alone.
 */
export class Exposure {
  readonly #memory: Memory
  #from = 0
  #to = 0

  constructor(memory: Memory) {
    this.#memory = memory
  }

  /** Lets programs touch the bytes from one address up to another, and none of those that were shown before. */
  show(from: number, to: number): void {
    // A granule in which the packet begins counts as a whole.
    const start = from & ~7
    if (start === this.#from && to === this.#to) return
    const { shadow } = this.#memory
    const end = Math.max(start, to)
    if (start !== this.#from) shadow.fill(0, this.#from >>> 3, (this.#to + 7) >>> 3)
    else if (end < this.#to) shadow.fill(0, end >>> 3, (this.#to + 7) >>> 3)
    const known = start === this.#from ? Math.min(end, this.#to) & ~7 : start
    shadow.fill(8, known >>> 3, end >>> 3)
    if (end & 7) shadow[end >>> 3] = end & 7
    this.#from = start
    this.#to = end
  }

  /** Lets programs touch none of them. */
  hide(): void {
    this.show(0, 0)
  }
}
