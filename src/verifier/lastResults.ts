import type { Scalar } from "./scalar/index.ts"

/**
 * What each instruction made of the numbers that it was given last. States share what is known of numbers, so ways that differ elsewhere give an
 * instruction the same two objects again and again.
 */
export class LastResults<T> {
  readonly #left: (Scalar | undefined)[] = []
  readonly #right: (Scalar | undefined)[] = []
  readonly #result: T[] = []

  get(slot: number, left: Scalar, right: Scalar): T | undefined {
    return this.#left[slot] === left && this.#right[slot] === right ? this.#result[slot] : undefined
  }

  /** Keeps a result, and gives it back. */
  keep(slot: number, left: Scalar, right: Scalar, result: T): T {
    this.#left[slot] = left
    this.#right[slot] = right
    this.#result[slot] = result
    return result
  }
}
