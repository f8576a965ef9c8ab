/** Bytes that are somewhere else and read by parts: a file's. */
export interface ByteSource {
  /** Number of bytes. */
  readonly size: number
  /** The bytes from `at` on, as many as asked for, in memory of their own that starts with them. */
  read(at: number, length: number): Uint8Array
}
