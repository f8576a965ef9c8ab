import { SkepError } from "../base/index.ts"

const encoder = new TextEncoder()

/** Collects the strings of a BTF string section, each once. */
export class StringBuilder {
  readonly #offsets = new Map<string, number>([["", 0]])
  readonly #texts: string[] = []
  readonly #start: number
  #end: number

  /** `start`: offset the first new string gets. */
  constructor(start: number) {
    this.#start = start
    this.#end = start
  }

  /** Offset of a string, which is added when it is new. @throws SkepError BTF_BAD_NAME for text with a NUL in it */
  add(text: string): number {
    const known = this.#offsets.get(text)
    if (known !== undefined) return known
    if (text.includes("\0")) {
      throw new SkepError({
        code: "BTF_BAD_NAME",
        message: `${JSON.stringify(text)} cannot stand in BTF: it holds a NUL character`,
        hint: "BTF strings end at the first NUL: take it out",
      })
    }
    const offset = this.#end
    this.#offsets.set(text, offset)
    this.#texts.push(text)
    this.#end += byteLength(text) + 1
    return offset
  }

  /** The strings added so far, each with its NUL. */
  bytes(): Uint8Array {
    const out = new Uint8Array(this.#end - this.#start)
    let at = 0
    for (const text of this.#texts) at += encoder.encodeInto(text, out.subarray(at)).written + 1
    return out
  }
}

/** UTF-8 bytes of a text. */
function byteLength(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return encoder.encode(text).length
  return text.length
}
