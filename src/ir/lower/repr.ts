import type { Span } from "../../base/index.ts"
import {
  ADDRESS_SPACE_SHIFT,
  alignOf,
  canonical,
  type IntType,
  integerOf,
  qualsOf,
  sizeOf,
  type Type,
  typeToString,
  VOLATILE,
} from "../../c/index.ts"
import type { Value } from "../ir.ts"
import { constant, i64, isConst, type ValueType } from "../values.ts"
import { fail } from "./fail.ts"

/**
 * How C values are held in IR.
 *
 *     integers up to 4 bytes   i32, always the C value extended to 32 bits by its own signedness (_Bool: 0 or 1)
 *     8-byte integers          i64
 *     __int128                 two i64, low and high: `Wide`
 *     pointers                 ptr
 *     structs, unions, arrays  in memory only
 */
export type Scalar = Value | Wide

export interface Wide {
  readonly kind: "wide"
  readonly lo: Value
  readonly hi: Value
}

export const wide = (lo: Value, hi: Value): Wide => ({ kind: "wide", lo, hi })

/** A constant of a scalar type, `value` being in its range. */
export function constantOf(type: Type, value: bigint, span: Span): Scalar {
  const repr = reprOf(type, span)
  if (repr === "wide") return wide(i64(value), i64(value >> 64n))
  if (repr === "memory" || repr === "void") throw new TypeError(`no constant of type ${typeToString(type)}`)
  return constant(repr, value)
}

/** True where both are known to be the same constant. */
export function isZero(v: Scalar): boolean {
  return v.kind === "wide" ? isConst(v.lo, 0) && isConst(v.hi, 0) : isConst(v, 0)
}

export type Repr = ValueType | "wide" | "memory" | "void"

/** How a value of a C type is held. Floating types are refused. */
export function reprOf(type: Type, span: Span): Repr {
  const t = type.kind === "typedef" ? canonical(type) : type
  switch (t.kind) {
    case "int":
      return intRepr(t)
    case "enum":
      return intRepr(t.decl.underlying)
    case "pointer":
    case "function":
      return "ptr"
    case "void":
      return "void"
    case "float":
      return fail("IR_FLOAT", `BPF has no floating point: ${typeToString(type)} cannot be computed with`, span, {
        hint: "use integers, scaled by a constant where fractions matter",
      })
    default:
      return "memory"
  }
}

function intRepr(t: IntType): "i32" | "i64" | "wide" {
  return t.size <= 4 ? "i32" : t.size === 8 ? "i64" : "wide"
}

/** The integer type behind an integer, enum or pointer type; a pointer is an unsigned long. */
export function intOf(type: Type): IntType {
  return integerOf(type) ?? ADDRESS
}

const ADDRESS: IntType = { kind: "int", quals: 0, name: "ulong", size: 8, signed: false, rank: 4 }

/** The address space of an object of a type: `__attribute__((address_space(n)))`. */
export const spaceOf = (type: Type): number => qualsOf(type) >> ADDRESS_SPACE_SHIFT

export function isVolatile(type: Type): boolean {
  return (qualsOf(type) & VOLATILE) !== 0
}

/** Bytes of an object type. Refuses what has none. */
export function sizeFor(type: Type, span: Span): number {
  const size = sizeOf(type)
  if (size !== undefined) return size
  return fail("IR_INCOMPLETE_TYPE", `the size of ${typeToString(type)} is not known`, span, {
    hint: "an array needs a constant number of elements, a record its definition",
  })
}

/**
 * Alignment of an object that the compiler places: that of its type, and up to 8 where the size allows, so that initialisers can be
 * written in whole words.
 */
export function placedAlign(type: Type, size: number): number {
  return Math.max(alignOf(type), size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1)
}

/** Bytes that an object so aligned gets on the stack: whole words of its alignment, so that its last bytes can be written as a word. */
export function roomFor(size: number, align: number): number {
  const unit = Math.min(align, 8)
  return Math.max(Math.ceil(size / unit) * unit, 1)
}

/** The largest power of two that divides an offset from an address so aligned. */
export function alignAt(align: number, offset: number): number {
  // The low 32 bits, without a sign: 0 for multiples of 4 GiB, too.
  const power = (offset & -offset) >>> 0
  return power === 0 ? align : Math.min(align, power)
}
