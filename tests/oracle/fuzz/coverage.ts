/** How often a block ran in one input, as one bit of a byte: 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, more. */
const BUCKETS = Uint8Array.from({ length: 256 }, (_, n) =>
  n === 0 ? 0 : 1 << [1, 2, 3, 7, 15, 31, 127, 255].findIndex(most => n <= most),
)

/** Bytes that the instrumented bundle counts its blocks in (scripts/instrument.mjs); none where it is not instrumented. */
export function blockCounters(): Uint8Array {
  return (globalThis as { skepCounters?: Uint8Array }).skepCounters ?? new Uint8Array(0)
}

/** The blocks of the compiler that inputs have reached so far, and how often in one input. */
export class Coverage {
  readonly #counters = blockCounters()
  /** A bit for each bucket of each block, where another thread can read it. */
  readonly seen: Uint8Array

  constructor(seen: Uint8Array = new Uint8Array(blockCounters().length)) {
    this.seen = seen
  }

  /** Forgets what ran since the last input. */
  start(): void {
    this.#counters.fill(0)
  }

  /** Adds what ran since `start`: how many blocks ran for the first time, or so often for the first time. */
  add(): number {
    const counters = this.#counters
    const { seen } = this
    let fresh = 0
    for (let i = 0; i < counters.length; i++) {
      const bit = BUCKETS[counters[i]]
      if ((seen[i] & bit) === bit) continue
      seen[i] |= bit
      fresh++
    }
    return fresh
  }
}
