import type { SymbolRef } from "../elfWriter.ts"

/** Sections that DWARF is in, by their names without `.debug_`. */
export type DwarfSection = "abbrev" | "info" | "line" | "loclists" | "rnglists" | "str"

/** A place that the linker, or a reader of the object, adds a symbol's value to; the bytes there hold what is added to it. */
export interface DwarfReference {
  readonly at: number
  readonly bytes: 4 | 8
  readonly to: DwarfSection | SymbolRef
}

const encoder = new TextEncoder()

/** Little-endian bytes of a section that grows, and its references to other places of the file. */
export class DwarfBytes {
  readonly references: DwarfReference[] = []
  readonly #bytes: number[] = []

  get length(): number {
    return this.#bytes.length
  }

  u8(...values: number[]): void {
    this.#bytes.push(...values)
  }

  u16(value: number): void {
    this.#bytes.push(value & 0xff, (value >> 8) & 0xff)
  }

  u32(value: number): void {
    this.u16(value & 0xffff)
    this.u16(value >>> 16)
  }

  u64(value: number): void {
    this.u32(value % 2 ** 32)
    this.u32(Math.floor(value / 2 ** 32))
  }

  /** LEB128: seven bits a byte, the lowest first. */
  uleb(value: number): void {
    let rest = value
    do {
      const low = rest % 128
      rest = Math.floor(rest / 128)
      this.u8(rest === 0 ? low : low | 0x80)
    } while (rest !== 0)
  }

  sleb(value: bigint): void {
    for (let rest = value; ; ) {
      const low = Number(rest & 0x7fn)
      rest >>= 7n
      const done = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)
      this.u8(done ? low : low | 0x80)
      if (done) return
    }
  }

  /** Text that a NUL ends. */
  text(text: string): void {
    for (const byte of encoder.encode(text.replaceAll("\0", ""))) this.#bytes.push(byte)
    this.u8(0)
  }

  /** An offset into another section, or the address of a function. */
  reference(to: DwarfReference["to"], bytes: 4 | 8, addend = 0): void {
    this.references.push({ at: this.length, bytes, to })
    if (bytes === 4) this.u32(addend)
    else this.u64(addend)
  }

  /** Writes over four bytes. */
  patch(at: number, value: number): void {
    for (let i = 0; i < 4; i++) this.#bytes[at + i] = (value >>> (8 * i)) & 0xff
  }

  /** Starts a unit: its length, which {@link endUnit} fills in. */
  startUnit(): number {
    this.u32(0)
    return this.length
  }

  endUnit(start: number): void {
    this.patch(start - 4, this.length - start)
  }

  encode(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }
}
