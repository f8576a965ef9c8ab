import { SkepError } from "../base/index.ts"

/** A snapshot that is cut off or damaged. */
export function badSnapshot(what: string): SkepError {
  return new SkepError({
    code: "SNAPSHOT_BAD",
    message: `the snapshot of a kernel's types cannot be read: ${what}`,
    hint: "make it anew with npm run btf-snapshot, or install skep again",
  })
}

/** Bytes that grow as numbers are written: numbers of up to 2^53 in groups of 7 bits, low ones first, the last one without its high bit. */
export class ByteWriter {
  #bytes = new Uint8Array(1024)
  #length = 0

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2)
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes[this.#length++] = value
  }

  /** A whole number of at least 0. */
  number(value: number): void {
    while (value >= 0x80) {
      this.byte((value % 0x80) + 0x80)
      value = Math.floor(value / 0x80)
    }
    this.byte(value)
  }

  /** A whole number of either sign: 0, -1, 1, -2, … are 0, 1, 2, 3, … */
  signed(value: number): void {
    this.number(value < 0 ? -2 * value - 1 : 2 * value)
  }

  write(bytes: Uint8Array): void {
    for (const byte of bytes) this.byte(byte)
  }

  /** Bytes with their number in front. */
  block(bytes: Uint8Array): void {
    this.number(bytes.length)
    this.write(bytes)
  }
}

/** Reads what {@link ByteWriter} wrote. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** @throws SkepError SNAPSHOT_BAD */
  byte(): number {
    if (this.atEnd) throw badSnapshot("it ends too early")
    return this.#bytes[this.#at++]
  }

  /** @throws SkepError SNAPSHOT_BAD */
  number(): number {
    const first = this.byte()
    if (first < 0x80) return first
    let value = first - 0x80
    for (let unit = 0x80; unit < 2 ** 53; unit *= 0x80) {
      const byte = this.byte()
      value += (byte & 0x7f) * unit
      if (byte < 0x80) return value
    }
    throw badSnapshot("a number is longer than any that is written")
  }

  /** @throws SkepError SNAPSHOT_BAD */
  signed(): number {
    const value = this.number()
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2
  }

  /** The next bytes, not copied. @throws SkepError SNAPSHOT_BAD */
  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw badSnapshot("it ends too early")
    return this.#bytes.subarray(this.#at, (this.#at += length))
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.#at)
  }

  /** Bytes with their number in front. @throws SkepError SNAPSHOT_BAD */
  block(): Uint8Array {
    return this.take(this.number())
  }
}
