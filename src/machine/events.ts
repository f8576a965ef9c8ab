/** A record that a program sent. */
export interface EventRecord {
  /** The record's bytes. A perf buffer may add up to 7 bytes of padding at the end. */
  readonly data: Uint8Array
  /** CPU the program ran on; -1 where the machine does not tell (ring buffers). */
  readonly cpu: number
}

/** How a stream of records is read. */
export interface EventOptions {
  /**
   * Pages of each CPU's perf buffer, a power of two. Without it a buffer begins with 64 KiB, and one that loses records is replaced
   * by a larger one, up to 4 MiB. A ring buffer has the size of its map.
   */
  readonly pages?: number
  /** Records after which a perf buffer wakes its reader; 1 without it. More wakes less often, and the last few may wait for the next. */
  readonly wakeup?: number
  /** Puts the records of all CPUs' perf buffers in the order in which they were sent; each waits a millisecond for earlier ones. */
  readonly inOrder?: boolean
  /** Called when the machine dropped records because nobody read them in time; `cpu` is -1 where it does not tell. */
  readonly onLost?: (events: number, cpu: number) => void
}

/** Records that were taken over together. One object is filled again and again: what it holds is valid until the next `take`. */
export interface RecordBatch {
  /** Number of records. */
  readonly count: number
  /** Memory that all of them lie in. */
  readonly bytes: Uint8Array
  /** The same memory, to read numbers from. */
  readonly view: DataView
  /** Where each begins in `bytes`, and how many bytes it has. Entries from `count` on mean nothing. */
  readonly offsets: Uint32Array
  /** Bytes of each record. */
  readonly sizes: Uint32Array
  /** CPU of each; -1 where the machine does not tell. */
  readonly cpus: Int32Array
}

/** A wait for records. */
export interface EventWatch {
  /** Whether waiting keeps the process alive; it does in the beginning. */
  keepAlive(keep: boolean): void
  /** Ends the wait. */
  close(): void
}

/** A stream of records. Leaving the loop, `close` and `using` stop it at once. */
export interface EventReader extends AsyncIterableIterator<EventRecord>, Disposable, AsyncDisposable {
  /** Records lost so far, as the machine counts them. A program that finds a ring buffer full must count for itself. */
  readonly lost: number
  /** Whether it has ended. */
  readonly closed: boolean
  /**
   * Hands over what is there now, without waiting. The bytes are valid during the call only. Returns the number of records.
   */
  poll(take: (data: Uint8Array, cpu: number) => void): number
  /**
   * Takes over what is there now, without waiting, but not more than about `limit` records (4,096 without it): the fast way. `count` is
   * 0 when there is nothing. The same object each time.
   */
  take(limit?: number): RecordBatch
  /** Calls `ready` from the event loop whenever there may be records to take, until closed. */
  watch(ready: () => void): EventWatch
  /** The next record; it waits for one. */
  next(): Promise<IteratorResult<EventRecord, undefined>>
  /** Ends the loop and the stream. */
  return(): Promise<IteratorResult<EventRecord, undefined>>
  [Symbol.asyncIterator](): EventReader
  /** Ends the stream. */
  close(): void
}
