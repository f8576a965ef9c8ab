import type { Span } from "../../base/index.ts"
import type { Attribute } from "../ast.ts"
import type {
  EnumDecl,
  Enumerator,
  Field,
  IntType,
  Origin,
  RecordDecl,
  RecordType,
  Type,
  TypedefDecl,
} from "../types.ts"
import { UINT } from "./basic.ts"
import type { MemberSpec } from "./layout.ts"
import { canonical } from "./typeops.ts"

/** A struct or union of the program; made at its first mention, completed by its definition. */
export class SourceRecord implements RecordDecl {
  readonly kind = "recordDecl"
  readonly isUnion: boolean
  readonly tag: string | undefined
  readonly origin: Origin = "source"
  span: Span | undefined
  attrs: readonly Attribute[] = []
  complete = false
  fields: Field[] = []
  size = 0
  align = 1
  /** Set between `{` and `}`. */
  open = false
  /** The members as written, with zero-width bit-fields and what attributes say of each. */
  members: readonly MemberSpec[] = []
  /** `#pragma pack` in force at the definition. */
  pack: number | undefined

  constructor(isUnion: boolean, tag: string | undefined, span: Span | undefined) {
    this.isUnion = isUnion
    this.tag = tag
    this.span = span
  }
}

/** An enum of the program. */
export class SourceEnum implements EnumDecl {
  readonly kind = "enumDecl"
  readonly tag: string | undefined
  readonly origin: Origin = "source"
  span: Span | undefined
  complete = false
  underlying: IntType = UINT
  /** C23: the type was written, `enum e : char`. */
  fixed = false
  /** Its enumerators were seen: with a fixed type it is complete before. */
  defined = false
  constants: Enumerator[] = []

  constructor(tag: string | undefined, span: Span | undefined) {
    this.tag = tag
    this.span = span
  }
}

export function sourceTypedef(name: string, type: Type, span: Span, align?: number): TypedefDecl {
  return { kind: "typedefDecl", name, type, origin: "source", span, ...(align === undefined ? {} : { align }) }
}

export function recordType(decl: RecordDecl): RecordType {
  return { kind: "record", quals: 0, decl }
}

/** The record behind a type. */
export function recordOf(type: Type): RecordDecl | undefined {
  const t = canonical(type)
  return t.kind === "record" ? t.decl : undefined
}

/** A member by name, through anonymous members: the fields on the way, the named one last. */
export function findMember(record: RecordDecl, name: string): Field[] | undefined {
  for (const field of record.fields) if (field.name === name) return [field]
  for (const field of record.fields) {
    if (field.name !== undefined || field.bitWidth !== undefined) continue
    const inner = recordOf(field.type)
    const path = inner?.complete ? findMember(inner, name) : undefined
    if (path !== undefined) return [field, ...path]
  }
  return undefined
}

/** The names of all members, those of anonymous members included. */
export function memberNames(record: RecordDecl): string[] {
  const names: string[] = []
  for (const field of record.fields) {
    if (field.name !== undefined) names.push(field.name)
    else {
      const inner = recordOf(field.type)
      if (inner?.complete) names.push(...memberNames(inner))
    }
  }
  return names
}
