import type { BtfKind, BtfLinkage } from "./format.ts"

/** Id 0. */
export interface VoidType {
  readonly kind: "void"
  readonly name: ""
}

export interface IntType {
  readonly kind: "int"
  readonly name: string
  /** Bytes: 1, 2, 4, 8 or 16. */
  readonly size: number
  /** Width in bits; less than `size * 8` only in old encodings of bit-fields. */
  readonly bits: number
  /** Where the bits start in the storage; not 0 only in old encodings of bit-fields. */
  readonly bitOffset: number
  readonly signed: boolean
  readonly char: boolean
  readonly bool: boolean
}

export interface PtrType {
  readonly kind: "ptr"
  readonly name: ""
  readonly type: number
}

/** `typedef`, `const`, `volatile`, `restrict`: a type that stands for another. */
export interface AliasType {
  readonly kind: "typedef" | "const" | "volatile" | "restrict"
  /** Empty but for a typedef. */
  readonly name: string
  readonly type: number
}

export interface TypeTagType {
  readonly kind: "type_tag"
  /** The tag's text. */
  readonly name: string
  readonly type: number
  /** The text is a whole attribute, not a `btf_type_tag` (kernel 6.15). */
  readonly attribute: boolean
}

export interface ArrayType {
  readonly kind: "array"
  readonly name: ""
  /** Element type. */
  readonly type: number
  readonly indexType: number
  /** Number of elements; 0 for a flexible array. */
  readonly count: number
}

export interface BtfMember {
  /** Empty for an anonymous struct or union. */
  readonly name: string
  readonly type: number
  /** From the start of the record. */
  readonly bitOffset: number
  /** Width of a bit-field; 0 for other members. */
  readonly bitSize: number
}

export interface RecordType {
  readonly kind: "struct" | "union"
  readonly name: string
  /** Bytes. */
  readonly size: number
  readonly members: readonly BtfMember[]
}

export interface BtfEnumerator<V extends number | bigint = number | bigint> {
  readonly name: string
  readonly value: V
}

export interface EnumType {
  readonly kind: "enum"
  readonly name: string
  /** Bytes: 1, 2, 4 or 8. */
  readonly size: number
  readonly signed: boolean
  readonly values: readonly BtfEnumerator<number>[]
}

export interface Enum64Type {
  readonly kind: "enum64"
  readonly name: string
  readonly size: number
  readonly signed: boolean
  readonly values: readonly BtfEnumerator<bigint>[]
}

export interface FwdType {
  readonly kind: "fwd"
  readonly name: string
  /** Of a union; otherwise of a struct. */
  readonly union: boolean
}

export interface FuncType {
  readonly kind: "func"
  readonly name: string
  /** The function's `func_proto`. */
  readonly type: number
  readonly linkage: BtfLinkage
}

export interface BtfParam {
  readonly name: string
  readonly type: number
}

export interface FuncProtoType {
  readonly kind: "func_proto"
  readonly name: ""
  /** Return type. */
  readonly type: number
  /** Without the `...` of a variadic function. */
  readonly params: readonly BtfParam[]
  readonly variadic: boolean
}

export interface VarType {
  readonly kind: "var"
  readonly name: string
  readonly type: number
  readonly linkage: BtfLinkage
}

export interface BtfSectionVar {
  /** A `var`, or a `func` in `.ksyms`. */
  readonly type: number
  /** Bytes from the start of the section. */
  readonly offset: number
  readonly size: number
}

export interface DatasecType {
  readonly kind: "datasec"
  /** Section name. */
  readonly name: string
  readonly size: number
  readonly vars: readonly BtfSectionVar[]
}

export interface FloatType {
  readonly kind: "float"
  readonly name: string
  /** Bytes: 2, 4, 8, 12 or 16. */
  readonly size: number
}

export interface DeclTagType {
  readonly kind: "decl_tag"
  /** The tag's text. */
  readonly name: string
  readonly type: number
  /** Member or parameter that is tagged; -1 for the declaration itself. */
  readonly component: number
  /** The text is a whole attribute, not a `btf_decl_tag` (kernel 6.15). */
  readonly attribute: boolean
}

/** A decoded type. Type references are ids. */
export type BtfType =
  | VoidType
  | IntType
  | PtrType
  | AliasType
  | TypeTagType
  | ArrayType
  | RecordType
  | EnumType
  | Enum64Type
  | FwdType
  | FuncType
  | FuncProtoType
  | VarType
  | DatasecType
  | FloatType
  | DeclTagType

export type BtfTypeOf<K extends BtfKind> = Extract<BtfType, { readonly kind: K }>

/** Whether a type is a struct or a union. */
export function isRecord(type: BtfType): type is RecordType {
  return type.kind === "struct" || type.kind === "union"
}
