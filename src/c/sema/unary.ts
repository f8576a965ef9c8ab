import { joinSpans, type Span } from "../../base/index.ts"
import type { Expr, SizeOf } from "../ast.ts"
import { CONST, type FloatType, type Type } from "../types.ts"
import { INT, pointerTo, SIZE_T } from "./basic.ts"
import type { Context } from "./context.ts"
import { condition, FLOAT_HINT, incomplete, intLit, isLvalue, promote, rvalue } from "./convert.ts"
import { floatLit, floatValue } from "./float.ts"
import { recordOf } from "./records.ts"
import { alignOf, canonical, isPointer, isVoid, qualsOf, sizeOf, strideOf, unqualified } from "./typeops.ts"
import { quoteType } from "./typeString.ts"

/** `+ - ~ !` */
export function unary(c: Context, op: "-" | "+" | "~" | "!", operand: Expr, start: Span): Expr {
  const span = joinSpans(start, operand.span)
  const floating = floatValue(operand)
  if (floating !== undefined && op !== "~") {
    if (op === "!") return intLit(BigInt(floating === 0), INT, span)
    return floatLit(op === "-" ? -floating : floating, canonical(operand.type) as FloatType, span)
  }
  if (op === "!") return { kind: "unary", op, operand: notOperand(c, operand), type: INT, span }
  const e = promote(rvalue(c, operand))
  const kind = canonical(e.type).kind
  if (kind === "float")
    return c.fail("C_FLOAT", "floating point arithmetic is not possible in BPF", span, { hint: FLOAT_HINT })
  if (kind !== "int" && kind !== "enum") invalidOperand(c, operand, span)
  return { kind: "unary", op, operand: e, type: e.type, span }
}

function notOperand(c: Context, operand: Expr): Expr {
  const e = rvalue(c, operand)
  const kind = canonical(e.type).kind
  if (kind !== "int" && kind !== "enum" && kind !== "pointer") invalidOperand(c, operand, operand.span)
  return condition(c, e)
}

function invalidOperand(c: Context, operand: Expr, span: Span): never {
  return c.fail("C_OPERANDS", `invalid argument type ${quoteType(operand.type)} to unary expression`, span)
}

/** `&e` */
export function addressOf(c: Context, e: Expr, start: Span): Expr {
  const span = joinSpans(start, e.span)
  const isFunction = e.kind === "ref" && e.decl.kind === "function"
  if (!isFunction && canonical(e.type).kind !== "function") {
    if (!isAddressable(e)) {
      c.fail("C_NOT_LVALUE", `cannot take the address of an rvalue of type ${quoteType(e.type)}`, span)
    }
    if (e.kind === "member" && e.field.bitWidth !== undefined) {
      c.fail("C_BITFIELD_ADDRESS", `address of bit-field '${e.field.name}' requested`, span)
    }
    if (e.kind === "ref" && e.decl.kind === "var" && e.decl.storage === "register") {
      c.error("C_REGISTER_ADDRESS", `address of register variable '${e.decl.name}' requested`, span)
    }
  }
  return { kind: "addressOf", operand: e, type: pointerTo(e.type), span }
}

/** An lvalue, and not a part of a temporary. */
function isAddressable(e: Expr): boolean {
  return e.kind === "member" && !e.arrow ? isAddressable(e.base) : isLvalue(e)
}

/** `*e` */
export function deref(c: Context, operand: Expr, start: Span): Expr {
  const e = rvalue(c, operand)
  const span = joinSpans(start, operand.span)
  const t = canonical(e.type)
  if (t.kind !== "pointer") {
    return c.fail("C_NOT_POINTER", `indirection requires pointer operand (${quoteType(e.type)} invalid)`, span)
  }
  return { kind: "deref", operand: e, type: t.to, span }
}

/** `base[index]`, or the other way round. */
export function index(c: Context, first: Expr, second: Expr, end: Span): Expr {
  const a = rvalue(c, first)
  const b = rvalue(c, second)
  const span = joinSpans(first.span, end)
  const [base, i] = isPointer(a.type) ? [a, b] : [b, a]
  const t = canonical(base.type)
  if (t.kind !== "pointer") return c.fail("C_NOT_POINTER", "subscripted value is not an array or pointer", span)
  const kind = canonical(i.type).kind
  if (kind !== "int" && kind !== "enum") c.fail("C_NOT_INTEGER", "array subscript is not an integer", i.span)
  if (canonical(t.to).kind === "function" || strideOf(t.to) === undefined) incomplete(c, t.to, span)
  return { kind: "index", base, index: promote(i), type: t.to, span }
}

/** `++e`, `e--` … */
export function incDec(c: Context, op: "++" | "--", prefix: boolean, operand: Expr, at: Span): Expr {
  const span = joinSpans(at, operand.span)
  checkModifiable(c, operand, span)
  const t = canonical(operand.type)
  if (t.kind === "pointer") {
    if (strideOf(t.to) === undefined) incomplete(c, t.to, span)
  } else if (t.kind !== "int" && t.kind !== "enum") {
    const word = op === "++" ? "increment" : "decrement"
    c.fail("C_OPERANDS", `cannot ${word} value of type ${quoteType(operand.type)}`, span)
  }
  return { kind: "incdec", op, prefix, operand, type: unqualified(operand.type), span }
}

/** Refuses an operand that cannot be assigned to (C11 6.3.2.1p1). */
export function checkModifiable(c: Context, e: Expr, span: Span): void {
  const t = canonical(e.type)
  if (t.kind === "function") c.fail("C_NOT_LVALUE", `non-object type ${quoteType(e.type)} is not assignable`, span)
  if (!isAddressable(e) || e.kind === "string") c.fail("C_NOT_LVALUE", "expression is not assignable", span)
  if (t.kind === "array") c.fail("C_NOT_LVALUE", `array type ${quoteType(e.type)} is not assignable`, span)
  if (isVoid(e.type)) c.fail("C_INCOMPLETE", "incomplete type 'void' is not assignable", span)
  if (qualsOf(e.type) & CONST) c.error("C_CONST", readOnly(e), span)
  else if (hasConstMember(e.type))
    c.error("C_CONST", `cannot assign to ${describe(e)} with const-qualified data member`, span)
}

function readOnly(e: Expr): string {
  return `cannot assign to ${describe(e)} with const-qualified type ${quoteType(e.type)}`
}

function describe(e: Expr): string {
  if (e.kind === "ref") return `variable '${e.decl.name}'`
  if (e.kind === "member") return `member '${e.field.name}'`
  return "an object"
}

function hasConstMember(type: Type): boolean {
  const record = recordOf(type)
  // A record of the kernel is never assigned to as a whole in a way that its const members would forbid.
  if (record === undefined || record.origin !== "source") return false
  return (
    record.complete && record.fields.some(field => (qualsOf(field.type) & CONST) !== 0 || hasConstMember(field.type))
  )
}

/** `sizeof` and `_Alignof`, of a type or of an expression. */
export function sizeOfNode(c: Context, op: "sizeof" | "alignof", of: Type | Expr, span: Span): SizeOf {
  const expr = "span" in of ? of : undefined
  const type = expr === undefined ? (of as Type) : expr.type
  if (expr?.kind === "member" && expr.field.bitWidth !== undefined) {
    c.error("C_BITFIELD_SIZE", `invalid application of '${op}' to bit-field`, span)
  }
  const kind = canonical(type).kind
  const size = kind === "void" || kind === "function" ? 1 : sizeOf(type)
  if (size === undefined) {
    return c.fail("C_INCOMPLETE", `invalid application of '${op}' to an incomplete type ${quoteType(type)}`, span)
  }
  let value = size
  if (op === "alignof") value = expr === undefined ? alignOf(type) : alignOfExpr(expr)
  return { kind: "sizeof", op, of, value: BigInt(value), type: SIZE_T, span }
}

function alignOfExpr(e: Expr): number {
  if (e.kind !== "ref") return alignOf(e.type)
  if (e.decl.kind === "var") return e.decl.align ?? alignOf(e.type)
  const asked = e.decl.attrs.find(attr => attr.name === "aligned")?.args[0]
  return typeof asked === "bigint" ? Number(asked) : alignOf(e.type)
}
