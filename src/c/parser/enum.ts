import { wrap } from "../constant/evaluate.ts"
import { INT, LONG, SCHAR, SHORT, toUnsigned, UINT, ULONG } from "../sema/basic.ts"
import { noteAt } from "../sema/context.ts"
import { constantInt } from "../sema/convert.ts"
import { declare } from "../sema/declare.ts"
import { SourceEnum } from "../sema/records.ts"
import { canonical } from "../sema/typeops.ts"
import { quoteType } from "../sema/typeString.ts"
import type { Token } from "../token.ts"
import type { EnumDecl, IntType, Type } from "../types.ts"
import { attributes, hasAttribute } from "./attributes.ts"
import { constantExpression } from "./expression.ts"
import type { Parser } from "./parser.ts"
import { specifiers, startsType } from "./specifiers.ts"
import { checkTagKind, declaringScope } from "./tagScope.ts"

/** enum-specifier: `enum` attributes (identifier | [identifier] [`:` type] `{` enumerator (`,` enumerator)* [`,`] `}` attributes) */
export function enumSpecifier(p: Parser): Type {
  const keyword = p.next()
  const attrs = attributes(p)
  const tag = p.atName() ? p.next() : undefined
  attrs.push(...attributes(p))
  // In a struct, `enum e : 3` is an unnamed bit-field.
  const fixed = p.at(":") && startsType(p, p.peek()) ? fixedType(p) : undefined
  if (!p.at("{")) {
    if (tag === undefined) return p.unexpected("a tag or '{'", "after 'enum'")
    const decl = mention(p, tag)
    if (fixed !== undefined) fix(p, decl, fixed, tag)
    return enumType(decl)
  }
  const decl = open(p, tag, keyword)
  if (fixed !== undefined) fix(p, decl, fixed, tag ?? keyword)
  enumerators(p, decl)
  attrs.push(...attributes(p))
  if (decl.fixed) {
    decl.defined = true
    p.newTypes.push(decl)
    return enumType(decl)
  }
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

/** `:` type-name, which must be an integer's */
function fixedType(p: Parser): IntType {
  p.next()
  const { tok } = p
  const { type } = specifiers(p)
  const t = canonical(type)
  if (t.kind !== "int") return p.fail("C_NOT_INTEGER", `the type of an enum cannot be ${quoteType(type)}`, tok)
  return t.quals === 0 ? t : { ...t, quals: 0 }
}

/** Gives an enum its type, which all its mentions must agree on; it is complete from here on. */
function fix(p: Parser, decl: EnumDecl, type: IntType, at: Token): void {
  if (!(decl instanceof SourceEnum) || (decl.complete && decl.underlying.name !== type.name))
    p.fail("C_REDEFINITION", `the enum '${at.text}' was declared with a different underlying type`, at)
  decl.underlying = type
  decl.fixed = true
  decl.complete = true
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
      if (own instanceof SourceEnum ? own.defined || (own.complete && !own.fixed) : own.complete)
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
    if (decl.fixed && !fits(value, decl.underlying)) {
      const type = quoteType(decl.underlying)
      p.fail("C_ENUM_RANGE", `enumerator value ${value} is not representable in the underlying type ${type}`, name)
    }
    if (!fits(value, LONG) && !fits(value, ULONG))
      p.fail("C_ENUM_RANGE", `enumerator value ${value} is not representable in 64 bits`, name)
    // While the enum is open, its constants have the type of their values.
    const type = decl.fixed
      ? decl.underlying
      : fits(value, INT)
        ? INT
        : fits(value, UINT)
          ? UINT
          : fits(value, LONG)
            ? LONG
            : ULONG
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
