/** A piece of the log: text, or what makes it when it is asked for. */
type Piece = string | (() => string)

/**
 * The log of a verification. Pieces are written out at the end, since most of them are taken back when the way that they tell of turns out right.
 */
export class Log {
  readonly level: number
  #pieces: Piece[] = []
  /** Pieces that were thrown away at the front. */
  #dropped = 0

  constructor(level: number) {
    this.level = level
  }

  /** Anything is logged. */
  get on(): boolean {
    return this.level !== 0
  }

  /** Every instruction is logged, and stays. */
  get full(): boolean {
    return (this.level & 2) !== 0
  }

  /** Where the next piece goes. */
  get position(): number {
    return this.#dropped + this.#pieces.length
  }

  add(piece: Piece): void {
    if (this.level === 0) return
    this.#pieces.push(piece)
    if (this.#pieces.length > MAX_PIECES) {
      this.#pieces = this.#pieces.slice(MAX_PIECES / 2)
      this.#dropped += MAX_PIECES / 2
    }
  }

  /** Takes back what was written since a position. */
  reset(position: number): void {
    this.#pieces.length = Math.max(0, Math.min(this.#pieces.length, position - this.#dropped))
  }

  /** The last `size` characters. */
  text(size: number): string {
    const parts: string[] = []
    let length = 0
    for (let i = this.#pieces.length - 1; i >= 0 && length < size; i--) {
      const piece = this.#pieces[i]
      const text = typeof piece === "string" ? piece : piece()
      parts.push(text)
      length += text.length
    }
    const text = parts.reverse().join("")
    return text.length <= size ? text : text.slice(text.length - size)
  }
}

/** Pieces that are kept: more than the largest log that is asked for has. */
const MAX_PIECES = 1 << 21
