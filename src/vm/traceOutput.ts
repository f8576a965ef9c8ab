/** A line that a program printed, or what becomes one. */
export interface Printed {
  readonly task: string
  readonly pid: number
  readonly cpu: number
  /** Nanoseconds since boot. */
  readonly time: number
  readonly message: string
}

/** Spreads what programs print to those who listen. Nobody listening, it is gone, as in the kernel's ring it would be overwritten in the end. */
export class TraceOutput {
  readonly #listeners = new Set<(printed: Printed) => void>()

  /** Called by helpers. */
  print(printed: Printed): void {
    for (const listener of this.#listeners) listener(printed)
  }

  /** Calls `listener` for every line from now on, until the function it returns is called. */
  listen(listener: (printed: Printed) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
