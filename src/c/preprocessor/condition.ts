import { joinSpans, type Span } from "../../base/index.ts"
import type { PpToken } from "./pptoken.ts"

/** A value of an `#if` expression: intmax_t or uintmax_t. */
interface Value {
  readonly value: bigint
  readonly unsigned: boolean
}

export interface ConditionSource {
  /** The next token, macros expanded; `newline` at the end. */
  next(): PpToken
  /** Answers `defined`, `__has_include` and their like, of which the name is already taken; undefined for any other identifier. */
  special(name: PpToken): boolean | undefined
  error(message: string, at: Span): void
}

/** How deep parentheses and operators may nest. */
const DEPTH = 256

/** Thrown through the descent after an error was reported. */
const failed = Symbol("failed")

/**
 * `#if` expression (C11 6.10.1): the conditional expression of C on 64-bit integers, without casts, assignments and calls.
 * False after an error, which is reported.
 */
export function evaluateCondition(source: ConditionSource): boolean {
  const parser = new Condition(source)
  try {
    return parser.whole()
  } catch (error) {
    if (error !== failed) throw error
    return false
  }
}

const PRECEDENCE: Record<string, number> = {
  "||": 1,
  "&&": 2,
  "|": 3,
  "^": 4,
  "&": 5,
  "==": 6,
  "!=": 6,
  "<": 7,
  ">": 7,
  "<=": 7,
  ">=": 7,
  "<<": 8,
  ">>": 8,
  "+": 9,
  "-": 9,
  "*": 10,
  "/": 10,
  "%": 10,
}

class Condition {
  readonly #source: ConditionSource
  #token: PpToken
  #depth = 0

  constructor(source: ConditionSource) {
    this.#source = source
    this.#token = source.next()
  }

  whole(): boolean {
    if (this.#atEnd()) this.#fail("#if with no expression", this.#token)
    const { value } = this.#conditional(true)
    if (!this.#atEnd()) {
      this.#fail(`token '${this.#token.spelling}' is not valid after a preprocessor expression`, this.#token)
    }
    return value !== 0n
  }

  /** conditional: binary [ `?` conditional `:` conditional ]. Where `live` is false, division by zero is no error. */
  #conditional(live: boolean): Value {
    if (++this.#depth > DEPTH) this.#fail("preprocessor expression nests too deeply", this.#token)
    const cond = this.#binary(1, live)
    let result = cond
    if (this.#accept("?")) {
      const then = this.#conditional(live && cond.value !== 0n)
      if (!this.#accept(":")) this.#fail("expected ':' in preprocessor expression", this.#token)
      const other = this.#conditional(live && cond.value === 0n)
      const unsigned = then.unsigned || other.unsigned
      result = wrap(cond.value !== 0n ? then.value : other.value, unsigned)
    }
    this.#depth--
    return result
  }

  #binary(min: number, live: boolean): Value {
    let left = this.#unary(live)
    for (;;) {
      const op = this.#token
      const precedence = op.kind === "punct" ? (PRECEDENCE[op.text] ?? 0) : 0
      if (precedence < min || precedence === 0) {
        if (op.is(",")) this.#fail("comma operator in preprocessor expression", op)
        return left
      }
      this.#advance()
      const skip = (op.text === "&&" && left.value === 0n) || (op.text === "||" && left.value !== 0n)
      const right = this.#binary(precedence + 1, live && !skip)
      left = this.#apply(op, left, right, live)
    }
  }

  #apply(op: PpToken, a: Value, b: Value, live: boolean): Value {
    const unsigned = a.unsigned || b.unsigned
    const x = wrap(a.value, unsigned).value
    const y = wrap(b.value, unsigned).value
    switch (op.text) {
      case "||":
        return truth(a.value !== 0n || b.value !== 0n)
      case "&&":
        return truth(a.value !== 0n && b.value !== 0n)
      case "|":
        return wrap(x | y, unsigned)
      case "^":
        return wrap(x ^ y, unsigned)
      case "&":
        return wrap(x & y, unsigned)
      case "==":
        return truth(x === y)
      case "!=":
        return truth(x !== y)
      case "<":
        return truth(x < y)
      case ">":
        return truth(x > y)
      case "<=":
        return truth(x <= y)
      case ">=":
        return truth(x >= y)
      case "<<":
      case ">>": {
        const left = (op.text === "<<") === b.value >= 0n
        const magnitude = b.value < 0n ? -b.value : b.value
        const by = magnitude > 64n ? 64n : magnitude
        return wrap(left ? a.value << by : a.value >> by, a.unsigned)
      }
      case "+":
        return wrap(x + y, unsigned)
      case "-":
        return wrap(x - y, unsigned)
      case "*":
        return wrap(x * y, unsigned)
      default:
        if (y === 0n) {
          if (live) this.#fail("division by zero in preprocessor expression", op)
          return wrap(0n, unsigned)
        }
        return wrap(op.text === "/" ? x / y : x % y, unsigned)
    }
  }

  #unary(live: boolean): Value {
    const token = this.#token
    if (token.kind === "punct") {
      if (token.text === "(") {
        this.#advance()
        const value = this.#conditional(live)
        if (!this.#accept(")")) this.#fail("expected ')' in preprocessor expression", this.#token)
        return value
      }
      if ("!~+-".includes(token.text)) {
        if (++this.#depth > DEPTH) this.#fail("preprocessor expression nests too deeply", token)
        this.#advance()
        const { value, unsigned } = this.#unary(live)
        this.#depth--
        if (token.text === "!") return truth(value === 0n)
        return wrap(token.text === "~" ? ~value : token.text === "-" ? -value : value, unsigned)
      }
    }
    if (token.kind === "ident") {
      const special = this.#source.special(token)
      this.#advance()
      return truth(special ?? token.text === "true")
    }
    if (token.kind === "number") {
      const value = parseInteger(token.text)
      if (typeof value === "string") this.#fail(value, token)
      this.#advance()
      return value
    }
    if (token.kind === "char") {
      const value = parseCharacter(token.text)
      if (value === undefined) this.#fail("invalid character constant in preprocessor expression", token)
      this.#advance()
      return value
    }
    const what =
      token.kind === "newline" ? "expected a value at the end of" : `token '${token.spelling}' is not valid in`
    return this.#fail(`${what} a preprocessor expression`, token)
  }

  #atEnd(): boolean {
    return this.#token.kind === "newline"
  }

  #advance(): void {
    this.#token = this.#source.next()
  }

  #accept(punct: string): boolean {
    if (!this.#token.is(punct)) return false
    this.#advance()
    return true
  }

  #fail(message: string, at: PpToken): never {
    this.#source.error(message, joinSpans(at, at))
    throw failed
  }
}

const truth = (b: boolean): Value => ({ value: b ? 1n : 0n, unsigned: false })
const wrap = (value: bigint, unsigned: boolean): Value => ({
  value: unsigned ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value),
  unsigned,
})

/** An integer constant, or a message that says why it is none. */
function parseInteger(text: string): Value | string {
  const match = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)([uUlL]*)$/.exec(text)
  if (match === null) {
    return /^[0-9.]+([eE][-+]?[0-9]+)?[fFlL]?$/.test(text)
      ? "floating point literal in preprocessor expression"
      : `invalid integer '${text}' in preprocessor expression`
  }
  const suffix = match[2].toLowerCase()
  if (!["", "u", "l", "ul", "lu", "ll", "ull", "llu"].includes(suffix)) return `invalid suffix '${match[2]}' on integer`
  const digits = match[1]
  const octal = digits.length > 1 && digits[0] === "0" && digits[1] >= "0" && digits[1] <= "9"
  const value = BigInt(octal ? `0o${digits.slice(1)}` : digits)
  if (value >> 64n !== 0n) return `integer '${text}' is too large`
  return wrap(value, suffix.includes("u") || value >> 63n !== 0n)
}

const ESCAPES: Record<string, number> = { n: 10, t: 9, r: 13, a: 7, b: 8, f: 12, v: 11, e: 27, E: 27 }

/** A character constant as GNU C has it: several characters make a number of 32 bits. */
function parseCharacter(text: string): Value | undefined {
  const quote = text.indexOf("'")
  const wide = quote > 0
  const body = text.slice(quote + 1, -1)
  if (body === "") return undefined
  const units: number[] = []
  for (let i = 0; i < body.length; ) {
    if (body[i] !== "\\") {
      const code = body.codePointAt(i) as number
      i += code > 0xffff ? 2 : 1
      if (wide || code < 128) units.push(code)
      else units.push(...new TextEncoder().encode(String.fromCodePoint(code)))
      continue
    }
    const match = /^\\(x[0-9a-fA-F]+|[0-7]{1,3}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/s.exec(body.slice(i))
    if (match === null) return undefined
    const sequence = match[1]
    i += match[0].length
    if (/^[xuU]./.test(sequence)) units.push(Number.parseInt(sequence.slice(1), 16))
    else if (/^[0-7]/.test(sequence)) units.push(Number.parseInt(sequence, 8))
    else units.push(ESCAPES[sequence] ?? sequence.charCodeAt(0))
  }
  if (wide) return wrap(BigInt(units[units.length - 1]), text[0] !== "L")
  if (units.length === 1) return wrap(BigInt.asIntN(8, BigInt(units[0])), false)
  let value = 0
  for (const unit of units) value = (value << 8) | (unit & 0xff)
  return wrap(BigInt(value), false)
}
