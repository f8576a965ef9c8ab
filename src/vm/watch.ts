import type { EventWatch } from "../machine/index.ts"

/** The longest that a timer can wait, in milliseconds. */
const LONG = 0x7fffffff

/** Calls `ready` from the event loop when something has come, and at first, as there may be something already. */
export class Watch implements EventWatch {
  readonly #closed: () => void
  readonly #unlisten: () => void
  #keeping: ReturnType<typeof setInterval> | undefined
  #due: ReturnType<typeof setTimeout> | undefined
  #open = true

  /** `listen` registers what is to be called when something comes, and returns how to end that. */
  constructor(ready: () => void, listen: (wake: () => void) => () => void, closed: () => void) {
    const wake = (): void => {
      this.#due ??= setTimeout(() => {
        this.#due = undefined
        if (this.#open) ready()
      }, 0)
    }
    this.#closed = closed
    this.#unlisten = listen(wake)
    this.keepAlive(true)
    wake()
  }

  keepAlive(keep: boolean): void {
    if (keep && this.#open) this.#keeping ??= setInterval(() => {}, LONG)
    else {
      clearInterval(this.#keeping)
      this.#keeping = undefined
    }
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.keepAlive(false)
    clearTimeout(this.#due)
    this.#unlisten()
    this.#closed()
  }
}
