import { didYouMean, type SkepError } from "../../base/index.ts"
import type { Arithmetic, ArithmeticOp } from "./ast.ts"
import type { Complaints } from "./error.ts"
import type { Token } from "./lexer.ts"
import { CONSTANTS, protocolOf } from "./names.ts"
import { TokenReader } from "./tokenReader.ts"

/** Operators from those that bind least to those that bind most. */
const LEVELS: readonly (readonly ArithmeticOp[])[] = [["|", "^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/", "%"]]

/**
 * Numbers in expressions.
 *
 *     arithmetic: unary { operator unary }
 *     unary:      "-" unary | "(" arithmetic ")" | N | NAME | "len" | protocol "[" arithmetic [":" (1|2|4)] "]"
 */
export class ArithmeticParser extends TokenReader {
  constructor(tokens: readonly Token[], complaints: Complaints) {
    super(tokens, complaints)
  }

  protected arithmetic(level = 0): Arithmetic {
    if (level === LEVELS.length) return this.#unary()
    let left = this.arithmetic(level + 1)
    for (;;) {
      const op = LEVELS[level].find(sign => this.takeSign(sign))
      if (op === undefined) return left
      const right = this.arithmetic(level + 1)
      left = { kind: "binary", op, left, right, start: left.start, end: right.end }
    }
  }

  #unary(): Arithmetic {
    const { start } = this.peek()
    if (this.takeSign("-")) {
      const operand = this.nested(() => this.#unary())
      return { kind: "negate", operand, start, end: operand.end }
    }
    if (this.takeSign("(")) {
      const inner = this.nested(() => this.arithmetic())
      this.expectSign(")")
      return { ...inner, start, end: this.lastEnd() }
    }
    if (this.takeWord("len") || this.takeWord("length")) return { kind: "length", start, end: this.lastEnd() }
    return this.#number() ?? this.#load()
  }

  #number(): Arithmetic | undefined {
    const token = this.peek()
    const { start, end } = token
    if (token.kind === "number") {
      this.next()
      return { kind: "number", value: token.value, start, end }
    }
    if (token.kind !== "word") return undefined
    // `13-1` is one word, as ranges of ports are.
    const range = /^(\d+)-(\d+)$/.exec(token.text)
    if (range !== null) {
      this.next()
      const number = (value: string): Arithmetic => ({ kind: "number", value: Number(value), start, end })
      return { kind: "binary", op: "-", left: number(range[1]), right: number(range[2]), start, end }
    }
    if (!Object.hasOwn(CONSTANTS, token.text)) return undefined
    this.next()
    return { kind: "number", value: CONSTANTS[token.text], start, end }
  }

  #load(): Arithmetic {
    const token = this.peek()
    const { start } = token
    const protocol = token.kind === "word" && !token.escaped ? protocolOf(token.text) : undefined
    if (protocol === undefined) throw this.#noNumber(token)
    this.next()
    this.expectSign("[")
    const index = this.nested(() => this.arithmetic())
    let size = 1
    if (this.takeSign(":")) {
      size = this.expectNumber("1, 2 or 4")
      if (size !== 1 && size !== 2 && size !== 4) {
        const place = { start: this.lastEnd() - 1, end: this.lastEnd() }
        throw this.complaints.error("FILTER_RANGE", place, `${size} bytes cannot be loaded`, "load 1, 2 or 4 bytes")
      }
    }
    this.expectSign("]")
    return { kind: "load", protocol, index, size, start, end: this.lastEnd() }
  }

  #noNumber(token: Token): SkepError {
    if (token.kind !== "word") return this.unexpected("a number", token)
    const names = Object.keys(CONSTANTS)
    return this.complaints.error(
      "FILTER_SYNTAX",
      token,
      `'${token.text}' is no number${didYouMean(token.text, names)}`,
      "numbers are written as in C; bytes of a packet are PROTOCOL[OFFSET:SIZE]",
    )
  }
}
