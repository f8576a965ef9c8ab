/** Bytes that grow, with the number formats of WebAssembly binaries. */
export class Bytes {
  #data: Uint8Array
  length = 0

  constructor(capacity = 1024) {
    this.#data = new Uint8Array(capacity)
  }

  /** What was written so far; a view that later writes may move away from. */
  get view(): Uint8Array {
    return this.#data.subarray(0, this.length)
  }

  /** What was written from a length on. It stays as it is until writing begins anew. */
  from(length: number): Uint8Array {
    return this.#data.subarray(length, this.length)
  }

  /** A copy of what was written so far, after which writing begins anew. */
  take(): Uint8Array {
    const taken = this.#data.slice(0, this.length)
    this.length = 0
    return taken
  }

  #room(count: number): void {
    if (this.length + count > this.#data.length) this.#grow(count)
  }

  #grow(count: number): void {
    const larger = new Uint8Array(Math.max(this.#data.length * 2, this.length + count))
    larger.set(this.view)
    this.#data = larger
  }

  byte(value: number): void {
    this.#room(1)
    this.#data[this.length++] = value
  }

  bytes(values: ArrayLike<number>): void {
    this.#room(values.length)
    if (values.length > 16) this.#data.set(values, this.length)
    else for (let i = 0; i < values.length; i++) this.#data[this.length + i] = values[i]
    this.length += values.length
  }

  /** LEB128 of an unsigned 32-bit number. */
  u32(value: number): void {
    this.#room(5)
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.#data[this.length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#data[this.length++] = rest
  }

  /** LEB128 of a signed 32-bit number. */
  s32(value: number): void {
    this.#room(5)
    let rest = value | 0
    while (rest < -0x40 || rest > 0x3f) {
      this.#data[this.length++] = (rest & 0x7f) | 0x80
      rest >>= 7
    }
    this.#data[this.length++] = rest & 0x7f
  }

  /** An instruction with an index behind it. */
  indexed(code: number, index: number): void {
    this.#room(6)
    this.#data[this.length++] = code
    if (index >>> 0 < 0x80) this.#data[this.length++] = index
    else this.u32(index)
  }

  /** LEB128 of a signed 64-bit number given as two words. */
  s64(low: number, high: number): void {
    low |= 0
    high |= 0
    this.#room(10)
    while (high !== low >> 31 || low < -0x40 || low > 0x3f) {
      this.#data[this.length++] = (low & 0x7f) | 0x80
      low = (low >>> 7) | (high << 25)
      high >>= 7
    }
    this.#data[this.length++] = low & 0x7f
  }

  /** A name: its length and its bytes, which are ASCII. */
  name(text: string): void {
    this.u32(text.length)
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i))
  }
}
