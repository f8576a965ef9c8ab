import { wrap } from "../constant/evaluate.ts"
import { INT, LONG, SCHAR, SHORT, toUnsigned, UINT, ULONG } from "../sema/basic.ts"
import { noteAt } from "../sema/context.ts"
import { constantInt } from "../sema/convert.ts"
import { declare } from "../sema/declare.ts"
import { SourceEnum } from "../sema/records.ts"
import type { Token } from "../token.ts"
import type { EnumDecl, IntType, Type } from "../types.ts"
import { attributes, hasAttribute } from "./attributes.ts"
import { constantExpression } from "./expression.ts"
import type { Parser } from "./parser.ts"
import { checkTagKind, declaringScope } from "./tagScope.ts"

/** enum-specifier: `enum` attributes (identifier | [identifier] `{` enumerator (`,` enumerator)* [`,`] `}` attributes) */
export function enumSpecifier(p: Parser): Type {
  const keyword = p.next()
  const attrs = attributes(p)
  const tag = p.atName() ? p.next() : undefined
  attrs.push(...attributes(p))
  if (!p.at("{")) {
    if (tag === undefined) return p.unexpected("a tag or '{'", "after 'enum'")
    return enumType(mention(p, tag))
  }
  const decl = open(p, tag, keyword)
  enumerators(p, decl)
  attrs.push(...attributes(p))
  decl.underlying = underlyingType(decl, hasAttribute(attrs, "packed"))
  // An enumerator that no int holds has the type of the enum.
  const wide = decl.underlying
  for (const constant of decl.constants) {
    Object.assign(constant, { type: fits(constant.value, INT) ? INT : wide })
  }
  decl.complete = true
  p.newTypes.push(decl)
  return enumType(decl)
}

function enumType(decl: EnumDecl): Type {
  return { kind: "enum", quals: 0, decl }
}

function mention(p: Parser, tag: Token): EnumDecl {
  const found = p.lookupTag("enum", tag.text)
  if (found !== undefined) {
    checkTagKind(p, found, "enum", tag)
    return found as EnumDecl
  }
  const decl = new SourceEnum(tag.text, tag)
  declaringScope(p).setTag(tag.text, decl)
  return decl
}

function open(p: Parser, tag: Token | undefined, keyword: Token): SourceEnum {
  if (tag !== undefined) {
    const own = p.scope.ownTag(tag.text)
    if (own !== undefined && own.origin === "source") {
      checkTagKind(p, own, "enum", tag)
      if (own.complete)
        p.fail("C_REDEFINITION", `redefinition of '${tag.text}'`, tag, noteAt("previous definition is here", own.span))
      if (own instanceof SourceEnum) return own
    }
  }
  const decl = new SourceEnum(tag?.text, tag ?? keyword)
  if (tag !== undefined) p.scope.setTag(tag.text, decl)
  return decl
}

/** `{` (identifier attributes [`=` constant-expression] `,`)* `}` */
function enumerators(p: Parser, decl: SourceEnum): void {
  const start = p.expect("{")
  let value = 0n
  while (!p.at("}")) {
    const name = p.identifier("for an enumerator")
    attributes(p)
    if (p.accept("=")) value = constantInt(p, constantExpression(p), "enumerator value")
    if (!fits(value, LONG) && !fits(value, ULONG))
      p.fail("C_ENUM_RANGE", `enumerator value ${value} is not representable in 64 bits`, name)
    // While the enum is open, its constants have the type of their values.
    const type = fits(value, INT) ? INT : fits(value, UINT) ? UINT : fits(value, LONG) ? LONG : ULONG
    const constant = { name: name.text, value, type }
    decl.constants.push(constant)
    declare(p, name.text, { kind: "enumerator", constant, decl }, name)
    value++
    if (!p.accept(",")) break
  }
  p.expect("}", "at the end of the enumerators")
  if (decl.constants.length === 0) p.error("C_EMPTY_ENUM", "an enum needs at least one enumerator", start)
}

function fits(value: bigint, type: IntType): boolean {
  return wrap(value, type) === value
}

/** unsigned int, or int when a value is negative, or the 64-bit types; with `packed` the smallest that holds all values. */
function underlyingType(decl: SourceEnum, packed: boolean): IntType {
  const values = decl.constants.map(constant => constant.value)
  const signed = values.some(value => value < 0n)
  const candidates = packed ? [SCHAR, SHORT, INT, LONG] : [INT, LONG]
  for (const candidate of candidates) {
    const type = signed ? candidate : toUnsigned(candidate)
    if (values.every(value => fits(value, type))) return type
  }
  return signed ? LONG : ULONG
}
