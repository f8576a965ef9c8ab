import { BatchBuffer } from "../../machine/index.ts"
import type { Rings } from "./rings.ts"

/** How long after it was sent a record may become visible, in nanoseconds: interrupts and the reader's own turn through the CPUs. */
const SLACK = 1_000_000

interface Held {
  readonly time: number
  readonly data: Uint8Array
  readonly cpu: number
}

/**
 * Records of several CPUs in the order in which they were sent. What is read is held until everything that was sent before it must have been
 * seen: until a round that began {@link SLACK} after it.
 */
export class TimeOrder implements Rings {
  readonly #rings: Rings
  readonly #now: () => number
  readonly #batch = new BatchBuffer()
  #held: Held[] = []

  /** `now` tells the time of CLOCK_MONOTONIC in nanoseconds. */
  constructor(rings: Rings, now: () => number = () => Number(process.hrtime.bigint())) {
    this.#rings = rings
    this.#now = now
  }

  get fds(): readonly number[] {
    return this.#rings.fds
  }

  set changed(changed: (() => void) | undefined) {
    this.#rings.changed = changed
  }

  get later(): number | undefined {
    return this.#held.length === 0 ? undefined : (2 * SLACK) / 1e6
  }

  take(batch: BatchBuffer, limit: number, lost: (events: number, cpu: number) => void): void {
    const until = this.#now() - SLACK
    const from = this.#batch
    from.clear()
    this.#rings.take(from, Number.POSITIVE_INFINITY, lost)
    for (let i = 0; i < from.count; i++) {
      const data = from.bytes.slice(from.offsets[i], from.offsets[i] + from.sizes[i])
      this.#held.push({ time: from.times[i], data, cpu: from.cpus[i] })
    }
    // Sorting is stable: records of one CPU with the same time stay in their order.
    if (from.count > 0) this.#held.sort((a, b) => a.time - b.time)
    let count = 0
    while (count < this.#held.length && count < limit && this.#held[count].time <= until) {
      const { data, cpu, time } = this.#held[count++]
      batch.add(batch.append(data), data.length, cpu, time)
    }
    if (count > 0) this.#held = this.#held.slice(count)
  }

  settle(lost: (events: number, cpu: number) => void): void {
    this.#rings.settle?.(lost)
  }

  close(): void {
    this.#held = []
    this.#rings.close()
  }
}
