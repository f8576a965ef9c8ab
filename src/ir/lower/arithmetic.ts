import type { Span } from "../../base/index.ts"
import { type BinaryOp as CBinaryOp, canonical, strideOf, type Type } from "../../c/index.ts"
import type { BinaryOp, Predicate, Value } from "../ir.ts"
import { constant, i64, isConst } from "../values.ts"
import type { FunctionContext } from "./context.ts"
import { convert, word } from "./convert.ts"
import { fail } from "./fail.ts"
import { intOf, type Scalar, type Wide } from "./repr.ts"
import { wideBinary, wideCompare, wideNegate, wideNot } from "./wide.ts"

const comparisons: Record<string, readonly [unsigned: Predicate, signed: Predicate]> = {
  "==": ["eq", "eq"],
  "!=": ["ne", "ne"],
  "<": ["ult", "slt"],
  "<=": ["ule", "sle"],
  ">": ["ugt", "sgt"],
  ">=": ["uge", "sge"],
}

const operations: Record<string, readonly [unsigned: BinaryOp, signed: BinaryOp]> = {
  "+": ["add", "add"],
  "-": ["sub", "sub"],
  "*": ["mul", "mul"],
  "/": ["udiv", "sdiv"],
  "%": ["urem", "srem"],
  "&": ["and", "and"],
  "|": ["or", "or"],
  "^": ["xor", "xor"],
  "<<": ["shl", "shl"],
  ">>": ["lshr", "ashr"],
}

/**
 * `left op right` on operands at hand. `leftType` is the type of the left operand (for pointers: the pointer), `rightType` that of the right
 * one; both are already converted as C asks.
 */
export function binary(
  cx: FunctionContext,
  op: CBinaryOp,
  left: Scalar,
  leftType: Type,
  right: Scalar,
  rightType: Type,
  span: Span,
): Scalar {
  if (comparisons[op] !== undefined) return compare(cx, op, left, leftType, right, rightType)
  if (canonical(leftType).kind === "pointer") return pointerArithmetic(cx, op, left, leftType, right, rightType, span)
  const { signed } = intOf(leftType)
  if (op === "<<" || op === ">>") return shift(cx, op, left, right, signed, span)
  if (left.kind === "wide" || right.kind === "wide")
    return wideBinary(cx, op, left as Wide, right as Wide, signed, span)
  return cx.b.binary(operations[op][signed ? 1 : 0], left, right)
}

/** The count has a type of its own; only its low bits matter, for C defines no others. */
function shift(cx: FunctionContext, op: "<<" | ">>", left: Scalar, right: Scalar, signed: boolean, span: Span): Scalar {
  const count = right.kind === "wide" ? right.lo : right
  if (left.kind === "wide") {
    const lo = count.type === "i64" ? count : cx.b.zext(count)
    return wideBinary(cx, op, left, { kind: "wide", lo, hi: i64(0) }, signed, span)
  }
  const same = count.type === left.type ? count : left.type === "i64" ? cx.b.zext(count) : cx.b.trunc(count)
  return cx.b.binary(operations[op][signed ? 1 : 0], left, same)
}

/** 0 or 1 as i32. */
export function compare(
  cx: FunctionContext,
  op: CBinaryOp,
  left: Scalar,
  leftType: Type,
  right: Scalar,
  rightType: Type,
): Value {
  if (left.kind === "wide" || right.kind === "wide") {
    return wideCompare(cx, op, left as Wide, right as Wide, intOf(leftType).signed)
  }
  const pointers = left.type === "ptr" || right.type === "ptr"
  const pred = comparisons[op][!pointers && intOf(leftType).signed ? 1 : 0]
  if (left.type !== right.type) return cx.b.cmp(pred, word(cx, left, false), word(cx, right, intOf(rightType).signed))
  return cx.b.cmp(pred, left, right)
}

function pointerArithmetic(
  cx: FunctionContext,
  op: CBinaryOp,
  left: Scalar,
  leftType: Type,
  right: Scalar,
  rightType: Type,
  span: Span,
): Scalar {
  const { b } = cx
  const stride = strideFor(leftType, span)
  const pointer = left as Value
  if (canonical(rightType).kind === "pointer") {
    const distance = b.binary("sub", b.ptrtoint(pointer), b.ptrtoint(right as Value))
    return exactDivide(cx, distance, stride)
  }
  const index = word(cx, right, intOf(rightType).signed)
  return offsetBy(cx, pointer, op === "-" ? b.binary("sub", i64(0), index) : index, stride)
}

/** `pointer` moved by `index` elements of `stride` bytes. */
export function offsetBy(cx: FunctionContext, pointer: Value, index: Value, stride: number): Value {
  return cx.b.ptradd(pointer, scale(cx, index, stride))
}

/** Bytes that a pointer advances when one is added. */
export function strideFor(pointer: Type, span: Span): number {
  const t = canonical(pointer)
  const stride = t.kind === "pointer" ? strideOf(t.to) : undefined
  return stride ?? fail("IR_INCOMPLETE_TYPE", "arithmetic on a pointer to a type of unknown size", span)
}

function scale(cx: FunctionContext, index: Value, stride: number): Value {
  if (stride === 1) return index
  const power = Math.log2(stride)
  if (!isConst(index) && Number.isInteger(power)) return cx.b.binary("shl", index, i64(power))
  return cx.b.binary("mul", index, i64(stride))
}

/**
 * A difference of pointers in elements. It is a multiple of the size, so the division is a shift and, for an odd factor, a multiplication with
 * that factor's inverse modulo 2^64: no signed division, which old kernels lack.
 */
function exactDivide(cx: FunctionContext, distance: Value, stride: number): Value {
  if (stride <= 1) return distance
  let odd = BigInt(stride)
  let shiftBy = 0
  while ((odd & 1n) === 0n) {
    odd >>= 1n
    shiftBy++
  }
  const shifted = shiftBy === 0 ? distance : cx.b.binary("ashr", distance, i64(shiftBy))
  if (odd === 1n) return shifted
  // Newton's iteration doubles the number of right bits: 3, 6, 12, 24, 48, 96.
  let inverse = odd
  for (let i = 0; i < 5; i++) inverse = BigInt.asUintN(64, inverse * (2n - odd * inverse))
  return cx.b.binary("mul", shifted, i64(inverse))
}

/** `-`, `+` and `~`; the operand is promoted. */
export function unary(cx: FunctionContext, op: "-" | "+" | "~", v: Scalar): Scalar {
  if (op === "+") return v
  if (v.kind === "wide") return op === "-" ? wideNegate(cx, v) : wideNot(cx, v)
  const type = v.type as "i32" | "i64"
  return op === "-" ? cx.b.binary("sub", constant(type, 0), v) : cx.b.binary("xor", v, constant(type, -1))
}

/**
 * What `object op= right` stores: the old value converted to the type of the computation, combined, and converted back.
 */
export function combine(
  cx: FunctionContext,
  op: CBinaryOp,
  old: Scalar,
  type: Type,
  computeType: Type,
  right: Scalar,
  rightType: Type,
  span: Span,
): Scalar {
  const left = convert(cx, old, type, computeType, span)
  return convert(cx, binary(cx, op, left, computeType, right, rightType, span), computeType, type, span)
}
