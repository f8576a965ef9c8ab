import type { Span } from "../base/index.ts"
import type { Attribute, FunctionDecl } from "./ast.ts"

/**
 * C types. A type is an immutable, thin value; records, enums and typedefs refer to a declaration, which may be
 * completed later (a kernel record is filled in from BTF when somebody first asks for its members). Sugar is kept:
 * a typedef stays a typedef until `canonical` looks through it, so that messages and `--emit=c` use the user's names.
 */
export type Type =
  | VoidType
  | IntType
  | FloatType
  | PointerType
  | ArrayType
  | FunctionType
  | RecordType
  | EnumType
  | TypedefType

/** Bits of `quals`. */
export const CONST = 1
export const VOLATILE = 2
export const RESTRICT = 4
export const ATOMIC = 8
/** `__attribute__((address_space(n)))` is a qualifier: n from this bit on. */
export const ADDRESS_SPACE_SHIFT = 8

interface TypeBase {
  /** Qualifiers written on this very type (a typedef's target may add more). */
  readonly quals: number
  /** `__attribute__((btf_type_tag("…")))` on this very type, as a pointer's target has: kept for BTF, no part of the type otherwise. */
  readonly tags?: readonly string[]
}

export interface VoidType extends TypeBase {
  readonly kind: "void"
}

export type IntName =
  | "bool"
  | "char"
  | "schar"
  | "uchar"
  | "short"
  | "ushort"
  | "int"
  | "uint"
  | "long"
  | "ulong"
  | "llong"
  | "ullong"
  | "int128"
  | "uint128"

export interface IntType extends TypeBase {
  readonly kind: "int"
  readonly name: IntName
  /** Bytes: 1, 2, 4, 8 or 16. Plain `char` is signed. */
  readonly size: number
  readonly signed: boolean
  /** Conversion rank (C11 6.3.1.1): bool 0, char 1, short 2, int 3, long 4, long long 5, __int128 6. */
  readonly rank: number
}

/** Floating types can be named (kernel types hold some) but not computed with: BPF has no floating point. */
export interface FloatType extends TypeBase {
  readonly kind: "float"
  readonly name: "float" | "double" | "long double"
  readonly size: number
}

export interface PointerType extends TypeBase {
  readonly kind: "pointer"
  readonly to: Type
}

export interface ArrayType extends TypeBase {
  readonly kind: "array"
  readonly element: Type
  /** Number of elements; undefined for an incomplete or flexible array. */
  readonly count: number | undefined
}

export interface FunctionType extends TypeBase {
  readonly kind: "function"
  readonly ret: Type
  readonly params: readonly Type[]
  readonly variadic: boolean
  /** Declared with an empty parameter list: any arguments are accepted. */
  readonly unspecified: boolean
}

export interface RecordType extends TypeBase {
  readonly kind: "record"
  readonly decl: RecordDecl
}

export interface EnumType extends TypeBase {
  readonly kind: "enum"
  readonly decl: EnumDecl
}

export interface TypedefType extends TypeBase {
  readonly kind: "typedef"
  readonly decl: TypedefDecl
}

/** Where a declaration came from: the program's text, the kernel's BTF, or made by skep (tracepoint records, tables). */
export type Origin = "source" | "btf" | "generated"

/** A struct or union. `fields`, `size` and `align` may be asked only when `complete`. */
export interface RecordDecl {
  readonly kind: "recordDecl"
  readonly isUnion: boolean
  /** Undefined for an anonymous record. */
  readonly tag: string | undefined
  readonly origin: Origin
  readonly span?: Span
  readonly attrs: readonly Attribute[]
  /** True once the members are known; asking may fetch them from BTF. */
  readonly complete: boolean
  readonly fields: readonly Field[]
  /** Bytes. */
  readonly size: number
  /** Bytes. */
  readonly align: number
}

export interface Field {
  readonly record: RecordDecl
  /** Undefined for an anonymous struct or union member, and for an unnamed bit-field. */
  readonly name: string | undefined
  readonly type: Type
  /** Bytes from the start of the record; for a bit-field, of the storage unit that `bitOffset` counts from. */
  readonly offset: number
  /**
   * For a bit-field: position of its least significant bit within the storage unit (a unit of the size of its type) at `offset`. A packed
   * bit-field may reach beyond that unit.
   */
  readonly bitOffset?: number
  readonly bitWidth?: number
  readonly index: number
  /** `__attribute__((btf_decl_tag("…")))`. */
  readonly tags?: readonly string[]
}

export interface EnumDecl {
  readonly kind: "enumDecl"
  readonly tag: string | undefined
  readonly origin: Origin
  readonly span?: Span
  readonly complete: boolean
  readonly underlying: IntType
  readonly constants: readonly Enumerator[]
}

export interface Enumerator {
  readonly name: string
  readonly value: bigint
  /** Type of the constant in an expression: int where it fits (C11 6.4.4.3), else as GNU C widens it. */
  readonly type: IntType
}

export interface TypedefDecl {
  readonly kind: "typedefDecl"
  readonly name: string
  readonly type: Type
  readonly origin: Origin
  readonly span?: Span
  /** Bytes, where `__attribute__((aligned))` on the typedef sets another alignment than its type has. */
  readonly align?: number
}

/**
 * What a program names but does not define, found elsewhere: in the kernel's BTF, in tracepoint formats, in the helper
 * table. Each answer is made on the first question and is the same object for ever after. A program's own definition
 * always comes first.
 */
export interface NameProvider {
  typedef(name: string): TypedefDecl | undefined
  record(tag: string, isUnion: boolean): RecordDecl | undefined
  enum(tag: string): EnumDecl | undefined
  enumerator(name: string): Enumerator | undefined
  /** A BPF helper or a kernel function that may be called. */
  func(name: string): FunctionDecl | undefined
  /** Names near a wrong one, best first, for "did you mean"; may be empty. */
  suggest(name: string): readonly string[]
}
