import { joinSpans, type Span } from "../../base/index.ts"
import type { Expr } from "../ast.ts"
import { constantInt } from "../sema/convert.ts"
import { type Designator, initialize, type RawEntry, type RawInit, type RawList } from "../sema/init.ts"
import { isFunction, isVoid } from "../sema/typeops.ts"
import { quoteType } from "../sema/typeString.ts"
import type { Type } from "../types.ts"
import { assignment, constantExpression } from "./expression.ts"
import type { Parser } from "./parser.ts"

/** initializer: assignment-expression | `{` [initializer-list [`,`]] `}` */
export function initializer(p: Parser): RawInit {
  return p.at("{") ? bracedList(p) : assignment(p)
}

/** initializer-list: [designation] initializer (`,` [designation] initializer)* */
function bracedList(p: Parser): RawList {
  const open = p.next()
  p.enter(open)
  const entries: RawEntry[] = []
  while (!p.at("}")) {
    const designators = designation(p)
    entries.push({ designators, init: initializer(p) })
    if (!p.accept(",")) break
  }
  p.leave()
  return { kind: "rawList", entries, span: joinSpans(open, p.expect("}", "at the end of the initializer")) }
}

/**
 *     designation: designator+ `=` | identifier `:` | designator+
 *     designator: `.` identifier | `[` constant [`...` constant] `]`
 *
 * `field: value` and `[i] value` are GNU's old forms.
 */
function designation(p: Parser): Designator[] {
  if (p.tok.kind === "ident" && p.peek().text === ":") {
    const name = p.next()
    p.next()
    return [{ kind: "field", name: name.text, span: name }]
  }
  const list: Designator[] = []
  for (;;) {
    const start = p.tok
    if (p.accept(".")) {
      const name = p.identifier("for a member")
      list.push({ kind: "field", name: name.text, span: joinSpans(start, name) })
    } else if (p.at("[")) list.push(indexDesignator(p))
    else break
    if (list.length > 64) p.fail("C_TOO_DEEP", "more than 64 designators in a row", start)
  }
  const last = list[list.length - 1]
  if (list.length > 0 && !p.accept("=") && !(list.length === 1 && last.kind === "index"))
    p.unexpected("'='", "after the designator")
  return list
}

function indexDesignator(p: Parser): Designator {
  const start = p.next()
  const first = constantInt(p, constantExpression(p), "array designator")
  const last = p.accept("...") ? constantInt(p, constantExpression(p), "array designator") : first
  const span = joinSpans(start, p.expect("]", "after the array designator"))
  if (first < 0n) p.fail("C_INITIALIZER", `array designator value '${first}' is negative`, span)
  if (last < first) p.fail("C_INITIALIZER", `array designator range [${first}, ${last}] is empty`, span)
  if (last > 0xffff_ffffn) p.fail("C_INITIALIZER", `array designator index (${last}) is too large`, span)
  return { kind: "index", first: Number(first), last: Number(last), span }
}

/** compound-literal: `(` type-name `)` `{` … `}`, behind the `)` */
export function compoundLiteral(p: Parser, type: Type, start: Span): Expr {
  if (isFunction(type) || isVoid(type)) p.fail("C_BAD_TYPE", `compound literal has type ${quoteType(type)}`, start)
  const raw = bracedList(p)
  const done = initialize(p, type, raw)
  return { kind: "compound", init: done.init, type: done.type, span: joinSpans(start, raw.span) }
}
