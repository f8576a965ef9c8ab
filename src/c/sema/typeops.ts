import type { FloatType, FunctionType, IntType, PointerType, Type, TypedefType } from "../types.ts"
import { arrayOf, INT, pointerTo, toUnsigned, UINT, withQuals } from "./basic.ts"

/** A type that is no typedef. */
export type Canonical = Exclude<Type, TypedefType>

/** Looks through typedefs at the top, adding their qualifiers; what lies below keeps its sugar. */
export function canonical(type: Type): Canonical {
  if (type.kind !== "typedef") return type
  let quals = 0
  let t: Type = type
  while (t.kind === "typedef") {
    quals |= t.quals
    t = t.decl.type
  }
  return withQuals(t, quals) as Canonical
}

/** Qualifiers of a type, those of its typedefs included; an array has those of its elements. */
export function qualsOf(type: Type): number {
  const t = canonical(type)
  return t.kind === "array" ? qualsOf(t.element) : t.quals
}

/** The type of a value: no qualifiers at the top. Sugar is kept where it hides none. */
export function unqualified(type: Type): Type {
  if (type.kind !== "typedef") return type.quals === 0 ? type : { ...type, quals: 0 }
  const bare = type.quals === 0 ? type : { ...type, quals: 0 }
  const t = canonical(bare)
  if (t.kind === "array" || t.quals === 0) return bare
  return { ...t, quals: 0 } as Type
}

export function isVoid(type: Type): boolean {
  return canonical(type).kind === "void"
}
/** Integer or enum. */
export function isInteger(type: Type): boolean {
  const kind = canonical(type).kind
  return kind === "int" || kind === "enum"
}
export function isPointer(type: Type): boolean {
  return canonical(type).kind === "pointer"
}
export function isArray(type: Type): boolean {
  return canonical(type).kind === "array"
}
export function isFunction(type: Type): boolean {
  return canonical(type).kind === "function"
}
export function isRecord(type: Type): boolean {
  return canonical(type).kind === "record"
}
export function isBool(type: Type): boolean {
  const t = canonical(type)
  return t.kind === "int" && t.name === "bool"
}
export function isScalar(type: Type): boolean {
  const kind = canonical(type).kind
  return kind === "int" || kind === "enum" || kind === "pointer" || kind === "float"
}

/** The integer type behind an integer or enum type, without qualifiers. */
export function integerOf(type: Type): IntType | undefined {
  const t = canonical(type)
  if (t.kind === "int") return t.quals === 0 ? t : { ...t, quals: 0 }
  return t.kind === "enum" ? t.decl.underlying : undefined
}

export function pointerOf(type: Type): PointerType | undefined {
  const t = canonical(type)
  return t.kind === "pointer" ? t : undefined
}

/** The function type of a function or pointer to function. */
export function functionOf(type: Type): FunctionType | undefined {
  const t = canonical(type)
  if (t.kind === "function") return t
  return t.kind === "pointer" ? functionOf(t.to) : undefined
}

/** The same type, sugar apart. With `quals` false, qualifiers at the top do not count. */
export function sameType(a: Type, b: Type, quals = true): boolean {
  return related(a, b, quals, false)
}

/**
 * Compatible types (C11 6.2.7): the same, an array of unknown size with one of known size, a function without prototype with one that has it, an enum
 * with the integer type beneath it.
 */
export function compatible(a: Type, b: Type, quals = true): boolean {
  return related(a, b, quals, true)
}

function related(first: Type, second: Type, quals: boolean, loose: boolean): boolean {
  if (first === second) return true
  const a = canonical(first)
  const b = canonical(second)
  if (a === b) return true
  if (quals && a.quals !== b.quals) return false
  switch (a.kind) {
    case "void":
      return b.kind === "void"
    case "int":
      if (loose && b.kind === "enum") return b.decl.underlying.name === a.name
      return b.kind === "int" && a.name === b.name
    case "float":
      return b.kind === "float" && a.name === b.name
    case "enum":
      if (loose && b.kind === "int") return a.decl.underlying.name === b.name
      return b.kind === "enum" && a.decl === b.decl
    case "record":
      return b.kind === "record" && a.decl === b.decl
    case "pointer":
      return b.kind === "pointer" && related(a.to, b.to, true, loose)
    case "array":
      if (b.kind !== "array" || !related(a.element, b.element, quals, loose)) return false
      return a.count === b.count || (loose && (a.count === undefined || b.count === undefined))
    case "function":
      return b.kind === "function" && relatedFunctions(a, b, loose)
  }
}

function relatedFunctions(a: FunctionType, b: FunctionType, loose: boolean): boolean {
  if (!related(a.ret, b.ret, false, loose)) return false
  if (loose && (a.unspecified || b.unspecified)) return true
  if (a.variadic !== b.variadic || a.unspecified !== b.unspecified || a.params.length !== b.params.length) return false
  return a.params.every((param, i) => related(param, b.params[i], false, loose))
}

/** The composite of two compatible types (C11 6.2.7p3): what either of them knows. */
export function composite(first: Type, second: Type): Type {
  if (first === second) return first
  const a = canonical(first)
  const b = canonical(second)
  if (a.kind === "array" && b.kind === "array") {
    const element = composite(a.element, b.element)
    if (element === a.element && (a.count !== undefined || b.count === undefined)) return first
    return arrayOf(element, a.count ?? b.count)
  }
  if (a.kind === "pointer" && b.kind === "pointer") {
    const to = composite(a.to, b.to)
    return to === a.to ? first : pointerTo(to, a.quals)
  }
  if (a.kind === "function" && b.kind === "function") {
    if (a.unspecified) return second
    if (b.unspecified) return first
    return {
      ...a,
      ret: composite(a.ret, b.ret),
      params: a.params.map((param, i) => composite(param, b.params[i])),
    }
  }
  if (a.kind === "int" && b.kind === "enum") return second
  return first
}

/** Integer promotion of a type (C11 6.3.1.1p2). Bit-fields are promoted by their width; see `promote`. */
export function promoted(type: IntType): IntType {
  return type.rank < INT.rank ? INT : type
}

/** What a bit-field of this type and width is promoted to. */
export function promotedBitField(type: IntType, width: number): IntType {
  if (width < 32 || (width === 32 && type.signed)) return INT
  if (width === 32) return UINT
  return promoted(type)
}

/** Usual arithmetic conversions of two promoted integer types (C11 6.3.1.8). */
export function commonInteger(a: IntType, b: IntType): IntType {
  if (a.name === b.name) return a
  if (a.signed === b.signed) return a.rank >= b.rank ? a : b
  const [signed, unsigned] = a.signed ? [a, b] : [b, a]
  if (unsigned.rank >= signed.rank) return unsigned
  return signed.size > unsigned.size ? signed : toUnsigned(signed)
}

/** Parameters of array and function type are pointers (C11 6.7.6.3p7-8). */
export function adjustedParameter(type: Type): Type {
  const t = canonical(type)
  if (t.kind === "array") return pointerTo(t.element)
  return t.kind === "function" ? pointerTo(type) : type
}

/** Whether objects of the type can be made and measured. Asking may complete a record from BTF. */
export function isComplete(type: Type): boolean {
  const t = canonical(type)
  switch (t.kind) {
    case "void":
    case "function":
      return false
    case "array":
      return t.count !== undefined && isComplete(t.element)
    case "record":
    case "enum":
      return t.decl.complete
    default:
      return true
  }
}

/** Bytes; undefined for an incomplete type or a function. */
export function sizeOf(type: Type): number | undefined {
  const t = canonical(type)
  switch (t.kind) {
    case "int":
    case "float":
      return t.size
    case "pointer":
      return 8
    case "enum":
      return t.decl.complete ? t.decl.underlying.size : undefined
    case "record":
      return t.decl.complete ? t.decl.size : undefined
    case "array": {
      const size = sizeOf(t.element)
      return size === undefined || t.count === undefined ? undefined : size * t.count
    }
    default:
      return undefined
  }
}

/** Bytes that `p + 1` advances: the size of what is pointed to; 1 for `void` and functions, as GNU C has it. */
export function strideOf(pointed: Type): number | undefined {
  const kind = canonical(pointed).kind
  return kind === "void" || kind === "function" ? 1 : sizeOf(pointed)
}

/** Alignment in bytes; 1 for types that have none. */
export function alignOf(type: Type): number {
  let t: Type = type
  while (t.kind === "typedef") {
    if (t.decl.align !== undefined) return t.decl.align
    t = t.decl.type
  }
  switch (t.kind) {
    case "int":
    case "float":
      return (t as IntType | FloatType).size
    case "pointer":
      return 8
    case "enum":
      return t.decl.underlying.size
    case "record":
      return t.decl.complete ? t.decl.align : 1
    case "array":
      return alignOf(t.element)
    default:
      return 1
  }
}
