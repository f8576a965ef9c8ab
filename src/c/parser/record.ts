import type { Attribute } from "../ast.ts"
import { evaluate } from "../constant/evaluate.ts"
import { noteAt } from "../sema/context.ts"
import { rvalue } from "../sema/convert.ts"
import { layoutRecord, type MemberSpec } from "../sema/layout.ts"
import { memberNames, recordOf, recordType, SourceRecord } from "../sema/records.ts"
import { canonical, isBool, isComplete, isInteger, sizeOf } from "../sema/typeops.ts"
import { quoteType } from "../sema/typeString.ts"
import type { Token } from "../token.ts"
import type { RecordDecl, Type } from "../types.ts"
import {
  alignedBy,
  applyTypeAttributes,
  attributes,
  declTags,
  hasAttribute,
  qualifyByAttributes,
} from "./attributes.ts"
import { declarator } from "./declarator.ts"
import { constantExpression } from "./expression.ts"
import type { Parser } from "./parser.ts"
import { inForce } from "./pragma.ts"
import { type Specifiers, specifiers } from "./specifiers.ts"
import { atStaticAssert, staticAssert } from "./staticAssert.ts"
import { checkTagKind, declaringScope } from "./tagScope.ts"

/** struct-or-union-specifier: (`struct` | `union`) attributes (identifier | [identifier] `{` member-declaration* `}` attributes) */
export function recordSpecifier(p: Parser): Type {
  const keyword = p.next()
  const kind = keyword.text as "struct" | "union"
  const isUnion = kind === "union"
  const attrs = attributes(p)
  const tag = p.atName() ? p.next() : undefined
  const late = attributes(p)
  attrs.push(...late)
  if (p.at("{")) {
    const record = openRecord(p, kind, tag, keyword)
    defineRecord(p, record, attrs)
    return recordType(record)
  }
  if (tag === undefined) return p.unexpected(`a tag or '{'`, `after '${kind}'`)
  // `struct x;` alone declares the tag in its own scope.
  const alone = p.at(";")
  const found = alone
    ? (p.scope.ownTag(tag.text) ?? (p.scope === p.fileScope ? p.lookupTag(kind, tag.text) : undefined))
    : p.lookupTag(kind, tag.text)
  if (found !== undefined) {
    checkTagKind(p, found, kind, tag)
    return qualifyByAttributes(recordType(found as RecordDecl), late)
  }
  const record = new SourceRecord(isUnion, tag.text, tag)
  declaringScope(p).setTag(tag.text, record)
  return qualifyByAttributes(recordType(record), late)
}

/** The record that a definition completes: that of an earlier mention in this scope, or a new one. */
function openRecord(p: Parser, kind: "struct" | "union", tag: Token | undefined, keyword: Token): SourceRecord {
  if (tag !== undefined) {
    const own = p.scope.ownTag(tag.text)
    if (own instanceof SourceRecord) {
      checkTagKind(p, own, kind, tag)
      if (own.complete || own.open)
        p.fail("C_REDEFINITION", `redefinition of '${tag.text}'`, tag, noteAt("previous definition is here", own.span))
      own.span = tag
      return own
    }
    if (own !== undefined && own.origin === "source") checkTagKind(p, own, kind, tag)
  }
  const record = new SourceRecord(kind === "union", tag?.text, tag ?? keyword)
  if (tag !== undefined) p.scope.setTag(tag.text, record)
  return record
}

function defineRecord(p: Parser, record: SourceRecord, before: readonly Attribute[]): void {
  const pack = inForce(p.pragmas.pack, p.pos)?.value
  const pushed = inForce(p.pragmas.attributes, p.pos)?.names ?? []
  const open = p.expect("{")
  p.enter(open)
  record.open = true
  const members: MemberSpec[] = []
  const names = new Map<string, Token | undefined>()
  while (!p.at("}") && p.tok.kind !== "eof") {
    const start = p.pos
    p.guard(
      () => memberDeclaration(p, record, members, names),
      () => {
        p.skipTo(start, ";")
        p.accept(";")
      },
    )
  }
  p.expect("}", "at the end of the members")
  p.leave()
  const after = attributes(p)
  const attrs = [...before, ...after, ...pushed.map(name => ({ name, args: [], span: open }))]
  const layout = layoutRecord(record, members, {
    union: record.isUnion,
    packed: hasAttribute(attrs, "packed"),
    pack,
    alignedTo: alignedBy(attrs),
  })
  Object.assign(record, { attrs, members, pack, open: false, complete: true, ...layout })
  p.newTypes.push(record)
}

/** member-declaration: specifier-qualifier-list [member-declarator (`,` member-declarator)*] `;` | static-assert | `;` */
function memberDeclaration(
  p: Parser,
  record: SourceRecord,
  members: MemberSpec[],
  names: Map<string, Token | undefined>,
): void {
  if (p.accept(";")) return
  if (atStaticAssert(p)) {
    staticAssert(p)
    return
  }
  const spec = specifiers(p)
  if (spec.storage !== "none" || spec.typedef || spec.auto || spec.inline) {
    p.fail("C_SPECIFIERS", "a member cannot have a storage class", spec.start)
  }
  if (p.at(";")) {
    p.next()
    anonymousMember(p, spec, record, members, names)
    return
  }
  do memberDeclarator(p, spec, record, members, names)
  while (p.accept(","))
  if (p.at("}")) p.warn("C_SYNTAX", "expected ';' at end of declaration list", p.end())
  else p.expectSemicolon("the member declaration")
}

/** An unnamed struct or union gives its members to the record around it (C11 6.7.2.1p13). */
function anonymousMember(
  p: Parser,
  spec: Specifiers,
  record: SourceRecord,
  members: MemberSpec[],
  names: Map<string, Token | undefined>,
): void {
  const inner = recordOf(spec.type)
  if (inner === undefined || inner.tag !== undefined) {
    if (canonical(spec.type).kind !== "enum" && inner === undefined)
      p.warn("C_EMPTY_DECLARATION", "declaration does not declare anything", spec.start)
    return
  }
  for (const name of memberNames(inner)) declareMember(p, name, spec.start, names)
  checkLast(p, record, members, spec.start)
  members.push({
    name: undefined,
    type: spec.type,
    align: alignedBy(spec.attrs, spec.align),
    packed: hasAttribute(spec.attrs, "packed"),
  })
}

/** member-declarator: declarator [`:` constant-expression] attributes | `:` constant-expression attributes */
function memberDeclarator(
  p: Parser,
  spec: Specifiers,
  record: SourceRecord,
  members: MemberSpec[],
  names: Map<string, Token | undefined>,
): void {
  const at = p.tok
  const d = p.at(":") ? undefined : declarator(p, spec.type)
  const width = p.accept(":") ? rvalue(p, constantExpression(p)) : undefined
  const attrs = [...spec.attrs, ...(d?.attrs ?? []), ...attributes(p)]
  const type = d === undefined ? spec.type : applyTypeAttributes(p, d.type, attrs)
  const name = d?.name?.text
  if (name !== undefined) declareMember(p, name, d?.name ?? at, names)
  checkLast(p, record, members, at)
  const bitWidth = width === undefined ? undefined : checkWidth(p, type, evaluate(width), name, width.span)
  if (bitWidth === undefined) checkMemberType(p, type, record, members, name ?? "", at)
  members.push({
    name,
    type,
    bitWidth,
    align: alignedBy(attrs, spec.align),
    packed: hasAttribute(attrs, "packed"),
    tags: declTags(attrs),
  })
}

function declareMember(p: Parser, name: string, at: Token, names: Map<string, Token | undefined>): void {
  if (names.has(name))
    p.error("C_REDEFINITION", `duplicate member '${name}'`, at, noteAt("previous declaration is here", names.get(name)))
  names.set(name, at)
}

function checkMemberType(
  p: Parser,
  type: Type,
  record: SourceRecord,
  members: readonly MemberSpec[],
  name: string,
  at: Token,
): void {
  const t = canonical(type)
  if (t.kind === "function") p.fail("C_BAD_TYPE", `member '${name}' declared as a function`, at)
  if (t.kind === "array" && t.count === undefined) {
    if (!record.isUnion && members.length === 0)
      p.warn("C_FLEXIBLE_ARRAY", `flexible array member '${name}' in otherwise empty struct`, at)
    return
  }
  if (!isComplete(type)) p.fail("C_INCOMPLETE", `member '${name}' has incomplete type ${quoteType(type)}`, at)
}

/** A flexible array stands last; in a union every member does. */
function checkLast(p: Parser, record: SourceRecord, members: readonly MemberSpec[], at: Token): void {
  const last = members[members.length - 1]
  const t = last && canonical(last.type)
  if (t?.kind !== "array" || t.count !== undefined || record.isUnion) return
  p.error("C_FLEXIBLE_ARRAY", `flexible array member '${last.name ?? ""}' is not at the end of the struct`, at)
}

function checkWidth(
  p: Parser,
  type: Type,
  value: bigint | undefined,
  name: string | undefined,
  at: Parameters<Parser["fail"]>[2],
): number {
  const what = name === undefined ? "anonymous bit-field" : `bit-field '${name}'`
  if (!isInteger(type)) p.fail("C_BITFIELD", `${what} has non-integral type ${quoteType(type)}`, at)
  if (value === undefined) return p.fail("C_NOT_CONSTANT", `width of ${what} is not an integer constant expression`, at)
  const most = isBool(type) ? 1 : (sizeOf(type) ?? 0) * 8
  if (value < 0n) p.fail("C_BITFIELD", `${what} has negative width (${value})`, at)
  if (value > BigInt(most))
    p.fail("C_BITFIELD", `width of ${what} (${value} bits) exceeds the width of its type (${most} bits)`, at)
  if (value === 0n && name !== undefined) p.fail("C_BITFIELD", `${what} has zero width`, at)
  return Number(value)
}
