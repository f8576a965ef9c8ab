import { offer, type Span, suggest } from "../../base/index.ts"
import type { CastKind, Expr, IntLit } from "../ast.ts"
import { evaluate } from "../constant/evaluate.ts"
import type { IntType, Type } from "../types.ts"
import { pointerTo } from "./basic.ts"
import { type Context, noteAt } from "./context.ts"
import {
  canonical,
  integerOf,
  isBool,
  isInteger,
  isVoid,
  pointerOf,
  promoted,
  promotedBitField,
  sameType,
  unqualified,
} from "./typeops.ts"
import { quoteType } from "./typeString.ts"

export const FLOAT_HINT = "BPF has no floating point: scale the value and use an integer"

export function intLit(value: bigint, type: IntType, span: Span, text?: string): IntLit {
  return text === undefined ? { kind: "int", value, type, span } : { kind: "int", value, type, span, text }
}

export function makeCast(cast: CastKind, operand: Expr, type: Type, implicit = true, span: Span = operand.span): Expr {
  return { kind: "cast", cast, operand, type, span, implicit }
}

/** Whether an expression designates an object in memory (a member of an rvalue record included: it can be read, not written). */
export function isLvalue(e: Expr): boolean {
  switch (e.kind) {
    case "ref":
      return e.decl.kind === "var"
    case "deref":
    case "index":
    case "member":
    case "compound":
    case "string":
      return true
    default:
      return false
  }
}

/** C's conversions of an operand that is used for its value (6.3.2.1): lvalues are read, arrays and functions become pointers. */
export function rvalue(c: Context, e: Expr): Expr {
  const t = canonical(e.type)
  switch (t.kind) {
    case "function":
      return makeCast("functionDecay", e, pointerTo(e.type))
    case "array":
      return makeCast("decay", e, pointerTo(t.element))
    case "void":
      return e
  }
  if (!isLvalue(e)) return e
  if (t.kind === "record" && !t.decl.complete) incomplete(c, e.type, e.span)
  if (t.kind === "float" && c.unevaluated === 0) {
    c.fail("C_FLOAT", `a value of type ${quoteType(e.type)} cannot be used in a BPF program`, e.span, {
      hint: FLOAT_HINT,
    })
  }
  return makeCast("load", e, unqualified(e.type))
}

/** Refuses an incomplete type, and says which complete one may be meant. */
export function incomplete(c: Context, type: Type, span: Span): never {
  const t = canonical(type)
  const tag = t.kind === "record" || t.kind === "enum" ? t.decl.tag : undefined
  if (tag === undefined)
    c.fail("C_INCOMPLETE", `incomplete type ${quoteType(type)} where a complete type is needed`, span)
  const { names } = c
  const isTag = (name: string) =>
    (names?.record(name, false) ?? names?.record(name, true) ?? names?.enum(name)) !== undefined
  const near = suggest(tag, c.scope.visibleTags()) ?? names?.suggest(tag).find(isTag)
  const place = t.kind === "record" || t.kind === "enum" ? t.decl.span : undefined
  const note = noteAt("it is only mentioned, not defined", place)
  const own = t.kind === "record" ? c.hooks.incompleteError?.(tag) : undefined
  const message = own?.message ?? `incomplete type ${quoteType(type)} where a complete type is needed`
  const hint = near === undefined ? own?.hint : undefined
  const extra = hint === undefined ? note : { ...note, hint }
  return c.fail(own?.code ?? "C_INCOMPLETE", message + offer(near), span, extra)
}

/** The width of the bit-field that a value was read from, or written to just before: promotion goes by it. */
function bitFieldOf(e: Expr): number | undefined {
  for (let at = e; ; ) {
    if (at.kind === "cast" && at.cast === "load") at = at.operand
    else if (at.kind === "comma") at = at.right
    else if (at.kind === "assign") at = at.left
    else if (at.kind === "incdec" && at.prefix) at = at.operand
    else return at.kind === "member" ? at.field.bitWidth : undefined
  }
}

/** The promoted type of an integer rvalue. */
export function promotedType(e: Expr): IntType | undefined {
  const type = integerOf(e.type)
  if (type === undefined) return undefined
  const width = bitFieldOf(e)
  return width === undefined ? promoted(type) : promotedBitField(type, width)
}

/** Integer promotion of an rvalue; anything else stays. */
export function promote(e: Expr): Expr {
  const type = promotedType(e)
  return type === undefined ? e : convert(e, type)
}

/** The kind of cast between two scalar types, or to void; undefined when there is none. */
export function castKind(from: Type, to: Type): CastKind | undefined {
  const target = canonical(to)
  if (target.kind === "void") return "void"
  const source = canonical(from)
  const fromInt = source.kind === "int" || source.kind === "enum"
  const toInt = target.kind === "int" || target.kind === "enum"
  if (fromInt || source.kind === "pointer") {
    if (sameType(source, target, false)) return "none"
    if (isBool(target)) return "bool"
    if (fromInt) return toInt ? "int" : target.kind === "pointer" ? "intToPointer" : undefined
    return toInt ? "pointerToInt" : target.kind === "pointer" ? "pointer" : undefined
  }
  return sameType(source, target, false) ? "none" : undefined
}

/** An rvalue in another scalar type. The caller has checked that there is a conversion. A conversion to the same type is no node. */
export function convert(e: Expr, type: Type): Expr {
  const to = unqualified(type)
  const kind = castKind(e.type, to)
  return kind === "none" || kind === undefined ? e : makeCast(kind, e, to)
}

/** `0` or `(void *)0` (C11 6.3.2.3p3). */
export function isNullConstant(e: Expr): boolean {
  const t = canonical(e.type)
  if (t.kind === "pointer" && e.kind === "cast" && !e.implicit) {
    return isVoid(t.to) && canonical(t.to).quals === 0 && isInteger(e.operand.type) && evaluate(e.operand) === 0n
  }
  return (t.kind === "int" || t.kind === "enum") && evaluate(e) === 0n
}

/** A controlling expression: a scalar rvalue. */
export function condition(c: Context, operand: Expr): Expr {
  const e = rvalue(c, operand)
  const t = canonical(e.type)
  if (t.kind === "float")
    return c.fail("C_FLOAT", "a floating condition cannot be used in a BPF program", e.span, { hint: FLOAT_HINT })
  if (t.kind !== "int" && t.kind !== "enum" && t.kind !== "pointer") {
    c.fail("C_NOT_SCALAR", `statement requires expression of scalar type (${quoteType(e.type)} invalid)`, e.span)
  }
  return e
}

/** An integer constant expression and its value. */
export function constantInt(c: Context, e: Expr, what: string): bigint {
  const r = rvalue(c, e)
  if (!isInteger(r.type)) {
    return c.fail("C_NOT_INTEGER", `${what} has non-integer type ${quoteType(e.type)}`, e.span)
  }
  const value = evaluate(r)
  if (value === undefined) return c.fail("C_NOT_CONSTANT", `${what} is not an integer constant expression`, e.span)
  return value
}

/** Promotion of an argument without a parameter (C11 6.5.2.2p6). */
export function promoteArgument(c: Context, operand: Expr): Expr {
  const e = rvalue(c, operand)
  if (canonical(e.type).kind === "float") {
    c.fail("C_FLOAT", "a floating argument cannot be passed in a BPF program", e.span, { hint: FLOAT_HINT })
  }
  if (isVoid(e.type)) c.fail("C_VOID_VALUE", "argument type 'void' is incomplete", e.span)
  return promote(e)
}

/** The pointed-to type of an rvalue of pointer type. */
export function pointee(e: Expr): Type | undefined {
  return pointerOf(e.type)?.to
}
