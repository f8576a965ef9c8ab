import type { Span } from "../../base/index.ts"
import type { BinaryOp, Expr } from "../ast.ts"
import { evaluate, wrap } from "../constant/evaluate.ts"
import type { FloatType, Type } from "../types.ts"
import { DOUBLE, FLOAT, INT, VOID } from "./basic.ts"
import { convert, intLit, makeCast, promotedType } from "./convert.ts"
import { integerOf } from "./typeops.ts"

/**
 * Floating constants. BPF has no floating point, but a program that only reckons with constants, converts one to an integer, or compares an integer
 * with one, needs none:
 *
 *     u64 x = 1.5 * 1000;    →  u64 x = 1500;
 *     if (delta >= 0.5) …    →  if (delta >= 1) …
 *
 * No other expression holds one: the type checker refuses it, with the code C_FLOAT.
 */
export function floatLit(value: number, type: FloatType, span: Span, text?: string): Expr {
  return { kind: "int", value: 0n, float: value, type, span, ...(text !== undefined && { text }) }
}

/** The value of a floating constant. */
export function floatValue(e: Expr): number | undefined {
  return e.kind === "int" ? e.float : undefined
}

/** `1.5`, `1e3f`, `0x1.8p3`: its value and type; undefined for what is no such constant. */
export function parseFloating(text: string): { value: number; type: FloatType } | undefined {
  const [, digits, suffix] = /^(.*?)(?<!0x[\da-f.]*)([flFL]?)$/.exec(text) ?? []
  const type = suffix === undefined || suffix === "" ? DOUBLE : suffix.toLowerCase() === "f" ? FLOAT : DOUBLE
  const hex = /^0x([\da-f]*)\.?([\da-f]*)p([-+]?\d+)$/i.exec(digits)
  if (hex !== null) {
    if (hex[1] + hex[2] === "") return undefined
    return { value: Number(`0x0${hex[1]}${hex[2]}`) * 2 ** (Number(hex[3]) - 4 * hex[2].length), type }
  }
  return /^(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(digits) ? { value: Number(digits), type } : undefined
}

/** `left op right` where one is a floating constant, and the other one too, or an integer that it is compared with. */
export function floatBinary(op: BinaryOp, left: Expr, right: Expr, span: Span): Expr | undefined {
  if (floatValue(left) === undefined && floatValue(right) === undefined) return undefined
  const [a, b] = [constantOf(left), constantOf(right)]
  if (a !== undefined && b !== undefined) return fold(op, a, b, span)
  if (a !== undefined) return Object.hasOwn(MIRRORED, op) ? compare(MIRRORED[op], right, a, span) : undefined
  return b === undefined ? undefined : compare(op, left, b, span)
}

/** Conversion of a floating constant to an integer type: what is behind the point is cut off. */
export function floatToInt(e: Expr, target: Type): Expr | undefined {
  const value = floatValue(e)
  const type = integerOf(target)
  if (value === undefined || type === undefined || !Number.isFinite(value)) return undefined
  const whole = type.name === "bool" ? BigInt(value !== 0) : wrap(BigInt(Math.trunc(value)), type)
  return convert(intLit(whole, type, e.span), target)
}

function constantOf(e: Expr): number | undefined {
  const value = floatValue(e)
  if (value !== undefined) return value
  const whole = integerOf(e.type) === undefined ? undefined : evaluate(e)
  return whole === undefined ? undefined : Number(whole)
}

function fold(op: BinaryOp, a: number, b: number, span: Span): Expr | undefined {
  switch (op) {
    case "+":
      return floatLit(a + b, DOUBLE, span)
    case "-":
      return floatLit(a - b, DOUBLE, span)
    case "*":
      return floatLit(a * b, DOUBLE, span)
    case "/":
      return floatLit(a / b, DOUBLE, span)
    default:
      return Object.hasOwn(HOLDS, op) ? intLit(BigInt(HOLDS[op](a, b)), INT, span) : undefined
  }
}

const HOLDS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
}
const MIRRORED: Readonly<Record<string, BinaryOp>> = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  ">": "<",
  "<=": ">=",
  ">=": "<=",
}

/** An integer compared with a constant between two integers is compared with the one that decides. */
function compare(op: BinaryOp, e: Expr, limit: number, span: Span): Expr | undefined {
  const type = promotedType(e)
  if (type === undefined || !Object.hasOwn(HOLDS, op) || Number.isNaN(limit)) return undefined
  if (op === "==" || op === "!=") {
    if (!Number.isInteger(limit)) return decided(e, op === "!=", span)
  }
  const bound = op === ">" || op === "<=" ? Math.floor(limit) : Math.ceil(limit)
  if (!Number.isFinite(bound) || wrap(BigInt(bound), type) !== BigInt(bound)) {
    return decided(e, HOLDS[op](0, bound), span)
  }
  const right = intLit(BigInt(bound), type, span)
  return { kind: "binary", op, left: convert(e, type), right, type: INT, span }
}

/** A comparison whose result no value changes; the value is evaluated all the same. */
function decided(e: Expr, holds: boolean, span: Span): Expr {
  const left = makeCast("void", e, VOID, false, span)
  return { kind: "comma", left, right: intLit(BigInt(holds), INT, span), type: INT, span }
}
