import type { MapReader, PackedEntries, ReadOptions } from "../../machine/index.ts"

/** A walk over a table's elements, made by `entries()`, `keys()` and `values()`. */
export class TableIterator<T> implements IterableIterator<T> {
  readonly #read: (options: ReadOptions) => MapReader
  readonly #decode: (part: PackedEntries) => (index: number) => T
  readonly #options: ReadOptions
  #reader: MapReader | undefined
  #element: (index: number) => T = unread
  #count = 0
  #at = 0
  #done = false

  constructor(
    read: (options: ReadOptions) => MapReader,
    decode: (part: PackedEntries) => (index: number) => T,
    options: ReadOptions,
  ) {
    this.#read = read
    this.#decode = decode
    this.#options = options
  }

  /**
   * How often the walk had to begin again so far, because the element it stood at had gone. What was given already is
   * not given again. Hashes and arrays are read in whole parts since Linux 5.6, and never begin again.
   */
  get restarts(): number {
    return this.#reader?.restarts ?? 0
  }

  /** The next element. @throws SkepError MACHINE_MAP_CHANGING */
  next(): IteratorResult<T, undefined> {
    while (this.#at === this.#count) {
      if (this.#done) return { value: undefined, done: true }
      this.#reader ??= this.#read(this.#options)
      const part = this.#reader.next()
      this.#at = 0
      this.#count = part?.count ?? 0
      this.#done = part === undefined
      if (part !== undefined) this.#element = this.#decode(part)
    }
    return { value: this.#element(this.#at++), done: false }
  }

  /** Ends the walk. */
  return(): IteratorResult<T, undefined> {
    this.#done = true
    this.#at = this.#count
    return { value: undefined, done: true }
  }

  [Symbol.iterator](): this {
    return this
  }
}

const unread = (): never => {
  throw new RangeError("nothing has been read yet")
}
