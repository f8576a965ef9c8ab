import type { Binary, BinaryOp, Const, Inst, IrType, Undef, Value, Width } from "./ir.ts"

/** Types of values: every IR type but `void`. */
export type ValueType = "i32" | "i64" | "ptr"

const small: Record<ValueType, (Const | undefined)[]> = { i32: [], i64: [], ptr: [] }
const undefs: Record<ValueType, Undef> = {
  i32: { kind: "undef", type: "i32" },
  i64: { kind: "undef", type: "i64" },
  ptr: { kind: "undef", type: "ptr" },
}

/** A constant in canonical form: the value is cut to the type's width and kept unsigned. */
export function constant(type: ValueType, value: bigint | number): Const {
  if (typeof value === "number" && value >= 0 && value < 256 && Number.isInteger(value)) {
    return (small[type][value] ??= { kind: "const", type, value: BigInt(value) })
  }
  const wide = BigInt.asUintN(type === "i32" ? 32 : 64, BigInt(value))
  if (wide < 256n) return (small[type][Number(wide)] ??= { kind: "const", type, value: wide })
  return { kind: "const", type, value: wide }
}

export const i32 = (value: bigint | number): Const => constant("i32", value)
export const i64 = (value: bigint | number): Const => constant("i64", value)
/** The null pointer. */
export const nullPtr = (): Const => constant("ptr", 0)
export const undef = (type: ValueType): Undef => undefs[type]

/** Bits of a value's type; pointers have 64. */
export const bitsOf = (type: IrType): 32 | 64 => (type === "i32" ? 32 : 64)

/** Bytes of a value's type in memory. */
export const widthOf = (type: IrType): Width => (type === "i32" ? 4 : 8)

/** A constant's value as a signed number. */
export const signedValue = (c: Const): bigint => BigInt.asIntN(bitsOf(c.type), c.value)

/**
 * Whether two values are the same one. Equal constants may be two objects, so values are compared with this and never with `===`.
 * `undef` is not the same as itself: each use of it may be another value.
 */
export function sameValue(a: Value, b: Value): boolean {
  if (a === b) return a.kind !== "undef"
  return a.kind === "const" && b.kind === "const" && a.type === b.type && a.value === b.value
}

/** True for a constant of this value (canonical, so -1 is the largest unsigned one; any integer may be passed). */
export function isConst(v: Value): v is Const
export function isConst(v: Value, value: bigint | number): boolean
export function isConst(v: Value, value?: bigint | number): boolean {
  if (v.kind !== "const") return false
  return value === undefined || v.value === BigInt.asUintN(bitsOf(v.type), BigInt(value))
}

const BINARY: Readonly<Record<BinaryOp, true>> = {
  add: true,
  sub: true,
  mul: true,
  udiv: true,
  sdiv: true,
  urem: true,
  srem: true,
  and: true,
  or: true,
  xor: true,
  shl: true,
  lshr: true,
  ashr: true,
}

export const isBinaryOp = (op: string): op is BinaryOp => Object.hasOwn(BINARY, op)

/** Whether an instruction is arithmetic on two operands of its own type. */
export const isBinary = (inst: Inst): inst is Binary => inst.op in BINARY
