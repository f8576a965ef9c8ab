/** Room for a record on its way to programs. It is sent or given up once; disposing gives up what was not sent. */
export interface ReservedRecord extends Disposable {
  /** The record's bytes, to be written in place until it is sent or given up. What they hold before is not said. */
  readonly bytes: Uint8Array
  /** Lets programs have it, once they have taken those before it. @throws SkepError MACHINE_CLOSED where it was sent or given up */
  send(): void
  /** Programs skip it. Does nothing where it was sent or given up. */
  discard(): void
}

/**
 * The writing end of a user ring buffer. A record that is reserved and not sent holds up those behind it. One thread writes at a time.
 */
export interface RecordSender {
  /** Bytes that the ring holds; each record takes its own, rounded up to 8, and 8 more. */
  readonly byteLength: number
  /** Bytes that programs have not taken yet. */
  readonly pending: number
  /** Room for a record; undefined where there is none now. @throws SkepError MACHINE_SIZE where the ring is too small at all times */
  reserve(length: number): ReservedRecord | undefined
}
