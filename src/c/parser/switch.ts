import type { Expr, Stmt } from "../ast.ts"
import { wrapTo } from "../constant/evaluate.ts"
import { INT } from "../sema/basic.ts"
import { noteAt } from "../sema/context.ts"
import { constantInt, intLit, promote, rvalue } from "../sema/convert.ts"
import { isInteger } from "../sema/typeops.ts"
import { quoteType } from "../sema/typeString.ts"
import type { Token } from "../token.ts"
import { atAttribute, attributes, behindAttributes } from "./attributes.ts"
import { startsDeclaration } from "./block.ts"
import { body, functionState, labelName, MAX_CHAIN, parenthesised, tooLong } from "./clause.ts"
import { constantExpression, expression } from "./expression.ts"
import { isKeyword } from "./keywords.ts"
import type { Parser } from "./parser.ts"
import { statement } from "./statement.ts"

/** `switch` `(` expression `)` statement */
export function switchStatement(p: Parser, start: Token): Stmt {
  p.next()
  const value = parenthesised(
    p,
    "switch",
    () => switchValue(p, expression(p)),
    () => intLit(0n, INT, start),
  )
  const fn = functionState(p, start)
  const state = { type: value.type, cases: [], defaultSpan: undefined }
  fn.switches.push(state)
  fn.breakable++
  const depth = fn.switches.length
  const stmt = body(p)
  fn.switches.length = depth - 1
  fn.breakable--
  checkCases(p, state.cases)
  return { kind: "switch", value, body: stmt, span: p.from(start) }
}

function switchValue(p: Parser, operand: Expr): Expr {
  const e = rvalue(p, operand)
  if (!isInteger(e.type)) {
    p.fail("C_NOT_INTEGER", `statement requires expression of integer type (${quoteType(e.type)} invalid)`, e.span)
  }
  return promote(e)
}

/** Two cases of one switch may not share a value. */
function checkCases(p: Parser, cases: { low: bigint; high: bigint; span: Token }[]): void {
  const sorted = [...cases].sort((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0))
  for (let i = 1; i < sorted.length; i++) {
    const [a, b] = [sorted[i - 1], sorted[i]]
    if (b.low > a.high) continue
    p.error("C_DUPLICATE_CASE", `duplicate case value '${b.low}'`, b.span, noteAt("previous case defined here", a.span))
  }
}

/** A label, and what makes a statement of it and the statement behind it. */
type Label = (body: Stmt) => Stmt

/** labelled-statement: (`case` … `:` | `default` `:` | identifier `:`)+ statement; many labels are no nesting, so they are read in a loop */
export function labelledStatement(p: Parser): Stmt {
  const labels: Label[] = []
  for (;;) {
    const { tok } = p
    if (labels.length > MAX_CHAIN) tooLong(p, "label")
    if (tok.text === "case" && tok.kind === "ident") labels.push(caseLabel(p, tok))
    else if (tok.text === "default" && tok.kind === "ident") labels.push(defaultLabel(p, tok))
    else if (tok.kind === "ident" && p.peek().text === ":" && !isKeyword(tok.text)) labels.push(nameLabel(p, tok))
    else break
    if (atAttribute(p) && p.peek(behindAttributes(p)).text !== ";" && !startsDeclaration(p)) attributes(p)
  }
  // Nothing need follow, where a declaration or the end of the block comes next.
  const last: Stmt = p.at("}") || startsDeclaration(p) ? { kind: "null", span: p.end() } : statement(p)
  return labels.reduceRight((stmt, label) => label(stmt), last)
}

/** `case` constant [`...` constant] `:` */
function caseLabel(p: Parser, start: Token): Label {
  p.next()
  const fn = functionState(p, start)
  const state = fn.switches[fn.switches.length - 1]
  const first = constantInt(p, constantExpression(p), "case value")
  const second = p.accept("...") ? constantInt(p, constantExpression(p), "case value") : first
  const span = p.from(start)
  p.expect(":", "after 'case'")
  if (state === undefined) {
    p.error("C_STRAY_CASE", "'case' statement not in switch statement", start)
    return body => ({ kind: "case", low: first, high: second, body, span })
  }
  const low = wrapTo(first, state.type)
  const high = wrapTo(second, state.type)
  if (low !== first || high !== second) {
    const text = `overflow converting case value to switch condition type (${first} to ${low})`
    p.warn("C_CASE_OVERFLOW", text, start)
  }
  if (high < low) p.warn("C_EMPTY_CASE", "empty case range specified", start)
  else state.cases.push({ low, high, span: start })
  return body => ({ kind: "case", low, high, body, span })
}

/** `default` `:` */
function defaultLabel(p: Parser, start: Token): Label {
  p.next()
  p.expect(":", "after 'default'")
  const fn = functionState(p, start)
  const state = fn.switches[fn.switches.length - 1]
  if (state === undefined) p.error("C_STRAY_CASE", "'default' statement not in switch statement", start)
  else {
    if (state.defaultSpan !== undefined) {
      const note = noteAt("previous 'default' is here", state.defaultSpan)
      p.error("C_DUPLICATE_CASE", "multiple default labels in one switch", start, note)
    }
    state.defaultSpan = start
  }
  return body => ({ kind: "default", body, span: start })
}

/** identifier `:` */
function nameLabel(p: Parser, name: Token): Label {
  p.next()
  p.next()
  const { labels } = functionState(p, name)
  const key = labelName(p, name.text)
  const label = labels.get(key)
  if (label?.defined) {
    const note = noteAt("previous definition is here", label.defined)
    p.error("C_REDEFINITION", `redefinition of label '${name.text}'`, name, note)
  }
  labels.set(key, { defined: name, used: label?.used })
  return body => ({ kind: "label", name: key, body, span: name })
}
