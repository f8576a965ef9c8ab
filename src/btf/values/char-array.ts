import { textAt } from "../text.ts"

/**
 * The bytes of a C character array. As text (`text`, `toString()`, in a template, in JSON) it is the UTF-8 before the
 * first NUL; as an array it is all its bytes.
 */
export class CharArray extends Uint8Array {
  /** The UTF-8 before the first NUL. */
  get text(): string {
    return textAt(this, 0)
  }

  /** The same as {@link text}. */
  override toString(): string {
    return textAt(this, 0)
  }

  /** The same as {@link text}. */
  toJSON(): string {
    return textAt(this, 0)
  }

  /** What `console.log` shows: the text, quoted. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return JSON.stringify(textAt(this, 0))
  }
}
