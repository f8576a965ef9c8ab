import { undoAll } from "../../base/index.ts"
import { type EventWatch, PullStream } from "../../machine/index.ts"
import { EventBatch } from "./batch.ts"
import type { EventSource } from "./source.ts"

/** What streams and subscriptions tell of themselves. */
export interface EventCounts {
  /** Events taken over so far. */
  readonly received: number
  /**
   * Events lost so far, before and while this was open: for perf buffers what the kernel says, for ring buffers what the program counted when there was
   * no room (load option `countDrops`).
   */
  readonly lost: number
  /** Events that had fewer bytes than their type, and were left out. */
  readonly malformed: number
}

/**
 * The events of a map as an async iterator. What nobody asks for stays in the kernel's buffer. Leaving the loop, `close` and `using` end it at
 * once; a stream that nobody waits for does not keep the process alive.
 */
export class EventStream<T> extends PullStream<T> implements EventCounts {
  readonly #source: EventSource
  readonly #batch: EventBatch<T>
  readonly #closed: () => void

  /** @internal */
  constructor(source: EventSource, closed: () => void) {
    super()
    this.#source = source
    this.#closed = closed
    this.#batch = new EventBatch(source.type, source.take(0))
  }

  /** Name of the map. */
  get name(): string {
    return this.#source.name
  }

  /** Name of the events' type in C; empty where they are bytes. */
  get typeName(): string {
    return this.#source.type?.name ?? ""
  }

  get received(): number {
    return this.#source.received
  }

  get lost(): number {
    return this.#source.lost
  }

  get malformed(): number {
    return this.#source.malformed
  }

  protected watchSource(ready: () => void): EventWatch {
    return this.#source.reader.watch(ready)
  }

  protected readSource(push: (event: T) => void): void {
    const batch = this.#batch
    batch.refill(this.#source.take())
    for (let i = 0; i < batch.length; i++) {
      if (batch.isWhole(i)) push(batch.get(i))
      else this.#source.malformed++
    }
  }

  protected closeSource(): void {
    undoAll([() => this.#source.close(), this.#closed])
  }
}
