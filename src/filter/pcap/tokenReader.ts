import { SkepError } from "../../base/index.ts"
import type { Complaints } from "./error.ts"
import type { Token } from "./lexer.ts"

/** As deep as parentheses and negations may stand in each other. */
const MAX_DEPTH = 200

/** Goes through the tokens of an expression. */
export class TokenReader {
  protected readonly complaints: Complaints
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[], complaints: Complaints) {
    this.#tokens = tokens
    this.complaints = complaints
  }

  protected peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]
  }

  protected next(): Token {
    const token = this.peek()
    if (token.kind !== "end") this.#at++
    return token
  }

  /** Where the token that was read last ends. */
  protected lastEnd(): number {
    return this.#at === 0 ? 0 : this.#tokens[this.#at - 1].end
  }

  /** Reads a word, or the sign that stands for it. */
  protected takeWord(word: string, sign?: string): boolean {
    const token = this.peek()
    const found =
      (token.kind === "word" && !token.escaped && token.text === word) || (token.kind === "sign" && token.text === sign)
    if (found) this.#at++
    return found
  }

  protected takeSign(text: string): boolean {
    const { kind, text: found } = this.peek()
    if (kind !== "sign" || found !== text) return false
    this.#at++
    return true
  }

  protected expectSign(text: string): void {
    if (!this.takeSign(text)) throw this.unexpected(`'${text}'`)
  }

  /** Reads a number, also one in parentheses. */
  protected takeNumber(): number | undefined {
    const token = this.peek()
    if (token.kind === "number") {
      this.#at++
      return token.value
    }
    const inside = this.peek(1)
    const close = this.peek(2)
    if (token.text !== "(" || inside.kind !== "number" || close.text !== ")") return undefined
    this.#at += 3
    return inside.value
  }

  protected expectNumber(what: string): number {
    const number = this.takeNumber()
    if (number === undefined) throw this.unexpected(what)
    return number
  }

  /** Parses, and takes back what was read unless `accept` likes the token behind it. */
  protected attempt<T>(parse: () => T, accept: (token: Token) => boolean): T | undefined {
    const at = this.#at
    const depth = this.#depth
    try {
      const result = parse()
      if (accept(this.peek())) return result
    } catch (error) {
      if (!(error instanceof SkepError) || this.#isInside(at)) throw error
    }
    this.#at = at
    this.#depth = depth
    return undefined
  }

  /** Whether what went wrong stands inside of brackets, so that it can be nothing but arithmetic. */
  #isInside(from: number): boolean {
    const signs = this.#tokens.slice(from, this.#at).map(({ text }) => text)
    return signs.lastIndexOf("[") > signs.lastIndexOf("]")
  }

  /** Parses what stands in parentheses, or behind a negation. */
  protected nested<T>(parse: () => T): T {
    if (++this.#depth > MAX_DEPTH) {
      throw this.complaints.error(
        "FILTER_SYNTAX",
        this.peek(),
        `expressions stand in each other more than ${MAX_DEPTH} deep`,
      )
    }
    const result = parse()
    this.#depth--
    return result
  }

  protected unexpected(expected: string, token = this.peek(), hint?: string): SkepError {
    const found = token.kind === "end" ? "the end" : `'${token.text}'`
    return this.complaints.error("FILTER_SYNTAX", token, `expected ${expected}, and found ${found}`, hint)
  }
}
