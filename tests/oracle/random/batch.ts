/** Functions for one run of the native compiler, which share their arguments. */
export const BATCH = 100

/** Functions whose seeds are `first` up to `end`, compared in one process: seeds with the same whole part of seed / {@link BATCH}. */
export interface Batch {
  readonly first: number
  readonly end: number
}

export interface BatchResult {
  readonly followed: number
  /** Functions that the verifier cannot follow. */
  readonly complex: number
  /** Functions that the native compiler itself fails on. */
  readonly unknown: number
  readonly faults: readonly string[]
}
