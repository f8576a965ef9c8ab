import type { EventWatch } from "../../machine/index.ts"
import { EventBatch } from "./batch.ts"
import type { EventSource } from "./source.ts"

interface Waiting<T> {
  resolve(result: IteratorResult<T, undefined>): void
  reject(error: unknown): void
}

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

const DONE = { done: true, value: undefined } as const

/**
 * The events of a map as an async iterator. What nobody asks for stays in the kernel's buffer. Leaving the loop, `close` and `using` end it at
 * once; a stream that nobody waits for does not keep the process alive.
 */
export class EventStream<T> implements AsyncIterableIterator<T>, Disposable, AsyncDisposable, EventCounts {
  readonly #source: EventSource
  readonly #batch: EventBatch<T>
  #items: T[] = []
  #at = 0
  #waiting: Waiting<T>[] = []
  #watch: EventWatch | undefined
  #open = true
  readonly #closed: () => void

  /** @internal */
  constructor(source: EventSource, closed: () => void) {
    this.#source = source
    this.#closed = closed
    this.#batch = new EventBatch(source.type, source.take(0))
  }

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

  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      if (this.#at === this.#items.length && this.#open) this.#read()
      if (this.#at < this.#items.length) resolve({ done: false, value: this.#take() })
      else if (!this.#open) resolve(DONE)
      else {
        this.#waiting.push({ resolve, reject })
        if (this.#watch !== undefined) this.#watch.keepAlive(true)
        else this.#watch = this.#source.reader.watch(() => this.#ready())
      }
    })
  }

  /** Events that are there now, without waiting. */
  takeNow(): T[] {
    if (this.#open && this.#at === this.#items.length) this.#read()
    const items = this.#items.slice(this.#at)
    this.#items = []
    this.#at = 0
    return items
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.close()
    return Promise.resolve(DONE)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#unwatch()
    this.#source.close()
    this.#items = []
    this.#at = 0
    for (const { resolve } of this.#waiting.splice(0)) resolve(DONE)
    this.#closed()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.dispose](): void {
    this.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  #ready(): void {
    // Nobody came back for more: what there is stays in the kernel.
    if (this.#waiting.length === 0) {
      this.#unwatch()
      return
    }
    try {
      this.#read()
    } catch (error) {
      // The one who waits gets to know it, not the event loop.
      this.#waiting.shift()?.reject(error)
      this.close()
      return
    }
    while (this.#waiting.length > 0 && this.#at < this.#items.length) {
      this.#waiting.shift()?.resolve({ done: false, value: this.#take() })
    }
    if (this.#waiting.length === 0) this.#watch?.keepAlive(false)
  }

  #read(): void {
    const batch = this.#batch
    batch.refill(this.#source.take())
    for (let i = 0; i < batch.length; i++) {
      if (batch.isWhole(i)) this.#items.push(batch.get(i))
      else this.#source.malformed++
    }
  }

  #take(): T {
    const item = this.#items[this.#at++]
    if (this.#at === this.#items.length) {
      this.#items = []
      this.#at = 0
    }
    return item
  }

  #unwatch(): void {
    this.#watch?.close()
    this.#watch = undefined
  }
}
