import { badBtf } from "./error.ts"
import { textAt } from "./text.ts"

const encoder = new TextEncoder()

/** A string section: NUL-terminated strings, each named by its byte offset, of which 0 is the empty string. */
export class StringTable {
  readonly bytes: Uint8Array
  /** Offset of the first string: where the base's strings end in split BTF. */
  readonly start: number
  readonly #known = new Map<number, string>()

  constructor(bytes: Uint8Array, start: number) {
    if (bytes.length > 0 && bytes[bytes.length - 1] !== 0) {
      throw badBtf("BTF_BAD_STRING", "BTF string section does not end with a NUL byte")
    }
    this.bytes = bytes
    this.start = start
  }

  /** Offset after the last string. */
  get end(): number {
    return this.start + this.bytes.length
  }

  /**
   * The string at an offset of this table.
   * @throws SkepError BTF_BAD_STRING
   */
  get(offset: number): string {
    const known = this.#known.get(offset)
    if (known !== undefined) return known
    const at = offset - this.start
    if (at < 0 || at >= this.bytes.length) {
      throw badBtf("BTF_BAD_STRING", `BTF string offset ${offset} is outside the string section`)
    }
    const text = textAt(this.bytes, at)
    this.#known.set(offset, text)
    return text
  }

  /** Whether the string at an offset of this table is `name` (UTF-8 bytes). Offsets outside are not equal to anything. */
  equals(offset: number, name: Uint8Array): boolean {
    const { bytes } = this
    const length = name.length
    const at = offset - this.start
    // The terminator and the last byte tell nearly all names apart.
    if (bytes[at + length] !== 0) return false
    for (let i = length - 1; i >= 0; i--) if (bytes[at + i] !== name[i]) return false
    return true
  }
}

/** UTF-8 bytes of a name to look for; undefined for one that no string section can hold. */
export function nameBytes(name: string): Uint8Array | undefined {
  return name === "" || name.includes("\0") ? undefined : encoder.encode(name)
}
