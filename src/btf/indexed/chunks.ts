import { byteString } from "../strings.ts"
import { textAt } from "../text.ts"
import type { ByteSource } from "./source.ts"

/** Bytes that are read at a time: 2 ** 14, of which a program's types and their names need about thirty. */
const BITS = 14
const SIZE = 1 << BITS

/** A part of the source. */
interface Chunk {
  readonly bytes: Uint8Array
  readonly words: Uint32Array
  /** A character for each byte; made when a text is first asked for. */
  text: string | undefined
  /** Whether all of the text is ASCII. */
  ascii: boolean
}

/** Words and texts of a part of a source, read chunk by chunk as they are asked for and not given up again. */
export class Chunks {
  readonly #source: ByteSource
  readonly #start: number
  readonly #size: number
  readonly #chunks = new Map<number, Chunk>()
  readonly #utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

  /** Offsets count from byte `start` of the source. */
  constructor(source: ByteSource, start = 0, size = source.size - start) {
    this.#source = source
    this.#start = start
    this.#size = size
  }

  /** The word at a byte offset that is divisible by four. */
  word(at: number): number {
    return this.#chunk(at >>> BITS).words[(at & (SIZE - 1)) >>> 2]
  }

  /** The words at a byte offset that is divisible by four: of a chunk where they lie in one, else a copy. */
  words(at: number, count: number): Uint32Array {
    const from = (at & (SIZE - 1)) >>> 2
    const { words } = this.#chunk(at >>> BITS)
    if (from + count <= words.length) return words.subarray(from, from + count)
    const copy = new Uint32Array(count)
    for (let i = 0; i < count; i++) copy[i] = this.word(at + 4 * i)
    return copy
  }

  /** The UTF-8 text from byte `at` up to a NUL byte or to the end. */
  text(at: number): string {
    let text = ""
    let ascii = true
    for (let ended = false; !ended && at < this.#size; ) {
      const number = at >>> BITS
      const chunk = this.#chunk(number)
      const rest = this.#textOf(chunk)
      ascii &&= chunk.ascii
      const from = at & (SIZE - 1)
      const nul = rest.indexOf("\0", from)
      ended = nul >= 0
      text += rest.slice(from, ended ? nul : undefined)
      at = (number + 1) * SIZE
    }
    return ascii
      ? text
      : textAt(
          Uint8Array.from(text, character => character.charCodeAt(0)),
          0,
        )
  }

  #chunk(number: number): Chunk {
    let chunk = this.#chunks.get(number)
    if (chunk === undefined) {
      const at = number * SIZE
      const bytes = this.#source.read(this.#start + at, Math.min(SIZE, this.#size - at))
      chunk = {
        bytes,
        words: new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2),
        text: undefined,
        ascii: true,
      }
      this.#chunks.set(number, chunk)
    }
    return chunk
  }

  #textOf(chunk: Chunk): string {
    if (chunk.text === undefined) {
      const text = this.#utf8.decode(chunk.bytes)
      // What is no ASCII makes the text shorter, or is no whole character at the chunk's edge.
      chunk.ascii = text.length === chunk.bytes.length && !text.includes("\ufffd")
      chunk.text = chunk.ascii ? text : byteString(chunk.bytes)
    }
    return chunk.text
  }
}
