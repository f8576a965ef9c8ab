/** A record that a program sent. */
export interface EventRecord {
  /** The record's bytes. A perf buffer may add up to 7 bytes of padding at the end. */
  readonly data: Uint8Array
  /** CPU the program ran on; -1 where the machine does not tell (ring buffers). */
  readonly cpu: number
}

export interface EventOptions {
  /** Pages of each CPU's perf buffer, a power of two; 8 without it. A ring buffer has the size of its map. */
  readonly pages?: number
  /** Called when the machine dropped records because nobody read them in time. */
  readonly onLost?: (events: number, cpu: number) => void
}

/** A stream of records. Leaving the loop, `close` and `using` stop it at once. */
export interface EventReader extends AsyncIterableIterator<EventRecord>, Disposable, AsyncDisposable {
  /** Records lost so far, as the machine counts them. A program that finds a ring buffer full must count for itself. */
  readonly lost: number
  /**
   * Hands over what is there now, without waiting: the fast way. The bytes are valid during the call only. Returns the
   * number of records.
   */
  poll(take: (data: Uint8Array, cpu: number) => void): number
  next(): Promise<IteratorResult<EventRecord, undefined>>
  return(): Promise<IteratorResult<EventRecord, undefined>>
  [Symbol.asyncIterator](): EventReader
  close(): void
}
