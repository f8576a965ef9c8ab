import type { EventWatch } from "../../machine/index.ts"

/** Where a stream gets its items from. */
export interface PullSource<T> {
  /** Calls `ready` from the event loop when there may be something new. */
  watch(ready: () => void): EventWatch
  /** Takes over what is there now, without waiting. */
  read(push: (item: T) => void): void
  close(): void
}

interface Waiting<T> {
  resolve(result: IteratorResult<T, undefined>): void
  reject(error: unknown): void
}

/**
 * An async iterator over a source that is read without waiting. The event loop says when there is something, so no
 * thread is blocked and closing takes effect at once. Watching stops when nobody waits: what comes meanwhile stays in the
 * kernel, and a stream that nobody reads does not keep the process alive.
 */
export class PullStream<T> {
  readonly #source: PullSource<T>
  #watch: EventWatch | undefined
  #items: T[] = []
  #at = 0
  #waiting: Waiting<T>[] = []
  #open = true

  constructor(source: PullSource<T>) {
    this.#source = source
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      if (this.#at === this.#items.length && this.#open) this.#read()
      if (this.#at < this.#items.length) resolve({ done: false, value: this.#take() })
      else if (!this.#open) resolve({ done: true, value: undefined })
      else {
        this.#waiting.push({ resolve, reject })
        this.#startWatch()
      }
    })
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.close()
    return Promise.resolve({ done: true, value: undefined })
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#unwatch()
    this.#source.close()
    this.#items = []
    this.#at = 0
    for (const { resolve } of this.#waiting.splice(0)) resolve({ done: true, value: undefined })
  }

  #startWatch(): void {
    if (this.#watch !== undefined) this.#watch.keepAlive(true)
    else this.#watch = this.#source.watch(() => this.#ready())
  }

  /** Called by the event loop while there is something. */
  #ready(): void {
    if (this.#waiting.length > 0) this.#deliver()
    // Nobody came back for more: what there is stays in the kernel.
    else this.#unwatch()
  }

  #deliver(): void {
    if (!this.#open || this.#waiting.length === 0) return
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
    this.#source.read(item => this.#items.push(item))
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
