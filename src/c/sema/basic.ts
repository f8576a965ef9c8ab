import type { ArrayType, FloatType, FunctionType, IntName, IntType, PointerType, Type, VoidType } from "../types.ts"
import { CONST } from "../types.ts"

// The types that need no declaration, and the constructors of derived types. Sizes are those of the BPF target (LP64).

function int(name: IntName, size: number, signed: boolean, rank: number): IntType {
  return { kind: "int", quals: 0, name, size, signed, rank }
}

export const VOID: VoidType = { kind: "void", quals: 0 }
export const BOOL = int("bool", 1, false, 0)
export const CHAR = int("char", 1, true, 1)
export const SCHAR = int("schar", 1, true, 1)
export const UCHAR = int("uchar", 1, false, 1)
export const SHORT = int("short", 2, true, 2)
export const USHORT = int("ushort", 2, false, 2)
export const INT = int("int", 4, true, 3)
export const UINT = int("uint", 4, false, 3)
export const LONG = int("long", 8, true, 4)
export const ULONG = int("ulong", 8, false, 4)
export const LLONG = int("llong", 8, true, 5)
export const ULLONG = int("ullong", 8, false, 5)
export const INT128 = int("int128", 16, true, 6)
export const UINT128 = int("uint128", 16, false, 6)
export const FLOAT: FloatType = { kind: "float", quals: 0, name: "float", size: 4 }
export const DOUBLE: FloatType = { kind: "float", quals: 0, name: "double", size: 8 }
export const LONG_DOUBLE: FloatType = { kind: "float", quals: 0, name: "long double", size: 16 }

/** Type of `sizeof`, and of differences of pointers. */
export const SIZE_T = ULONG
export const PTRDIFF_T = LONG

export const INT_TYPES: Readonly<Record<IntName, IntType>> = {
  bool: BOOL,
  char: CHAR,
  schar: SCHAR,
  uchar: UCHAR,
  short: SHORT,
  ushort: USHORT,
  int: INT,
  uint: UINT,
  long: LONG,
  ulong: ULONG,
  llong: LLONG,
  ullong: ULLONG,
  int128: INT128,
  uint128: UINT128,
}

const UNSIGNED: Partial<Record<IntName, IntType>> = {
  char: UCHAR,
  schar: UCHAR,
  short: USHORT,
  int: UINT,
  long: ULONG,
  llong: ULLONG,
  int128: UINT128,
}

/** The unsigned type that corresponds to an integer type. */
export function toUnsigned(type: IntType): IntType {
  return UNSIGNED[type.name] ?? type
}

export function pointerTo(to: Type, quals = 0): PointerType {
  return { kind: "pointer", quals, to }
}

export function arrayOf(element: Type, count: number | undefined): ArrayType {
  return { kind: "array", quals: 0, element, count }
}

export function functionType(ret: Type, params: readonly Type[], variadic = false, unspecified = false): FunctionType {
  return { kind: "function", quals: 0, ret, params, variadic, unspecified }
}

/** `type` with more qualifiers; those of an array belong to its elements (C11 6.7.3p9). */
export function withQuals(type: Type, quals: number): Type {
  if (quals === 0) return type
  if (type.kind === "array") return { ...type, element: withQuals(type.element, quals) }
  if (type.kind === "function" || (type.quals & quals) === quals) return type
  return { ...type, quals: type.quals | quals }
}

export const VOID_PTR = pointerTo(VOID)
export const CONST_VOID_PTR = pointerTo({ kind: "void", quals: CONST })
