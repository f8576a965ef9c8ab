import { badBtf } from "./error.ts"
import { textAt } from "./text.ts"

/**
 * A string section: NUL-terminated strings, each named by its byte offset, of which 0 is the empty string.
 *
 * The whole section is turned into one JavaScript string when it is first needed (2 ms for a kernel's 2.3 MB): taking
 * names out of it and looking for names in it is then native code, which is fast from the first call on.
 */
export class StringTable {
  readonly #bytes: Uint8Array
  /** Offset of the first string: where the base's strings end in split BTF. */
  readonly start: number
  /** Offset after the last string. */
  readonly end: number
  /** A character for each byte. */
  #text: string | undefined
  #ascii = true

  /** @throws SkepError BTF_BAD_STRING when the last string has no end */
  constructor(bytes: Uint8Array, start: number) {
    if (bytes.length > 0 && bytes[bytes.length - 1] !== 0) {
      throw badBtf("BTF_BAD_STRING", "BTF string section does not end with a NUL byte")
    }
    this.#bytes = bytes
    this.start = start
    this.end = start + bytes.length
  }

  /**
   * The string at an offset of this table.
   * @throws SkepError BTF_BAD_STRING
   */
  get(offset: number): string {
    const at = offset - this.start
    if (!(at >= 0 && offset < this.end)) {
      throw badBtf("BTF_BAD_STRING", `BTF string offset ${offset} is outside the string section`)
    }
    const text = this.#decoded()
    return this.#ascii ? text.slice(at, text.indexOf("\0", at)) : textAt(this.#bytes, at)
  }

  /** Offset of the first string after offset `after` that equals `name`, which is not empty; -1 when there is none. */
  find(name: string, after = -1): number {
    if (name.includes("\0")) return -1
    const text = this.#decoded()
    const pattern = this.#ascii ? name : byteString(new TextEncoder().encode(name))
    // The first string of split BTF has no NUL before it.
    if (after < this.start && text.startsWith(`${pattern}\0`)) return this.start
    const at = text.indexOf(`\0${pattern}\0`, Math.max(0, after - this.start))
    return at < 0 ? -1 : this.start + at + 1
  }

  /** The strings that hold a text, which is ASCII and not empty. */
  *with(text: string): Generator<string, void, undefined> {
    const all = this.#decoded()
    for (let at = all.indexOf(text); at >= 0; ) {
      yield this.get(this.start + all.lastIndexOf("\0", at) + 1)
      const end = all.indexOf("\0", at)
      at = all.indexOf(text, end)
    }
  }

  #decoded(): string {
    if (this.#text === undefined) {
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.#bytes)
      this.#ascii = text.length === this.#bytes.length
      this.#text = this.#ascii ? text : byteString(this.#bytes)
    }
    return this.#text
  }
}

/** A string with a character for each byte. */
export function byteString(bytes: Uint8Array): string {
  let text = ""
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return text
}
