/** A line of trace output. */
export interface TraceLine {
  /** Name of the task that ran the program, at most 15 bytes; `<...>` when the kernel has forgotten it. */
  readonly task: string
  /** Number of the thread that ran the program. */
  readonly pid: number
  /** CPU that the program ran on. */
  readonly cpu: number
  /** Interrupts, preemption and the like, in the kernel's letters: `d..31`. */
  readonly flags: string
  /** Seconds of the trace clock (time since boot, unless it was changed). */
  readonly timestamp: number
  /** What the program printed, without the line end. */
  readonly message: string
  /** The line as read; empty where there is no text form of it. */
  readonly raw: string
  /** Set on the second and later lines of a message that has line ends: the rest repeats what the first line said. */
  readonly continued?: boolean
}

/** Which lines of trace output are kept. */
export interface TraceOptions {
  /** Keep only lines of this process. */
  readonly pid?: number
  /** Called when the machine says that it dropped output because nobody read it in time. */
  readonly onLost?: (events: number, cpu: number) => void
}

/** A stream of trace output. Leaving the loop, `close` and `using` stop it at once. */
export interface TraceReader extends AsyncIterableIterator<TraceLine>, Disposable, AsyncDisposable {
  /** Lines lost so far, as the machine counts them. */
  readonly lost: number
  /** The next line; it waits for one. */
  next(): Promise<IteratorResult<TraceLine, undefined>>
  /** Ends the loop and the stream. */
  return(): Promise<IteratorResult<TraceLine, undefined>>
  [Symbol.asyncIterator](): TraceReader
  /** Ends the stream. */
  close(): void
}
