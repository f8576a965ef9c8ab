/** The part of a file that is in memory, and how far it is read. */
export class Window {
  bytes: Uint8Array = new Uint8Array(0)
  view: DataView = new DataView(this.bytes.buffer)
  /** Where the next record begins in `bytes`. */
  at = 0
  /** Where `bytes` ends: what is known of them also when their memory was taken away. */
  end = 0
  /** Where in the file `bytes` begins. */
  base = 0
  littleEndian = true

  /** Bytes that are not read yet. */
  get left(): number {
    return this.end - this.at
  }

  /** Where in the file the next record begins. */
  get position(): number {
    return this.base + this.at
  }

  /** Goes on with other bytes, which begin with those that are not read yet. */
  replace(bytes: Uint8Array): void {
    this.base += this.at
    this.at = 0
    this.bytes = bytes
    this.end = bytes.length
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** `at` counts from the beginning of the record. */
  u32(at: number): number {
    return this.view.getUint32(this.at + at, this.littleEndian)
  }

  u16(at: number): number {
    return this.view.getUint16(this.at + at, this.littleEndian)
  }
}
