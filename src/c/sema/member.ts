import { didYouMean, joinSpans, type Span } from "../../base/index.ts"
import type { Expr } from "../ast.ts"
import type { RecordDecl } from "../types.ts"
import { withQuals } from "./basic.ts"
import type { Context } from "./context.ts"
import { incomplete, rvalue } from "./convert.ts"
import { findMember, memberNames, recordOf } from "./records.ts"
import { canonical, pointerOf, qualsOf } from "./typeops.ts"
import { quoteType, typeToString } from "./typeString.ts"

/** `base.name` and `base->name`; the members between through anonymous records are implicit nodes. */
export function member(c: Context, operand: Expr, arrow: boolean, name: string, at: Span): Expr {
  let base = arrow ? rvalue(c, operand) : operand
  const pointed = pointerOf(base.type)?.to
  if (arrow && pointed === undefined) {
    if (recordOf(base.type) === undefined) notRecord(c, base, at)
    c.error(
      "C_MEMBER_BASE",
      `member reference type ${quoteType(base.type)} is not a pointer; did you mean to use '.'?`,
      at,
    )
    arrow = false
    base = operand
  } else if (!arrow && pointed !== undefined && recordOf(pointed) !== undefined) {
    c.error(
      "C_MEMBER_BASE",
      `member reference type ${quoteType(base.type)} is a pointer; did you mean to use '->'?`,
      at,
    )
    arrow = true
    base = rvalue(c, operand)
  }
  const type = arrow && pointed !== undefined ? pointed : base.type
  const record = recordOf(type)
  if (record === undefined) return notRecord(c, base, at)
  if (!record.complete) incomplete(c, type, at)
  const path = findMember(record, name) ?? c.hooks.member?.(record, name)
  if (path === undefined) return noMember(c, record, type, name, at)
  const span = joinSpans(operand.span, at)
  let e = base
  let quals = qualsOf(type)
  for (const [i, field] of path.entries()) {
    const fieldType = withQuals(field.type, quals)
    const implicit = field.name === undefined
    e = { kind: "member", base: e, field, arrow: arrow && i === 0, implicit, type: fieldType, span }
    quals |= qualsOf(field.type)
  }
  return e
}

function notRecord(c: Context, base: Expr, at: Span): never {
  return c.fail("C_MEMBER_BASE", `member reference base type ${quoteType(base.type)} is not a structure or union`, at)
}

function noMember(
  c: Context,
  record: RecordDecl,
  type: Parameters<typeof quoteType>[0],
  name: string,
  at: Span,
): never {
  const own = c.hooks.memberError?.(record, name)
  if (own !== undefined) return c.fail(own.code ?? "C_NO_MEMBER", own.message, at, { hint: own.hint })
  const near = didYouMean(name, memberNames(record))
  const text = typeToString(canonical({ ...canonical(type), quals: 0 } as typeof type))
  return c.fail("C_NO_MEMBER", `no member named '${name}' in '${text}'${near}`, at, {
    notes: record.span === undefined ? [] : [{ message: `'${text}' is defined here`, span: record.span }],
  })
}
