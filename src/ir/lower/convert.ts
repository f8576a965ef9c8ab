import type { Span } from "../../base/index.ts"
import type { Type } from "../../c/index.ts"
import type { Value } from "../ir.ts"
import { constant, i32, i64 } from "../values.ts"
import type { FunctionContext } from "./context.ts"
import { intOf, reprOf, type Scalar, wide } from "./repr.ts"

/** Converts a scalar of one C type to another (C11 6.3): to _Bool by comparison with zero, else by value or bits. */
export function convert(cx: FunctionContext, value: Scalar, from: Type, to: Type, span: Span): Scalar {
  const { b } = cx
  const target = reprOf(to, span)
  if (target === "ptr") {
    if (value.kind !== "wide" && value.type === "ptr") return value
    return b.inttoptr(word(cx, value, intOf(from).signed))
  }
  const int = intOf(to)
  if (int.name === "bool") return truth(cx, value)
  const plain = value.kind !== "wide" && value.type === "ptr" ? b.ptrtoint(value) : value
  const { signed } = intOf(from)
  if (target === "wide") {
    if (plain.kind === "wide") return plain
    const lo = word(cx, plain, signed)
    return wide(lo, signed ? b.binary("ashr", lo, i64(63)) : i64(0))
  }
  if (target === "i64") return word(cx, plain, signed)
  const low = plain.kind === "wide" ? plain.lo : plain
  const half = low.type === "i64" ? b.trunc(low) : low
  const source = intOf(from)
  // A value that its own type already keeps in range needs no cut.
  if (source.size < int.size || (source.size === int.size && source.signed === int.signed)) {
    if (source.signed === int.signed || !source.signed) return half
  }
  return narrow(cx, half, int.size, int.signed)
}

/** Brings an i32 into the range of an integer of `size` bytes. */
export function narrow(cx: FunctionContext, value: Value, size: number, signed: boolean): Value {
  if (size >= 4) return value
  if (signed) return cx.b.sextin(size === 1 ? 8 : 16, value)
  return cx.b.binary("and", value, i32(size === 1 ? 0xff : 0xffff))
}

/** The low 64 bits of an integer, extended by the signedness of its type. */
export function word(cx: FunctionContext, value: Scalar, signed: boolean): Value {
  if (value.kind === "wide") return value.lo
  if (value.type === "ptr") return cx.b.ptrtoint(value)
  if (value.type === "i64") return value
  return signed ? cx.b.sext(value) : cx.b.zext(value)
}

/** 1 when a scalar is not zero, else 0. */
export function truth(cx: FunctionContext, value: Scalar): Value {
  const { b } = cx
  if (value.kind === "wide") return b.cmp("ne", b.binary("or", value.lo, value.hi), i64(0))
  if (value.kind === "inst" && value.op === "cmp") return value
  return b.cmp("ne", value, constant(value.type as "i32" | "i64" | "ptr", 0))
}

/** 1 when a scalar is zero, else 0. */
export function untruth(cx: FunctionContext, value: Scalar): Value {
  const { b } = cx
  if (value.kind === "wide") return b.cmp("eq", b.binary("or", value.lo, value.hi), i64(0))
  return b.cmp("eq", value, constant(value.type as "i32" | "i64" | "ptr", 0))
}
