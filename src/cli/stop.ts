const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/**
 * The wish to end: from the user (Ctrl-C), from the system, or after a time. Signals are listened to from the beginning, so that one that comes
 * early is not lost, until it is disposed.
 */
export class Stop implements Disposable {
  /** Settled when it is time to end. */
  readonly done: Promise<void>
  readonly now: () => void
  /** Whether it is time to end. */
  wanted = false
  #timer: NodeJS.Timeout | undefined

  constructor() {
    let settle = (): void => {}
    this.done = new Promise(resolve => (settle = resolve))
    this.now = () => {
      this.wanted = true
      settle()
    }
    for (const signal of SIGNALS) process.on(signal, this.now)
  }

  /** Waits for the end: for some seconds at most, where they are given. */
  async wait(seconds: number | undefined): Promise<void> {
    // Without a time, too, something must keep the process alive until the signal.
    this.#timer = seconds === undefined ? setInterval(() => {}, 1 << 30) : setTimeout(this.now, seconds * 1000)
    await this.done
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    for (const signal of SIGNALS) process.off(signal, this.now)
  }
}
