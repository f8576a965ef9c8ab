import { SourceFile } from "../../base/index.ts"
import * as c from "../../c/index.ts"

/** A field of a tracepoint's record, as its format file tells. */
export interface FormatField {
  readonly name: string
  /** C declaration without the `;`: `char comm[16]`, `struct sock * sk`. */
  readonly declaration: string
  /** Bytes. */
  readonly offset: number
  /** Bytes. */
  readonly size: number
  readonly signed: boolean
  /** The record holds offset and length of data behind it. */
  readonly dataLoc: boolean
}

/**
 * Reads `events/CATEGORY/EVENT/format` of tracefs. The lines of interest are
 *
 *     field:char prev_comm[16];	offset:8;	size:16;	signed:0;
 *     field:__data_loc char[] name;	offset:8;	size:4;	signed:1;
 */
export function parseFormat(text: string): FormatField[] {
  const fields: FormatField[] = []
  for (const match of text.matchAll(/^\s*field:([^;\n]*);\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:(\d+);)?/gm)) {
    const declaration = match[1].trim()
    const dataLoc = /^__(data|rel)_loc\b/.test(declaration)
    const name = /(\w+)\s*(\[[^\]]*\]\s*)*$/.exec(declaration)?.[1]
    if (name === undefined) continue
    fields.push({
      name,
      declaration,
      offset: Number(match[2]),
      size: Number(match[3]),
      signed: match[4] === "1",
      dataLoc,
    })
  }
  return fields
}

/** Bytes at the start of every tracepoint's record: what a program must not touch. */
const HEADER_SIZE = 8

/**
 * The record that a tracepoint program gets as its context. Fields keep the offsets of the format; a field that is wider
 * there than its type says is widened, and `__data_loc` fields are `int data_loc_NAME`. `types` parses declarations.
 */
export function tracepointRecord(
  tag: string,
  format: string,
  types: (file: SourceFile) => readonly c.Decl[],
): c.RecordDecl {
  const fields = parseFormat(format).filter(f => !f.name.startsWith("common_") && f.offset >= HEADER_SIZE)
  const text = fields.map(f => (f.dataLoc ? "" : `extern ${f.declaration};\n`)).join("")
  const declared = new Map<string, c.Type>()
  for (const decl of types(new SourceFile(`<tracepoint ${tag}>`, text, true))) {
    if (decl.kind === "var") declared.set(decl.name, decl.type)
  }
  const made: { name: string; type: c.Type; offset: number }[] = [
    { name: "__do_not_use__", type: c.ULLONG, offset: 0 },
    ...fields.map(f => ({
      name: f.dataLoc ? `data_loc_${f.name}` : f.name,
      type: fieldType(f, declared.get(f.name)),
      offset: f.offset,
    })),
  ]
  return new TracepointRecord(tag, made)
}

class TracepointRecord implements c.RecordDecl {
  readonly kind = "recordDecl"
  readonly isUnion = false
  readonly origin = "generated"
  readonly attrs = []
  readonly complete = true
  readonly align = 8
  readonly tag: string
  readonly fields: readonly c.Field[]
  readonly size: number

  constructor(tag: string, fields: readonly { name: string; type: c.Type; offset: number }[]) {
    this.tag = tag
    this.fields = fields.map((field, index) => ({ ...field, record: this, index }))
    const end = fields.reduce((max, f) => Math.max(max, f.offset + (c.sizeOf(f.type) ?? 0)), 0)
    this.size = Math.ceil(end / 8) * 8
  }
}

function fieldType(field: FormatField, declared: c.Type | undefined): c.Type {
  if (field.dataLoc) return c.INT
  const size = declared === undefined ? undefined : c.sizeOf(declared)
  if (declared !== undefined && size === field.size) return declared
  const t = declared === undefined ? undefined : c.canonical(declared)
  if (t === undefined || t.kind === "int" || t.kind === "enum") {
    const signed = t === undefined ? field.signed : t.kind === "enum" ? field.signed : t.signed
    const wide = integerOfSize(field.size, signed)
    if (wide !== undefined) return wide
  }
  if (t?.kind === "array" && size !== undefined) {
    const element = c.sizeOf(t.element) ?? 1
    if (element > 0 && field.size % element === 0) return c.arrayOf(t.element, field.size / element)
  }
  return declared !== undefined && size !== undefined && size < field.size ? declared : c.arrayOf(c.CHAR, field.size)
}

function integerOfSize(size: number, signed: boolean): c.IntType | undefined {
  switch (size) {
    case 1:
      return signed ? c.SCHAR : c.UCHAR
    case 2:
      return signed ? c.SHORT : c.USHORT
    case 4:
      return signed ? c.INT : c.UINT
    case 8:
      return signed ? c.LLONG : c.ULLONG
    default:
      return undefined
  }
}
