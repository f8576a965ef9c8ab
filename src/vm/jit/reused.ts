type Numbers = Int32Array | Uint16Array | Uint8Array

/** Elements of an array that is kept for the next function. Few functions need more. */
const KEPT = 1 << 16

/** So few elements are written sooner than the built-in function is called. */
const FEW = 32

/**
 * An array that one function after another is translated with: typed arrays are slow to make, and programs are short.
 * What a function left in it is gone when the next one asks for it, so it is for what nobody looks at by then. It may be
 * longer than what was asked for.
 */
export class Reused<T extends Numbers> {
  readonly #make: new (
    length: number,
  ) => T
  #array: T

  constructor(make: new (length: number) => T) {
    this.#make = make
    this.#array = new make(256)
  }

  /** An array of at least so many elements, of which the first `count` are `value`. */
  filled(count: number, value: number): T {
    const array = this.any(count)
    if (count > FEW) array.fill(value, 0, count)
    else for (let i = 0; i < count; i++) array[i] = value
    return array
  }

  /** An array of at least so many elements with anything in them. */
  any(count: number): T {
    if (count <= this.#array.length) return this.#array
    const larger = new this.#make(2 * count)
    if (larger.length <= KEPT) this.#array = larger
    return larger
  }
}
