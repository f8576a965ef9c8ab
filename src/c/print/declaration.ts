import type { Attribute, Decl, FunctionDecl, Init, VarDecl } from "../ast.ts"
import { arrayOf } from "../sema/basic.ts"
import type { MemberSpec } from "../sema/layout.ts"
import { SourceEnum, SourceRecord } from "../sema/records.ts"
import { sizeOf } from "../sema/typeops.ts"
import { declare } from "../sema/typeString.ts"
import type { ArrayType, EnumDecl, RecordDecl, Type, TypedefDecl } from "../types.ts"
import { printInit } from "./expression.ts"
import { big, quote } from "./literal.ts"
import type { Printer, Tagged } from "./printer.ts"
import { printBody } from "./statement.ts"

/** A declaration on lines of its own. */
export function printDecl(p: Printer, decl: Decl): void {
  switch (decl.kind) {
    case "var":
      p.line(`${printVariable(p, decl)};`)
      break
    case "function":
      printFunction(p, decl)
      break
    case "typedefDecl":
      p.line(`typedef ${p.declaration(decl.type, decl.name)}${alignment(decl)};`)
      break
    case "recordDecl":
      if (decl.complete && nameOf(p, decl) !== undefined) p.lines.push(...withPack(p, decl, `${define(p, decl)};`))
      break
    case "enumDecl":
      // Without a tag it is printed where it is mentioned, or here when it never is.
      if (decl.complete && (nameOf(p, decl) !== undefined || !p.plan.mentioned.has(decl))) p.line(`${define(p, decl)};`)
  }
}

function nameOf(p: Printer, decl: Tagged): string | undefined {
  return decl.tag ?? p.plan.tags.get(decl)
}

function alignment(decl: TypedefDecl): string {
  return decl.align === undefined ? "" : ` __attribute__((aligned(${decl.align})))`
}

function withPack(p: Printer, decl: RecordDecl, text: string): string[] {
  const line = "    ".repeat(p.depth) + text
  const pack = decl instanceof SourceRecord ? decl.pack : undefined
  return pack === undefined ? [line] : [`#pragma pack(push, ${pack})`, line, "#pragma pack(pop)"]
}

/** The definition of a record or enum, without a `;`: where it stands is for the caller. */
export function define(p: Printer, decl: Tagged): string {
  return decl.kind === "enumDecl" ? defineEnum(p, decl) : defineRecord(p, decl)
}

function defineRecord(p: Printer, decl: RecordDecl): string {
  const head = [decl.isUnion ? "union" : "struct", nameOf(p, decl)].filter(word => word !== undefined).join(" ")
  if (!decl.complete) return head
  const members = decl instanceof SourceRecord ? decl.members : decl.fields
  const lines = p.nested(() => {
    for (const member of members) p.line(`${printMember(p, member)};`)
  })
  const attrs = printAttributes(decl.attrs)
  return `${head} {\n${[...lines, ""].join("\n")}${"    ".repeat(p.depth)}}${attrs === "" ? "" : ` ${attrs.trimEnd()}`}`
}

function printMember(p: Printer, { name, type, bitWidth, align, packed }: MemberSpec): string {
  const width = bitWidth === undefined ? "" : `${name === undefined ? " " : ""}: ${bitWidth}`
  const attrs = [packed ? "packed" : "", align === undefined ? "" : `aligned(${align})`].filter(attr => attr !== "")
  const tail = attrs.length === 0 ? "" : ` __attribute__((${attrs.join(", ")}))`
  return `${p.declaration(type, name ?? "")}${name !== undefined && width !== "" ? ` ${width}` : width}${tail}`
}

function defineEnum(p: Printer, decl: EnumDecl): string {
  const name = nameOf(p, decl)
  const constants = decl.constants.map(({ name, value }) => `${name} = ${big(value)}`)
  const fixed = decl instanceof SourceEnum && decl.fixed
  const type = fixed ? `: ${p.typeName(decl.underlying)} ` : ""
  const packed = !fixed && decl.underlying.size < 4 ? " __attribute__((packed))" : ""
  return `enum ${name === undefined ? "" : `${name} `}${type}{ ${constants.join(", ")} }${packed}`
}

/** A variable with its initialiser, without `;`. `more`: behind another of the same base type, so only the declarator. */
export function printVariable(p: Printer, decl: VarDecl, more = false): string {
  const type = isFilledBy(decl.type, decl.init) ? arrayOf(decl.type.element, undefined) : decl.type
  const text = more ? declare(type, decl.name, () => "").trimStart() : p.declaration(type, decl.name)
  const lead = more ? "" : `${printAttributes(decl.attrs)}${storage(decl)}`
  const asked = decl.attrs.some(attr => attr.name === "aligned")
  const align = decl.align === undefined || asked ? "" : ` __attribute__((aligned(${decl.align})))`
  const init = decl.init === undefined ? "" : ` = ${printInit(p, decl.init)}`
  return `${lead}${text}${label(decl.attrs)}${align}${init}`
}

/** Whether a string gives an array its size: `char s[] = "text"`. One without room for the closing NUL does not. */
function isFilledBy(type: Type, init: Init | undefined): type is ArrayType {
  if (type.kind !== "array" || init?.kind !== "expr" || init.expr.kind !== "string") return false
  const { bytes } = init.expr
  const unit = sizeOf(type.element) ?? 0
  return type.count !== undefined && type.count * unit === bytes.length && bytes.subarray(-unit).every(b => b === 0)
}

function storage(decl: VarDecl | FunctionDecl): string {
  return decl.storage === "none" || decl.storage === "auto" ? "" : `${decl.storage} `
}

function printFunction(p: Printer, decl: FunctionDecl): void {
  const { body } = decl
  if (body === undefined) {
    p.line(`${printSignature(p, decl)};`)
    return
  }
  const attrs = printAttributes(decl.attrs)
  if (attrs !== "") p.line(attrs.trimEnd())
  p.line(printSignature(p, { ...decl, attrs: decl.attrs.filter(attr => attr.name === "asm") }))
  if (isOldStyle(decl)) {
    const types = () => {
      for (const param of decl.params) p.line(`${parameter(p, param)};`)
    }
    p.lines.push(...p.nested(types))
  }
  p.line("{")
  p.lines.push(...p.nested(() => printBody(p, body)))
  p.line("}")
}

/** A function's declaration without `;`, with the names of its parameters where it has them. */
export function printSignature(p: Printer, decl: FunctionDecl): string {
  const { type, params } = decl
  let list: string | undefined
  if (isOldStyle(decl)) list = params.map(param => param.name).join(", ")
  else if (params.length > 0 && params.length === type.params.length) {
    const words = params.map(param => parameter(p, param))
    if (type.variadic) words.push("...")
    list = words.join(", ")
  }
  const lead = `${printAttributes(decl.attrs)}${storage(decl)}${decl.inline ? "inline " : ""}`
  return `${lead}${p.declaration(type, decl.name, list)}${label(decl.attrs)}`
}

function parameter(p: Printer, param: VarDecl): string {
  return `${storage(param)}${p.declaration(param.type, param.name)}`
}

/** A definition whose type does not tell its parameters. */
function isOldStyle({ type, params }: FunctionDecl): boolean {
  return type.unspecified && params.length > 0
}

/** Attributes whose argument is a string literal; those of others are words or numbers. */
const QUOTED = new Set([
  "section",
  "deprecated",
  "alias",
  "btf_type_tag",
  "btf_decl_tag",
  "warning",
  "error",
  "visibility",
])

function printAttributes(attrs: readonly Attribute[]): string {
  const words: string[] = []
  for (const { name, args } of attrs) {
    // The mode is in the type already; the label stands behind the declarator.
    if (name === "mode" || name === "asm") continue
    const texts = args.map(arg => (typeof arg === "string" && QUOTED.has(name) ? quote(arg) : `${arg}`))
    words.push(args.length === 0 ? name : `${name}(${texts.join(", ")})`)
  }
  return words.length === 0 ? "" : `__attribute__((${words.join(", ")})) `
}

function label(attrs: readonly Attribute[]): string {
  const name = attrs.find(attr => attr.name === "asm")?.args[0]
  return name === undefined ? "" : ` asm(${quote(String(name))})`
}
