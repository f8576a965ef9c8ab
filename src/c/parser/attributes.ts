import type { Attribute } from "../ast.ts"
import { evaluate } from "../constant/evaluate.ts"
import { INT_TYPES, withQuals } from "../sema/basic.ts"
import { constantInt, rvalue } from "../sema/convert.ts"
import { alignOf, canonical } from "../sema/typeops.ts"
import type { Token } from "../token.ts"
import { ADDRESS_SPACE_SHIFT, type IntName, type Type } from "../types.ts"
import { constantExpression } from "./expression.ts"
import type { Parser } from "./parser.ts"
import { strings } from "./postfix.ts"
import { startsType, typeName } from "./specifiers.ts"

/** Whether attributes begin at a token: `__attribute__((…))`, or C23's `[[…]]`, which can begin nothing else. */
export function atAttribute(p: Parser, ahead = 0): boolean {
  const { kind, text } = p.peek(ahead)
  if (kind === "ident") return text === "__attribute__" || text === "__attribute"
  return text === "[" && kind === "punct" && p.peek(ahead + 1).text === "["
}

/** How many tokens on stands what follows the attributes here. */
export function behindAttributes(p: Parser): number {
  let ahead = 0
  while (atAttribute(p, ahead)) {
    if (p.peek(ahead).kind === "ident") ahead++
    for (let depth = 0; ; ahead++) {
      const { text, kind } = p.peek(ahead)
      if (kind === "eof") return ahead
      if (kind !== "punct") continue
      if (text === "(" || text === "[") depth++
      else if ((text === ")" || text === "]") && --depth <= 0) break
    }
    ahead++
  }
  return ahead
}

/**
 *     attributes: (`__attribute__` `(` `(` [attribute (`,` attribute)*] `)` `)` | `[` `[` [standard (`,` standard)*] `]` `]`)*
 *     attribute: [identifier [`(` … `)`]]
 *     standard: [[identifier `:` `:`] identifier [`(` … `)`]]
 */
export function attributes(p: Parser): Attribute[] {
  const list: Attribute[] = []
  while (atAttribute(p)) {
    if (p.at("[")) {
      list.push(...standardAttributes(p))
      continue
    }
    p.next()
    p.expect("(", "after '__attribute__'")
    p.expect("(", "after '__attribute__('")
    while (!p.at(")")) {
      if (p.accept(",")) continue
      list.push(attribute(p))
    }
    p.expect(")")
    p.expect(")")
  }
  return list
}

/** C's own attributes that GNU C knows by another name. */
const STANDARD: Readonly<Record<string, string>> = { maybe_unused: "unused", nodiscard: "warn_unused_result" }

function standardAttributes(p: Parser): Attribute[] {
  const list: Attribute[] = []
  p.next()
  p.next()
  while (!p.at("]")) {
    if (p.accept(",")) continue
    const prefixed = p.peek().text === ":" && p.peek(2).text === ":"
    const vendor = prefixed ? p.next().text.replaceAll("_", "") : ""
    if (prefixed) {
      p.next()
      p.next()
    }
    const made = attribute(p)
    if (vendor === "") list.push({ ...made, name: STANDARD[made.name] ?? made.name })
    // What another compiler's attributes mean is not known.
    else if (vendor === "gnu" || vendor === "clang") list.push(made)
  }
  p.expect("]")
  p.expect("]", "at the end of the attributes")
  return list
}

function attribute(p: Parser): Attribute {
  if (p.tok.kind !== "ident") p.unexpected("an attribute")
  const start = p.next()
  const name = plainName(start.text)
  if (!p.accept("(")) return { name, args: [], span: start }
  const args: (bigint | string)[] = []
  if (name === "aligned" && !p.at(")")) {
    args.push(alignmentArgument(p))
  } else {
    const expressions = name.startsWith("bpf_")
    while (!p.at(")")) {
      args.push(argument(p, expressions))
      if (!p.accept(",")) break
    }
  }
  p.expect(")", "after the arguments of an attribute")
  return { name, args, span: p.from(start) }
}

/** `__packed__` is `packed`. */
function plainName(text: string): string {
  return text.length > 4 && text.startsWith("__") && text.endsWith("__") ? text.slice(2, -2) : text
}

/** A string, a constant, or the text of whatever stands up to the next `,` or `)`. A dialect's own attributes have constant expressions. */
function argument(p: Parser, expressions: boolean): bigint | string {
  if (p.tok.kind === "string") return new TextDecoder().decode(strings(p).bytes.slice(0, -1))
  if (expressions) return constantInt(p, constantExpression(p), "an attribute's argument")
  const next = p.peek().text
  if (p.tok.kind === "number" && (next === "," || next === ")")) {
    return evaluate(rvalue(p, constantExpression(p))) ?? 0n
  }
  const words: string[] = []
  let depth = 0
  while (p.tok.kind !== "eof") {
    if (depth === 0 && (p.at(",") || p.at(")"))) break
    if (p.at("(")) depth++
    else if (p.at(")")) depth--
    words.push(p.next().text)
  }
  return words.length === 1 ? plainName(words[0]) : words.join(" ")
}

function alignmentArgument(p: Parser): bigint {
  const at = p.tok
  const value = constantInt(p, constantExpression(p), "alignment")
  checkAlignment(p, value, at)
  return value
}

function checkAlignment(p: Parser, value: bigint, at: Token): void {
  if (value <= 0n || (value & (value - 1n)) !== 0n) p.fail("C_ALIGNMENT", "requested alignment is not a power of 2", at)
  if (value > 1n << 28n) p.fail("C_ALIGNMENT", "requested alignment is too large", at)
}

/** `_Alignas` `(` (type-name | constant-expression) `)`: bytes; 0 asks for nothing. */
export function alignas(p: Parser): number {
  p.next()
  p.expect("(", "after '_Alignas'")
  let align: number
  if (startsType(p, p.tok)) align = alignOf(typeName(p))
  else {
    const at = p.tok
    const value = constantInt(p, constantExpression(p), "alignment")
    if (value !== 0n) checkAlignment(p, value, at)
    align = Number(value)
  }
  p.expect(")", "after '_Alignas(…'")
  return align
}

export function hasAttribute(attrs: readonly Attribute[], name: string): boolean {
  return attrs.some(attr => attr.name === name)
}

/** The strictest `aligned` of a list, in bytes; without an argument it is the greatest useful one, 16. */
export function alignedBy(attrs: readonly Attribute[], also?: number): number | undefined {
  let align = also === 0 ? undefined : also
  for (const { name, args } of attrs) {
    if (name !== "aligned") continue
    align = Math.max(align ?? 0, args.length === 0 ? 16 : Number(args[0]))
  }
  return align
}

const MODES: Readonly<Record<string, [IntName, IntName]>> = {
  QI: ["schar", "uchar"],
  byte: ["schar", "uchar"],
  HI: ["short", "ushort"],
  SI: ["int", "uint"],
  DI: ["long", "ulong"],
  word: ["long", "ulong"],
  pointer: ["long", "ulong"],
  TI: ["int128", "uint128"],
}

/** What attributes make of a declaration's type: `mode(DI)` changes an integer's size; vectors are refused. */
export function applyTypeAttributes(p: Parser, type: Type, attrs: readonly Attribute[]): Type {
  for (const attr of attrs) {
    if (attr.name === "vector_size" || attr.name === "ext_vector_type") {
      p.fail("C_UNSUPPORTED", "vector types are not supported in BPF programs", attr.span)
    }
    if (attr.name !== "mode") continue
    const mode = MODES[String(attr.args[0])]
    const t = canonical(type)
    if (mode === undefined) p.fail("C_BAD_ATTRIBUTE", `unknown machine mode '${attr.args[0] ?? ""}'`, attr.span)
    if (t.kind !== "int") p.fail("C_BAD_ATTRIBUTE", "mode attribute applies to integer types only", attr.span)
    else type = { ...INT_TYPES[mode[t.signed ? 0 : 1]], quals: t.quals }
  }
  return type
}

/** What attributes among a declaration's specifiers say of its type: a tag for BTF, the address space of what a pointer to it points to. */
export function qualifyByAttributes(type: Type, attrs: readonly Attribute[]): Type {
  const tags = attrs.filter(attr => attr.name === "btf_type_tag").map(attr => String(attr.args[0]))
  if (tags.length > 0) type = { ...type, tags: [...(type.tags ?? []), ...tags] }
  const space = attrs.find(attr => attr.name === "address_space")
  return space === undefined ? type : withQuals(type, Number(space.args[0]) << ADDRESS_SPACE_SHIFT)
}

/** The tags that BTF keeps of a declaration. */
export function declTags(attrs: readonly Attribute[]): readonly string[] | undefined {
  const tags = attrs.filter(attr => attr.name === "btf_decl_tag").map(attr => String(attr.args[0]))
  return tags.length === 0 ? undefined : tags
}
