import { joinSpans, type Span } from "../../base/index.ts"
import type { Assign, Binary, BinaryOp, Comma, Conditional, Expr, Logical } from "../ast.ts"
import { evaluate } from "../constant/evaluate.ts"
import type { IntType, Type } from "../types.ts"
import { assignable, pointsAlike } from "./assignable.ts"
import { INT, PTRDIFF_T, pointerTo, VOID, VOID_PTR, withQuals } from "./basic.ts"
import type { Context } from "./context.ts"
import {
  condition,
  convert,
  FLOAT_HINT,
  incomplete,
  isNullConstant,
  makeCast,
  promote,
  promotedType,
  rvalue,
} from "./convert.ts"
import { floatBinary } from "./float.ts"
import {
  canonical,
  commonInteger,
  compatible,
  composite,
  isRecord,
  isVoid,
  pointerOf,
  qualsOf,
  sameType,
  strideOf,
  unqualified,
} from "./typeops.ts"
import { quoteType, quoteTypes } from "./typeString.ts"
import { checkModifiable } from "./unary.ts"

const COMPARES = new Set<string>(["==", "!=", "<", ">", "<=", ">="])
const INTEGER_ONLY = new Set<string>(["%", "<<", ">>", "&", "|", "^"])

/** `left op right` for every operator but `&&`, `||` and `,`. */
export function binary(c: Context, op: BinaryOp, first: Expr, second: Expr, at: Span): Expr {
  const left = rvalue(c, first)
  const right = rvalue(c, second)
  const span = joinSpans(first.span, second.span)
  const floating = floatBinary(op, left, right, span)
  if (floating !== undefined) return floating
  const a = promotedType(left)
  const b = promotedType(right)
  if (a !== undefined && b !== undefined) {
    if (op === "<<" || op === ">>") {
      checkShift(c, a, right, at)
      return { kind: "binary", op, left: convert(left, a), right: convert(right, b), type: a, span }
    }
    const type = commonInteger(a, b)
    if (op === "/" || op === "%") checkDivisor(c, op, right, at)
    const result = COMPARES.has(op) ? INT : type
    return { kind: "binary", op, left: convert(left, type), right: convert(right, type), type: result, span }
  }
  const p = pointerOf(left.type)
  const q = pointerOf(right.type)
  if (COMPARES.has(op)) {
    if ((p || a) && (q || b)) return comparePointers(c, op, left, right, span)
  } else if (!INTEGER_ONLY.has(op)) {
    if (op === "+" && p && b) return offset(c, op, left, p.to, right, span)
    if (op === "+" && a && q) return offset(c, op, right, q.to, left, span)
    if (op === "-" && p && b) return offset(c, op, left, p.to, right, span)
    if (op === "-" && p && q) return difference(c, left, p.to, right, q.to, span)
  }
  return badOperands(c, first, second, left, right, span)
}

function badOperands(c: Context, first: Expr, second: Expr, left: Expr, right: Expr, span: Span): never {
  if (canonical(left.type).kind === "float" || canonical(right.type).kind === "float") {
    c.fail("C_FLOAT", "floating point arithmetic is not possible in BPF", span, { hint: FLOAT_HINT })
  }
  const [a, b] = quoteTypes(left.type, right.type)
  return c.fail("C_OPERANDS", `invalid operands to binary expression (${a} and ${b})`, span, {
    ranges: [first.span, second.span],
  })
}

function checkShift(c: Context, type: IntType, count: Expr, at: Span): void {
  if (c.unevaluated > 0) return
  const value = evaluate(count)
  if (value === undefined) return
  if (value < 0n) c.warn("C_SHIFT_RANGE", "shift count is negative", at)
  else if (value >= BigInt(type.size * 8)) {
    c.warn("C_SHIFT_RANGE", `shift count >= width of type (${value} >= ${type.size * 8})`, at)
  }
}

function checkDivisor(c: Context, op: "/" | "%", right: Expr, at: Span): void {
  if (c.unevaluated > 0 || evaluate(right) !== 0n) return
  c.warn("C_DIVISION_BY_ZERO", op === "/" ? "division by zero is undefined" : "remainder by zero is undefined", at)
}

function offset(c: Context, op: "+" | "-", pointer: Expr, to: Type, count: Expr, span: Span): Binary {
  if (strideOf(to) === undefined) incomplete(c, to, span)
  return { kind: "binary", op, left: pointer, right: promote(count), type: unqualified(pointer.type), span }
}

function difference(c: Context, left: Expr, a: Type, right: Expr, b: Type, span: Span): Binary {
  if (!compatible(unqualified(a), unqualified(b), false)) {
    const [x, y] = quoteTypes(left.type, right.type)
    c.fail("C_POINTER_TYPES", `${x} and ${y} are not pointers to compatible types`, span)
  }
  const stride = strideOf(a)
  if (stride === undefined) incomplete(c, a, span)
  if (stride === 0) c.fail("C_OPERANDS", `subtraction of pointers to type ${quoteType(a)} of zero size`, span)
  return { kind: "binary", op: "-", left, right, type: PTRDIFF_T, span }
}

function comparePointers(c: Context, op: BinaryOp, left: Expr, right: Expr, span: Span): Binary {
  const p = pointerOf(left.type)
  const q = pointerOf(right.type)
  if (p !== undefined && q !== undefined) {
    const type = pointsAlike(p.to, q.to) ? (isVoid(p.to) ? left.type : isVoid(q.to) ? right.type : left.type) : VOID_PTR
    if (!pointsAlike(p.to, q.to) && !isNullConstant(left) && !isNullConstant(right)) {
      const [a, b] = quoteTypes(left.type, right.type)
      c.warn("C_COMPARE_POINTERS", `comparison of distinct pointer types (${a} and ${b})`, span)
    }
    return { kind: "binary", op, left: convert(left, type), right: convert(right, type), type: INT, span }
  }
  const [pointer, other] = p !== undefined ? [left, right] : [right, left]
  if (!isNullConstant(other)) {
    const [a, b] = quoteTypes(left.type, right.type)
    c.warn("C_COMPARE_INT", `comparison between pointer and integer (${a} and ${b})`, span)
  }
  return { kind: "binary", op, left: convert(left, pointer.type), right: convert(right, pointer.type), type: INT, span }
}

/** `&&`, `||` */
export function logical(c: Context, op: "&&" | "||", first: Expr, second: Expr): Logical {
  const span = joinSpans(first.span, second.span)
  return { kind: "logical", op, left: condition(c, first), right: condition(c, second), type: INT, span }
}

/** `left, right` */
export function comma(c: Context, left: Expr, second: Expr): Comma {
  const right = rvalue(c, second)
  return { kind: "comma", left, right, type: right.type, span: joinSpans(left.span, right.span) }
}

/** `left = right` and `left op= right` */
export function assign(c: Context, op: BinaryOp | undefined, left: Expr, second: Expr, at: Span): Assign {
  const span = joinSpans(left.span, second.span)
  checkModifiable(c, left, at)
  const type = unqualified(left.type)
  if (op === undefined) {
    const right = assignable(c, second, type, { kind: "assign" })
    return { kind: "assign", left, right, type, span }
  }
  const right = rvalue(c, second)
  const a = promotedType(left)
  const b = promotedType(right)
  const p = pointerOf(left.type)
  if (p !== undefined && b !== undefined && (op === "+" || op === "-")) {
    if (strideOf(p.to) === undefined) incomplete(c, p.to, span)
    return { kind: "assign", op, computeType: type, left, right: promote(right), type, span }
  }
  if (a === undefined || b === undefined) return badOperands(c, left, second, left, right, span)
  if (op === "<<" || op === ">>") {
    checkShift(c, a, right, at)
    return { kind: "assign", op, computeType: a, left, right: convert(right, b), type, span }
  }
  if (op === "/" || op === "%") checkDivisor(c, op, right, at)
  const computeType = commonInteger(a, b)
  return { kind: "assign", op, computeType, left, right: convert(right, computeType), type, span }
}

/** `cond ? then : other`, or GNU `cond ?: other`. */
export function conditional(c: Context, first: Expr, second: Expr | undefined, third: Expr): Conditional {
  const span = joinSpans(first.span, third.span)
  const cond = condition(c, first)
  const then = second === undefined ? cond : rvalue(c, second)
  const other = rvalue(c, third)
  const type = conditionalType(c, then, other, span)
  const fit = (e: Expr) =>
    isVoid(type) ? (isVoid(e.type) ? e : makeCast("void", e, VOID)) : isRecord(type) ? e : convert(e, type)
  return { kind: "cond", cond, then: second === undefined ? undefined : fit(then), other: fit(other), type, span }
}

function conditionalType(c: Context, then: Expr, other: Expr, span: Span): Type {
  const a = promotedType(then)
  const b = promotedType(other)
  if (a !== undefined && b !== undefined) {
    // Two operands of one type keep its name, so that messages say `u64`.
    if (sameType(then.type, other.type) && sameType(then.type, a)) return unqualified(then.type)
    return commonInteger(a, b)
  }
  const p = pointerOf(then.type)
  const q = pointerOf(other.type)
  if (p !== undefined && q !== undefined) return conditionalPointer(c, then, p.to, other, q.to, span)
  if (p !== undefined && b !== undefined) return conditionalMixed(c, then, other, span)
  if (q !== undefined && a !== undefined) return conditionalMixed(c, other, then, span)
  if (isVoid(then.type) || isVoid(other.type)) return VOID
  if (isRecord(then.type) && sameType(then.type, other.type, false)) return unqualified(then.type)
  const [x, y] = quoteTypes(then.type, other.type)
  if (canonical(then.type).kind === "float" || canonical(other.type).kind === "float") {
    c.fail("C_FLOAT", "floating point values are not possible in BPF", span, { hint: FLOAT_HINT })
  }
  return c.fail("C_INCOMPATIBLE", `incompatible operand types (${x} and ${y})`, span)
}

function conditionalPointer(c: Context, then: Expr, a: Type, other: Expr, b: Type, span: Span): Type {
  const quals = qualsOf(a) | qualsOf(b)
  if (isNullConstant(other)) return unqualified(then.type)
  if (isNullConstant(then)) return unqualified(other.type)
  if (compatible(unqualified(a), unqualified(b), false)) {
    const to = composite(a, b)
    return (qualsOf(to) & quals) === quals && to === a ? unqualified(then.type) : pointerTo(withQuals(to, quals))
  }
  if (!isVoid(a) && !isVoid(b)) {
    const [x, y] = quoteTypes(then.type, other.type)
    c.warn("C_POINTER_TYPES", `pointer type mismatch (${x} and ${y})`, span)
  }
  return pointerTo(withQuals(VOID, quals))
}

function conditionalMixed(c: Context, pointer: Expr, int: Expr, span: Span): Type {
  if (!isNullConstant(int)) {
    const [x, y] = quoteTypes(pointer.type, int.type)
    c.warn("C_INT_CONVERSION", `pointer/integer type mismatch in conditional expression (${x} and ${y})`, span)
  }
  return unqualified(pointer.type)
}
