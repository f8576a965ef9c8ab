import type { EventWatch } from "./events.ts"

interface Waiting<T> {
  resolve(result: IteratorResult<T, undefined>): void
  reject(error: unknown): void
}

const DONE = { done: true, value: undefined } as const

/**
 * An async iterator over something that is read without waiting. The event loop says when there is something, so no
 * thread is blocked and closing takes effect at once. Watching stops when nobody waits: what comes meanwhile stays at its
 * source, and a stream that nobody reads does not keep the process alive. Leaving the loop, `close` and `using` end it.
 */
export abstract class PullStream<T> implements AsyncIterableIterator<T>, Disposable, AsyncDisposable {
  #watch: EventWatch | undefined
  #items: T[] = []
  #at = 0
  #waiting: Waiting<T>[] = []
  #open = true

  /** Calls `ready` from the event loop when there may be something new. */
  protected abstract watchSource(ready: () => void): EventWatch
  /** Takes over what is there now, without waiting. */
  protected abstract readSource(push: (item: T) => void): void
  /** Called once, when the stream is closed. */
  protected abstract closeSource(): void

  /** The next item: at once where there is one, else when it comes. Rejects when reading fails, and the stream is closed then. */
  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      if (this.#at === this.#items.length && this.#open) this.#read()
      if (this.#at < this.#items.length) resolve({ done: false, value: this.#take() })
      else if (!this.#open) resolve(DONE)
      else {
        this.#waiting.push({ resolve, reject })
        if (this.#watch !== undefined) this.#watch.keepAlive(true)
        else this.#watch = this.watchSource(() => this.#ready())
      }
    })
  }

  /** What is there now, without waiting. */
  takeNow(): T[] {
    if (this.#open && this.#at === this.#items.length) this.#read()
    const items = this.#items.slice(this.#at)
    this.#items = []
    this.#at = 0
    return items
  }

  /** Closes it: what `for await` calls when its loop is left. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.close()
    return Promise.resolve(DONE)
  }

  /** Ends it: what was not taken is dropped, and who waits is told that there is no more. A second call does nothing. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#unwatch()
    try {
      this.closeSource()
    } finally {
      this.#items = []
      this.#at = 0
      for (const { resolve } of this.#waiting.splice(0)) resolve(DONE)
    }
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

  /** Called by the event loop while there is something. */
  #ready(): void {
    // Nobody came back for more: what there is stays at its source.
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
    this.readSource(item => this.#items.push(item))
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
