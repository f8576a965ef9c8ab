import { blockCounters } from "./coverage.ts"

/** What a worker is given: inputs `first`, `first + step`, … below `end`. */
export interface Work {
  readonly first: number
  readonly end: number
  readonly step: number
  readonly shared: SharedArrayBuffer
  /** Whether the corpus begins with the seed texts. */
  readonly seeds: boolean
  /** What was added to the corpus by a worker whose place this one takes. */
  readonly kept: readonly string[]
  /** Texts that hung or ended such a worker: they are not tried again. */
  readonly avoid: readonly string[]
}

/** A fault of the compiler, and the text that shows it. */
export interface Finding {
  readonly input: number
  readonly what: string
  readonly text: string
  readonly reduced: string
}

export type Message = Finding | { readonly kept: string }

/** Bytes of the longest text that the main thread can read when a worker hangs or ends at it. */
const TEXT = 1 << 19
const WORDS = 6

/** What the main thread reads of a worker while that is busy. */
export class Shared {
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #text: Uint8Array
  readonly seen: Uint8Array

  constructor(buffer = new SharedArrayBuffer(WORDS * 4 + TEXT + blockCounters().length)) {
    this.buffer = buffer
    this.#words = new Int32Array(buffer, 0, WORDS)
    this.#text = new Uint8Array(buffer, WORDS * 4, TEXT)
    this.seen = new Uint8Array(buffer, WORDS * 4 + TEXT)
  }

  /** The number of the input in work. */
  get input(): number {
    return Atomics.load(this.#words, 0)
  }

  /** Changes with every text that is tried. */
  get ticks(): number {
    return Atomics.load(this.#words, 1)
  }

  tick(): void {
    Atomics.add(this.#words, 1, 1)
  }

  next(input: number): void {
    Atomics.store(this.#words, 0, input)
    this.tick()
  }

  /** The text in work. */
  get text(): string {
    return new TextDecoder().decode(this.#text.slice(0, Atomics.load(this.#words, 2)))
  }

  set text(text: string) {
    this.tick()
    Atomics.store(this.#words, 2, new TextEncoder().encodeInto(text, this.#text).written)
  }

  /** Inputs that compiled. */
  get compiled(): number {
    return this.#words[3]
  }

  set compiled(count: number) {
    this.#words[3] = count
  }

  /** Inputs without a fault up to the type checker. */
  get read(): number {
    return this.#words[4]
  }

  set read(count: number) {
    this.#words[4] = count
  }

  /** Texts in the corpus. */
  get kept(): number {
    return this.#words[5]
  }

  set kept(count: number) {
    this.#words[5] = count
  }
}
