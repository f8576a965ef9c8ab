import { parentPort, workerData } from "node:worker_threads"
import { tryInput } from "./check.ts"
import { fuzzInput } from "./input.ts"

/** What a worker is given: seeds `first`, `first + step`, … below `end`. */
export interface Work {
  readonly first: number
  readonly end: number
  readonly step: number
  /** The seed in work and the count of those that compiled, for the main thread to read while this one is busy. */
  readonly shared: SharedArrayBuffer
}

export interface Finding {
  readonly seed: number
  readonly what: string
}

const { first, end, step, shared } = workerData as Work
const state = new Int32Array(shared)
for (let seed = first; seed < end; seed += step) {
  Atomics.store(state, 0, seed)
  try {
    if (tryInput(fuzzInput(seed), seed) === "compiles") state[1]++
  } catch (error) {
    parentPort?.postMessage({ seed, what: String((error as Error).stack ?? error) } satisfies Finding)
  }
}
