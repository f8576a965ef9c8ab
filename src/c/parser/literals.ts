import { joinSpans } from "../../base/index.ts"
import type { Expr, IntLit, StringLit } from "../ast.ts"
import { wrap } from "../constant/evaluate.ts"
import { arrayOf, CHAR, INT, LLONG, LONG, UINT, ULLONG, ULONG, USHORT } from "../sema/basic.ts"
import type { Context } from "../sema/context.ts"
import { intLit } from "../sema/convert.ts"
import { floatLit, parseFloating } from "../sema/float.ts"
import type { Token } from "../token.ts"
import type { IntType } from "../types.ts"

/**
 *     integer-constant: (decimal | 0 octal* | 0x hex+ | 0b binary+) suffix?
 *     suffix: [uU] (l | L | ll | LL)? | (l | L | ll | LL) [uU]?
 */
export function numericConstant(c: Context, token: Token): Expr {
  // `1'000'000` is one number.
  const text = token.text.replaceAll("'", "")
  const first = text.charCodeAt(0)
  if (text.length === 1 && first >= 48 && first <= 57) return intLit(BigInt(first - 48), INT, token)
  const lower = text.toLowerCase()
  const base = lower.startsWith("0x") ? 16 : lower.startsWith("0b") ? 2 : first === 48 ? 8 : 10
  const start = base === 16 || base === 2 ? 2 : 0
  let end = start
  while (end < lower.length && digit(lower.charCodeAt(end)) < (base === 8 || base === 2 ? 10 : base)) end++
  const rest = lower.slice(end)
  if (rest.startsWith(".") || (base !== 16 && /^e[-+\d]/.test(rest)) || (base === 16 && rest.startsWith("p"))) {
    const floating = parseFloating(text)
    if (floating === undefined) return c.fail("C_BAD_NUMBER", `'${text}' is no floating constant`, token)
    return floatLit(floating.value, floating.type, token, text)
  }
  const digits = lower.slice(start, end)
  if (digits === "") return c.fail("C_BAD_NUMBER", `'${text}' has no digits`, token)
  for (const d of base === 8 || base === 2 ? digits : "") {
    if (digit(d.charCodeAt(0)) >= base)
      c.fail("C_BAD_NUMBER", `invalid digit '${d}' in ${base === 8 ? "octal" : "binary"} constant`, token)
  }
  const suffix = suffixOf(text.slice(end))
  if (suffix === undefined) {
    return c.fail("C_BAD_NUMBER", `invalid suffix '${text.slice(end)}' on integer constant`, token)
  }
  const value = base === 10 ? BigInt(digits) : BigInt(base === 8 ? `0o${digits}` : lower.slice(0, end))
  const spelling = base === 10 && suffix.long === 0 && !suffix.unsigned ? undefined : text
  for (const type of candidates(base !== 10, suffix)) {
    if (wrap(value, type) === value) return intLit(value, type, token, spelling)
  }
  if (base === 10 && !suffix.unsigned && BigInt.asUintN(64, value) === value) {
    c.warn("C_NUMBER_UNSIGNED", "integer constant is so large that it is unsigned", token)
    return intLit(value, ULLONG, token, `${value}ULL`)
  }
  return c.fail("C_BAD_NUMBER", "integer constant is too large for any integer type", token)
}

interface Suffix {
  readonly unsigned: boolean
  readonly long: 0 | 1 | 2
}

function suffixOf(text: string): Suffix | undefined {
  if (text === "") return { unsigned: false, long: 0 }
  const match = /^(?:([uU])(ll|LL|l|L)?|(ll|LL|l|L)([uU])?)$/.exec(text)
  if (match === null) return undefined
  const long = (match[2] ?? match[3] ?? "").length as 0 | 1 | 2
  return { unsigned: match[1] !== undefined || match[4] !== undefined, long }
}

/** The types that a constant may have, the first that holds it is taken (C11 6.4.4.1p5). */
function candidates(unsignedToo: boolean, suffix: Suffix): IntType[] {
  const all: [IntType, IntType][] = [
    [INT, UINT],
    [LONG, ULONG],
    [LLONG, ULLONG],
  ]
  const list: IntType[] = []
  for (const [signed, unsigned] of all.slice(suffix.long)) {
    if (!suffix.unsigned) list.push(signed)
    if (suffix.unsigned || unsignedToo) list.push(unsigned)
  }
  return list
}

/** Value of a digit of any base; 99 for anything else. */
function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  if (code >= 65 && code <= 70) return code - 55
  return 99
}

const PREFIX: Readonly<Record<string, IntType>> = { "": CHAR, u8: CHAR, L: INT, u: USHORT, U: UINT }

/** `'c'`, `L'c'`, `'abcd'` */
export function characterConstant(c: Context, token: Token): IntLit {
  const open = token.text.indexOf("'")
  const type = PREFIX[token.text.slice(0, open)] ?? CHAR
  const units = decode(c, token, open, type.size)
  if (units.length === 0) return c.fail("C_BAD_CHAR", "empty character constant", token)
  if (type !== CHAR) {
    if (units.length > 1) c.fail("C_BAD_CHAR", "character constant of more than one character", token)
    return intLit(wrap(BigInt(units[0]), type), type, token, token.text)
  }
  if (units.length > 4) c.fail("C_BAD_CHAR", "character constant too long for its type", token)
  if (units.length === 1) return intLit(wrap(BigInt(units[0]), CHAR), INT, token, token.text)
  c.warn("C_MULTICHAR", "multi-character character constant", token)
  let value = 0n
  for (const unit of units) value = (value << 8n) | BigInt(unit)
  return intLit(wrap(value, INT), INT, token, token.text)
}

/** Adjacent string literals as one; a wide one makes all of them wide (C11 6.4.5p5). */
export function stringLiteral(c: Context, tokens: readonly Token[]): StringLit {
  let element = CHAR
  for (const token of tokens) {
    const type = PREFIX[token.text.slice(0, token.text.indexOf('"'))] ?? CHAR
    if (type === CHAR || type === element) continue
    if (element !== CHAR) c.fail("C_BAD_STRING", "string literals of different character types cannot be joined", token)
    element = type
  }
  const units: number[] = []
  for (const token of tokens)
    for (const unit of decode(c, token, token.text.indexOf('"'), element.size)) units.push(unit)
  units.push(0)
  const bytes = new Uint8Array(units.length * element.size)
  for (const [i, unit] of units.entries()) {
    for (let b = 0; b < element.size; b++) bytes[i * element.size + b] = unit >>> (8 * b)
  }
  const span = joinSpans(tokens[0], tokens[tokens.length - 1])
  return { kind: "string", bytes, type: arrayOf(element, units.length), span }
}

const SIMPLE: Readonly<Record<string, number>> = {
  n: 10,
  t: 9,
  r: 13,
  "0": 0,
  a: 7,
  b: 8,
  f: 12,
  v: 11,
  e: 27,
  E: 27,
  "\\": 92,
  "'": 39,
  '"': 34,
  "?": 63,
}

/** The code units between the quotes of a literal, in units of `size` bytes. */
function decode(c: Context, token: Token, open: number, size: number): number[] {
  const { text } = token
  const units: number[] = []
  const limit = size === 4 ? 0xffffffff : size === 2 ? 0xffff : 0xff
  let i = open + 1
  const end = text.length - 1
  while (i < end) {
    const code = text.charCodeAt(i)
    if (code !== 92) {
      if (code < 0x80) {
        units.push(code)
        i++
      } else {
        const point = text.codePointAt(i) ?? 0
        pushPoint(units, point, size)
        i += point > 0xffff ? 2 : 1
      }
      continue
    }
    const letter = text[i + 1]
    if (letter >= "0" && letter <= "7") {
      let value = 0
      let j = i + 1
      while (j < end && j < i + 4 && digit(text.charCodeAt(j)) < 8) value = value * 8 + digit(text.charCodeAt(j++))
      if (value > limit) c.fail("C_BAD_ESCAPE", "octal escape sequence out of range", token)
      units.push(value)
      i = j
    } else if (letter === "x" || letter === "u" || letter === "U") {
      const most = letter === "u" ? 4 : letter === "U" ? 8 : 1e9
      let value = 0
      let j = i + 2
      while (j < end && j < i + 2 + most && digit(text.charCodeAt(j)) < 16) {
        value = Math.min(value * 16 + digit(text.charCodeAt(j++)), 0x1_0000_0000)
      }
      if (j === i + 2 || (letter !== "x" && j < i + 2 + most)) {
        c.fail("C_BAD_ESCAPE", `\\${letter} used with too few hex digits`, token)
      }
      if (letter === "x") {
        if (value > limit) c.fail("C_BAD_ESCAPE", "hex escape sequence out of range", token)
        units.push(value)
      } else {
        if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
          c.fail("C_BAD_ESCAPE", "invalid universal character", token)
        pushPoint(units, value, size)
      }
      i = j
    } else {
      const value = SIMPLE[letter]
      if (value === undefined) {
        c.warn("C_BAD_ESCAPE", `unknown escape sequence '\\${letter}'`, token)
        units.push(letter.charCodeAt(0) & limit)
      } else units.push(value)
      i += 2
    }
  }
  return units
}

/** A code point as UTF-8, UTF-16 or UTF-32. */
function pushPoint(units: number[], point: number, size: number): void {
  if (size === 4) units.push(point)
  else if (size === 2) {
    if (point > 0xffff) units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff))
    else units.push(point)
  } else if (point < 0x80) units.push(point)
  else if (point < 0x800) units.push(0xc0 | (point >> 6), 0x80 | (point & 63))
  else if (point < 0x10000) units.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63))
  else units.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63))
}
