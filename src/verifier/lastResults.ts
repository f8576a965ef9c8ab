import type { Scalar } from "./scalar/index.ts"

/**
 * What each instruction made of the numbers that it was given last. States share what is known of numbers, so ways that differ elsewhere give an
 * instruction the same two objects again and again.
 */
export class LastResults<T> {
  readonly #left: (Scalar | undefined)[]
  readonly #right: (Scalar | undefined)[]
  readonly #result: (T | undefined)[]

  /** For a program of that many slots. */
  constructor(slots: number) {
    this.#left = bySlot(slots)
    this.#right = bySlot(slots)
    this.#result = bySlot(slots)
  }

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

/** A list with an entry for each slot: one that grew where the walk jumps ahead would be a table, and slow. */
export const bySlot = <T>(slots: number): (T | undefined)[] => new Array(slots).fill(undefined)
