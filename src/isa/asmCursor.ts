import { formatPlace, SkepError, type SourceFile } from "../base/index.ts"

const isSpace = (c: number): boolean => c === 32 || c === 9
const isDigit = (c: number): boolean => c >= 48 && c <= 57
/** Letters, digits, `_`, `.`, `$`: what names are made of. */
const isWord = (c: number): boolean =>
  (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || isDigit(c) || c === 95 || c === 46 || c === 36

/** Reads one line of assembler text. White space is skipped before everything that is read. */
export class Cursor {
  readonly file: SourceFile
  readonly end: number
  at: number

  /** From offset `start` to `end` of the file's text. */
  constructor(file: SourceFile, start: number, end: number) {
    this.file = file
    this.at = start
    this.end = end
  }

  skipSpace(): void {
    while (this.at < this.end && isSpace(this.file.text.charCodeAt(this.at))) this.at++
  }

  /** True when nothing but white space is left. */
  done(): boolean {
    this.skipSpace()
    return this.at >= this.end
  }

  /** Reads `text` if it comes next. */
  take(text: string): boolean {
    this.skipSpace()
    if (this.at + text.length > this.end || !this.file.text.startsWith(text, this.at)) return false
    this.at += text.length
    return true
  }

  /** Reads the first entry whose text comes next; undefined for none. */
  takeAny<T extends readonly [text: string, ...unknown[]]>(entries: readonly T[]): T | undefined {
    return entries.find(([text]) => this.take(text))
  }

  expect(text: string, what: string): void {
    if (!this.take(text)) throw this.error(`expected '${text}' ${what}`)
  }

  /** Reads a word; the empty text when none comes next. */
  word(): string {
    this.skipSpace()
    const start = this.at
    while (this.at < this.end && isWord(this.file.text.charCodeAt(this.at))) this.at++
    return this.file.text.slice(start, this.at)
  }

  /** Reads up to `close` and that too; what stood before it. */
  until(close: string): string {
    const found = this.file.text.indexOf(close, this.at)
    if (found < 0 || found >= this.end) throw this.error(`expected '${close}'`)
    const text = this.file.text.slice(this.at, found)
    this.at = found + close.length
    return text
  }

  /** True when `+` or `-` comes next. */
  atSign(): boolean {
    this.skipSpace()
    const c = this.at < this.end ? this.file.text.charCodeAt(this.at) : 0
    return c === 43 || c === 45
  }

  /** True when a number comes next; `-` and `+` may stand before it. */
  atNumber(): boolean {
    const at = this.atSign() ? this.at + 1 : this.at
    return at < this.end && isDigit(this.file.text.charCodeAt(at))
  }

  /** Reads a decimal or hexadecimal number with an optional sign, as a bigint where a number would lose digits. */
  number(what: string): number | bigint {
    const start = this.at
    const negative = this.take("-")
    if (!negative) this.take("+")
    const digits = this.word()
    const valid = digits.startsWith("0x") ? /^0x[0-9a-fA-F]{1,32}$/.test(digits) : /^\d{1,32}$/.test(digits)
    if (!valid) {
      this.at = start
      throw this.error(`expected ${what}`)
    }
    const value = Number(digits)
    if (Number.isSafeInteger(value)) return negative ? 0 - value : value
    return negative ? -BigInt(digits) : BigInt(digits)
  }

  /** Reads a number from `low` to `high`. */
  integer(low: number, high: number, what: string): number {
    this.skipSpace()
    const start = this.at
    const value = this.number(what)
    if (value < low || value > high) {
      throw this.error(`${value} is out of range: ${what} is ${low} to ${high}`, { from: start, code: "ISA_ASM_RANGE" })
    }
    return Number(value)
  }

  /** An error at this place, or from offset `from` up to this place. */
  error(message: string, more: { from?: number; code?: string; hint?: string } = {}): SkepError {
    this.skipSpace()
    const start = more.from ?? this.at
    let end = Math.max(this.at, start)
    if (end === start) {
      while (end < this.end && isWord(this.file.text.charCodeAt(end))) end++
      if (end === start) end = Math.min(start + 1, this.end)
    }
    const span = { file: this.file, start, end: Math.max(end, start) }
    return new SkepError({
      code: more.code ?? "ISA_ASM_SYNTAX",
      message: `${formatPlace(span)}: ${message}`,
      hint: more.hint ?? "write it as the verifier's log, bpftool or llvm-objdump do",
      span,
    })
  }
}
