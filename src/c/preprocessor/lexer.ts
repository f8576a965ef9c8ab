import type { SourceFile } from "../../base/index.ts"
import { type CleanText, spliceLines } from "./clean.ts"
import { DIGRAPH, LINE_START, type PpKind, PpToken, SPACE } from "./pptoken.ts"

/** Told of what is wrong with the text itself; offsets are the file's. */
export type LexError = (code: string, message: string, start: number, end: number) => void

const IDENT = 1
const DIGIT = 2
/** Classes of the ASCII characters: may start an identifier, is a digit. */
const CLASS = new Uint8Array(128)
for (let c = 0; c < 26; c++) CLASS[65 + c] = CLASS[97 + c] = IDENT
CLASS[95] = CLASS[36] = IDENT
for (let c = 48; c < 58; c++) CLASS[c] = DIGIT

const SINGLE: string[] = []
for (let c = 0; c < 128; c++) SINGLE.push(String.fromCharCode(c))

/**
 * Translation phases 1 to 3: turns a file into preprocessing tokens. Trigraphs are not replaced, as with GNU C.
 * In directive mode the end of a line is a token, which stays until the mode is left.
 */
export class Lexer {
  readonly file: SourceFile
  /** Set while a directive's line is read. */
  directive = false
  readonly #text: string
  readonly #clean: CleanText
  readonly #error: LexError
  readonly #from: number
  #pos = 0
  #lineStart = true
  #splice = 0

  /** `start` and `end` (offsets) limit what is read. */
  constructor(file: SourceFile, error: LexError = () => {}, start = 0, end = file.text.length) {
    this.file = file
    this.#from = start
    this.#clean = spliceLines(start === 0 && end === file.text.length ? file.text : file.text.slice(start, end))
    this.#text = this.#clean.text
    this.#error = error
  }

  /** The next token; `eof` at the end, again and again. */
  next(): PpToken {
    const text = this.#text
    let pos = this.#pos
    let flags = this.#lineStart ? LINE_START : 0
    for (;;) {
      const c = text.charCodeAt(pos)
      switch (c) {
        case 32: // space
        case 9: // tab
        case 11:
        case 12:
        case 13:
          pos++
          flags |= SPACE
          continue
        case 10: // end of line
          if (this.directive) return this.#stay("newline", pos)
          pos++
          flags = LINE_START | SPACE
          this.#lineStart = true
          continue
        case 47: // /
          if (text.charCodeAt(pos + 1) === 47) {
            pos = text.indexOf("\n", pos)
            if (pos < 0) pos = text.length
            flags |= SPACE
            continue
          }
          if (text.charCodeAt(pos + 1) === 42) {
            pos = this.#comment(pos)
            flags |= SPACE
            continue
          }
          return this.#punct(pos, c, flags)
        case 34: // "
        case 39: // '
          return this.#literal(pos, pos, c, flags)
        case 46: // .
          if (classOf(text.charCodeAt(pos + 1)) === DIGIT) return this.#number(pos, flags)
          return this.#punct(pos, c, flags)
        case 76: // L
        case 85: // U
        case 117: {
          // u
          const quote = text.charCodeAt(pos + 1)
          if (quote === 34 || quote === 39) return this.#literal(pos, pos + 1, quote, flags)
          const inner = c === 117 && quote === 56 ? text.charCodeAt(pos + 2) : 0
          if (inner === 34 || inner === 39) return this.#literal(pos, pos + 2, inner, flags)
          return this.#ident(pos, flags)
        }
        case 92: // backslash
          if (this.#ucn(pos) > 0) return this.#ident(pos, flags)
          return this.#make("other", "\\", pos, pos + 1, flags)
        default: {
          if (!(c >= 0)) return this.#stay(this.directive ? "newline" : "eof", text.length)
          const cls = classOf(c)
          if (cls === IDENT) return this.#ident(pos, flags)
          if (cls === DIGIT) return this.#number(pos, flags)
          return this.#punct(pos, c, flags)
        }
      }
    }
  }

  /** For `#include`: the header name that comes next, with its delimiters, or undefined when none does. */
  headerName(): PpToken | undefined {
    const text = this.#text
    let pos = this.#pos
    for (;;) {
      const c = text.charCodeAt(pos)
      if (c === 32 || c === 9 || c === 11 || c === 12 || c === 13) pos++
      else if (c === 47 && text.charCodeAt(pos + 1) === 42) pos = this.#comment(pos)
      else break
    }
    const open = text.charCodeAt(pos)
    if (open !== 60 && open !== 34) return undefined
    let line = text.indexOf("\n", pos)
    if (line < 0) line = text.length
    const close = text.indexOf(open === 60 ? ">" : '"', pos + 1)
    if (close < 0 || close > line) return undefined
    return this.#make("string", text.slice(pos, close + 1), pos, close + 1, SPACE)
  }

  /** The rest of a directive's line as written, comments included, trimmed. */
  restOfLine(): { text: string; start: number; end: number } {
    const text = this.#text
    let end = text.indexOf("\n", this.#pos)
    if (end < 0) end = text.length
    const raw = text.slice(this.#pos, end)
    const from = this.#pos + (raw.length - raw.trimStart().length)
    const trimmed = raw.trim()
    const start = this.#offset(from)
    this.#pos = end
    return { text: trimmed, start, end: this.#offset(from + trimmed.length - 1) + 1 }
  }

  /** In a group that is left out: goes to the next line that starts with `#`, and returns that token; undefined at the end. */
  skipToDirective(): PpToken | undefined {
    const text = this.#text
    let pos = this.#pos
    let start = this.#lineStart
    for (;;) {
      const c = text.charCodeAt(pos)
      if (c === 10) {
        start = true
        pos++
      } else if (c === 32 || c === 9 || c === 13 || c === 11 || c === 12) pos++
      else if (c === 47 && text.charCodeAt(pos + 1) === 47) {
        pos = text.indexOf("\n", pos)
        if (pos < 0) pos = text.length
      } else if (c === 47 && text.charCodeAt(pos + 1) === 42) pos = this.#comment(pos)
      else if (!(c >= 0)) {
        this.#pos = text.length
        return undefined
      } else if (start && (c === 35 || (c === 37 && text.charCodeAt(pos + 1) === 58))) {
        this.#lineStart = true
        return this.#punct(pos, c, LINE_START)
      } else {
        start = false
        if (c === 34 || c === 39) pos = this.#literalEnd(pos, c)
        else pos++
      }
    }
  }

  #make(kind: PpKind, text: string, from: number, to: number, flags: number): PpToken {
    this.#pos = to
    this.#lineStart = false
    const start = this.#offset(from)
    return new PpToken(kind, text, this.file, start, this.#offset(to - 1) + 1, flags)
  }

  #stay(kind: "newline" | "eof", pos: number): PpToken {
    this.#pos = pos
    const start = this.#offset(pos)
    return new PpToken(kind, "", this.file, start, start, LINE_START | SPACE)
  }

  /** Offset in the file of an offset in the spliced text; never asked for a smaller one than before, but by one token. */
  #offset(pos: number): number {
    const at = this.#clean.at
    if (at === undefined) return this.#from + pos
    let i = this.#splice
    while (i > 0 && at[i - 1] > pos) i--
    while (i < at.length && at[i] <= pos) i++
    this.#splice = i
    return this.#from + (i === 0 ? pos : pos + this.#clean.removed[i - 1])
  }

  #ident(from: number, flags: number): PpToken {
    const text = this.#text
    let pos = from
    for (;;) {
      const c = text.charCodeAt(pos)
      if (c < 128 ? CLASS[c] !== 0 : c >= 0) pos++
      else if (c === 92) {
        const length = this.#ucn(pos)
        if (length === 0) break
        pos += length
      } else break
    }
    const name = text.slice(from, pos)
    return this.#make("ident", name.includes("\\") ? spelledOut(name) : name, from, pos, flags)
  }

  /** Length of a universal character name (`\u00e9`), 0 when there is none. */
  #ucn(pos: number): number {
    const c = this.#text.charCodeAt(pos + 1)
    const digits = c === 117 ? 4 : c === 85 ? 8 : 0
    for (let i = 0; i < digits; i++) if (!isHex(this.#text.charCodeAt(pos + 2 + i))) return 0
    return digits === 0 ? 0 : digits + 2
  }

  /** pp-number: a digit, or `.` and a digit, then digits, letters, `.`, `'` in front of one of these, and signs after e, E, p, P. */
  #number(from: number, flags: number): PpToken {
    const text = this.#text
    let pos = from + 1
    for (;;) {
      const c = text.charCodeAt(pos)
      if (c === 43 || c === 45) {
        const e = text.charCodeAt(pos - 1) | 32
        if (e !== 101 && e !== 112) break
      } else if (c === 39) {
        if (!(text.charCodeAt(pos + 1) < 128) || CLASS[text.charCodeAt(pos + 1)] === 0) break
      } else if (c !== 46 && (c >= 128 || CLASS[c] === 0 || !(c >= 0))) break
      pos++
    }
    return this.#make("number", text.slice(from, pos), from, pos, flags)
  }

  #literal(from: number, quoteAt: number, quote: number, flags: number): PpToken {
    const text = this.#text
    const end = this.#literalEnd(quoteAt, quote)
    const closed = end > quoteAt + 1 && text.charCodeAt(end - 1) === quote
    const kind = closed ? (quote === 34 ? "string" : "char") : "other"
    return this.#make(kind, text.slice(from, end), from, end, flags)
  }

  /** Offset after the closing quote, or of the line's end where there is none. */
  #literalEnd(pos: number, quote: number): number {
    const text = this.#text
    for (let i = pos + 1; ; i++) {
      const c = text.charCodeAt(i)
      if (c === quote) return i + 1
      if (c === 92 && text.charCodeAt(i + 1) !== 10) i++
      else if (c === 10 || !(c >= 0)) return Math.min(i, text.length)
      if (i >= text.length) return text.length
    }
  }

  #comment(pos: number): number {
    const end = this.#text.indexOf("*/", pos + 2)
    if (end >= 0) return end + 2
    this.#error("C_UNTERMINATED", "unterminated /* comment", this.#offset(pos), this.#offset(pos) + 2)
    return this.#text.length
  }

  #punct(pos: number, c: number, flags: number): PpToken {
    const text = this.#text
    const c1 = text.charCodeAt(pos + 1)
    let length = 1
    switch (c) {
      case 91: // [
      case 93:
      case 40:
      case 41:
      case 123:
      case 125:
      case 126: // ~
      case 63: // ?
      case 59: // ;
      case 44: // ,
        break
      case 58: // :
        if (c1 === 62) return this.#make("punct", "]", pos, pos + 2, flags | DIGRAPH)
        break
      case 46: // .
        if (c1 === 46 && text.charCodeAt(pos + 2) === 46) length = 3
        break
      case 45: // -
        if (c1 === 45 || c1 === 61 || c1 === 62) length = 2
        break
      case 43: // +
      case 38: // &
      case 124: // |
        if (c1 === c || c1 === 61) length = 2
        break
      case 42: // *
      case 47: // /
      case 33: // !
      case 61: // =
      case 94: // ^
        if (c1 === 61) length = 2
        break
      case 37: // %
        if (c1 === 61) length = 2
        else if (c1 === 62) return this.#make("punct", "}", pos, pos + 2, flags | DIGRAPH)
        else if (c1 === 58) {
          if (text.charCodeAt(pos + 2) === 37 && text.charCodeAt(pos + 3) === 58) {
            return this.#make("punct", "##", pos, pos + 4, flags | DIGRAPH)
          }
          return this.#make("punct", "#", pos, pos + 2, flags | DIGRAPH)
        }
        break
      case 60: // <
        if (c1 === 58) return this.#make("punct", "[", pos, pos + 2, flags | DIGRAPH)
        if (c1 === 37) return this.#make("punct", "{", pos, pos + 2, flags | DIGRAPH)
        if (c1 === 61) length = 2
        else if (c1 === 60) length = text.charCodeAt(pos + 2) === 61 ? 3 : 2
        break
      case 62: // >
        if (c1 === 61) length = 2
        else if (c1 === 62) length = text.charCodeAt(pos + 2) === 61 ? 3 : 2
        break
      case 35: // #
        if (c1 === 35) length = 2
        break
      default:
        return this.#make("other", text.slice(pos, pos + 1), pos, pos + 1, flags)
    }
    return this.#make("punct", length === 1 ? SINGLE[c] : text.slice(pos, pos + length), pos, pos + length, flags)
  }
}

/** Characters beyond ASCII are letters. */
const classOf = (c: number) => (c < 128 ? CLASS[c] : c >= 0 ? IDENT : 0)
/** `\\u00e9` and `é` are the same name. */
const spelledOut = (name: string): string =>
  name.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))/g, (ucn, short: string, long: string) => {
    const code = Number.parseInt(short ?? long, 16)
    return code > 0x10ffff ? ucn : String.fromCodePoint(code)
  })
const isHex = (c: number) => (c >= 48 && c <= 57) || ((c | 32) >= 97 && (c | 32) <= 102)
