import { undoAll } from "../../base/index.ts"
import type { EventWatch } from "../../machine/index.ts"
import { EventBatch } from "./batch.ts"
import type { EventSource } from "./source.ts"
import type { EventCounts } from "./stream.ts"

/** Records of one batch: the callback returns to the event loop after so many. */
const BATCH = 4096

/**
 * Hands the events of a map to a callback, in batches, until it is closed. The event loop says when there are some; between two batches it has its turn,
 * so that timers and other work go on however many events come. What the callback throws ends it, and goes on to the event loop.
 */
export class EventSubscription<T> implements Disposable, EventCounts {
  readonly #source: EventSource
  readonly #batch: EventBatch<T>
  readonly #take: (batch: EventBatch<T>) => void
  readonly #closed: () => void
  readonly #watch: EventWatch
  #more: NodeJS.Immediate | undefined
  #open = true

  /** @internal */
  constructor(source: EventSource, take: (batch: EventBatch<T>) => void, closed: () => void) {
    this.#source = source
    this.#take = take
    this.#closed = closed
    this.#batch = new EventBatch(source.type, source.take(0))
    this.#watch = source.reader.watch(() => this.#ready())
  }

  /** Name of the map. */
  get name(): string {
    return this.#source.name
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

  /** Hands over what is there now, at most one batch, without waiting; the number of events. */
  poll(): number {
    if (!this.#open) return 0
    const records = this.#source.take(BATCH)
    const { count } = records
    if (count === 0) return 0
    this.#batch.refill(records)
    for (let i = 0; i < count; i++) if (!this.#batch.isWhole(i)) this.#source.malformed++
    try {
      this.#take(this.#batch)
    } catch (error) {
      this.close()
      throw error
    }
    return count
  }

  /** Whether waiting for events keeps the process alive; it does in the beginning. */
  keepAlive(keep: boolean): this {
    this.#watch.keepAlive(keep)
    return this
  }

  /** Ends it: the callback is not called any more. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    clearImmediate(this.#more)
    this.#watch.close()
    undoAll([() => this.#source.close(), this.#closed])
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** One batch now. A full one means that there is more: it has its turn after everything else that waits for the event loop. */
  #ready(): void {
    if (this.#more !== undefined) return
    if (this.poll() < BATCH || !this.#open) return
    this.#more = setImmediate(() => {
      this.#more = undefined
      this.#ready()
    })
  }
}
