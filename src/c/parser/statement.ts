import type { CaseStmt, CompoundStmt, DeclStmt, Expr, ExprStmt, Stmt } from "../ast.ts"
import { wrapTo } from "../constant/evaluate.ts"
import { assignable } from "../sema/assignable.ts"
import { INT } from "../sema/basic.ts"
import { type FunctionState, noteAt } from "../sema/context.ts"
import { condition, constantInt, intLit, isLvalue, promote, rvalue } from "../sema/convert.ts"
import { isInteger, isVoid, qualsOf } from "../sema/typeops.ts"
import { quoteType } from "../sema/typeString.ts"
import type { Token } from "../token.ts"
import { VOLATILE } from "../types.ts"
import { asmStatement } from "./asm.ts"
import { atAttribute, attributes } from "./attributes.ts"
import { blockDeclaration } from "./declaration.ts"
import { constantExpression, expression } from "./expression.ts"
import { isKeyword } from "./keywords.ts"
import type { Parser } from "./parser.ts"
import { startsType, unknownType } from "./specifiers.ts"

/**
 *     compound-statement: `{` (declaration | statement)* `}`
 *
 * `scope`: the block opens a scope of its own, or not (a function's body shares that of its parameters), or is that of a statement expression,
 * whose last expression is a value.
 */
export function block(p: Parser, scope: "own" | "function" | "value" = "own"): CompoundStmt {
  const start = p.expect("{")
  p.enter(start)
  if (scope !== "function") p.push("block")
  const outer = p.newTypes
  p.newTypes = []
  const body: Stmt[] = []
  while (!p.at("}") && p.tok.kind !== "eof") {
    const at = p.pos
    p.guard(
      () => blockItem(p, body),
      () => recover(p, at),
    )
  }
  if (scope === "value") {
    const last = body[body.length - 1]
    if (last?.kind === "expr") body[body.length - 1] = { ...last, expr: rvalue(p, last.expr) }
  }
  p.newTypes = outer
  if (scope !== "function") p.pop()
  p.leave()
  p.expect("}", "at the end of the block")
  return { kind: "block", body, span: p.from(start) }
}

function blockItem(p: Parser, body: Stmt[]): void {
  if (startsDeclaration(p)) {
    const decl = blockDeclaration(p)
    if (decl !== undefined) body.push(decl)
    return
  }
  const stmt = statement(p)
  // Types that an expression defined are declared in front of it.
  if (p.newTypes.length > 0) {
    body.push({ kind: "decl", decls: p.newTypes, span: stmt.span })
    p.newTypes = []
  }
  body.push(stmt)
}

/** After an error: to the end of the statement. */
function recover(p: Parser, start: number): void {
  p.newTypes = []
  p.skipTo(";", "{", "}")
  if (p.at("{")) {
    p.next()
    p.skipTo("}")
    p.accept("}")
  } else if (!p.accept(";") && p.pos === start && !p.at("}")) p.next()
  else if (p.at(")") || p.at("]")) p.next()
}

function startsDeclaration(p: Parser): boolean {
  const { tok } = p
  if (tok.kind !== "ident") return false
  const next = p.peek()
  if (next.text === ":" && next.kind === "punct" && !isKeyword(tok.text)) return false
  if (tok.text === "__extension__") return startsType(p, next)
  if (tok.text === "__attribute__" || tok.text === "__attribute") return !isNullAttribute(p)
  if (tok.text === "_Static_assert" || startsType(p, tok)) return true
  if (isKeyword(tok.text)) return false
  // `foo x`, and `foo *x =` with no foo in sight, can only be meant as declarations.
  const meant =
    next.kind === "ident"
      ? !isKeyword(next.text)
      : next.text === "*" && p.peek(2).kind === "ident" && DECLARED.has(p.peek(3).text)
  if (meant && p.lookup(tok.text) === undefined) unknownType(p, tok)
  return false
}

const DECLARED = new Set(["=", ";", ",", "["])

/** `__attribute__((fallthrough));` stands alone. */
function isNullAttribute(p: Parser): boolean {
  let depth = 0
  let ahead = 1
  do {
    const { text, kind } = p.peek(ahead++)
    if (text === "(") depth++
    else if (text === ")") depth--
    if (kind === "eof") return true
  } while (depth > 0)
  return p.peek(ahead).text === ";"
}

type StatementParser = (p: Parser, start: Token) => Stmt

const STATEMENTS: ReadonlyMap<string, StatementParser> = new Map<string, StatementParser>([
  ["if", ifStatement],
  ["while", whileStatement],
  ["do", doStatement],
  ["for", forStatement],
  ["switch", switchStatement],
  ["case", caseStatement],
  ["default", defaultStatement],
  ["goto", gotoStatement],
  ["break", breakStatement],
  ["continue", continueStatement],
  ["return", returnStatement],
  ["asm", asmStatement],
  ["__asm", asmStatement],
  ["__asm__", asmStatement],
  [
    "__label__",
    (p, start) =>
      p.fail("C_UNSUPPORTED", "local labels (__label__) are not supported", start, {
        hint: "give the label a name of its own",
      }),
  ],
])

/** statement: labelled | compound | expression | selection | iteration | jump | asm statement */
export function statement(p: Parser): Stmt {
  const { tok } = p
  p.enter(tok)
  const stmt = plainStatement(p, tok)
  p.leave()
  return stmt
}

function plainStatement(p: Parser, tok: Token): Stmt {
  if (tok.kind === "punct") {
    if (tok.text === "{") return block(p)
    if (tok.text === ";") return { kind: "null", span: p.next() }
  } else if (tok.kind === "ident") {
    const parse = STATEMENTS.get(tok.text)
    if (parse !== undefined) return parse(p, tok)
    if (p.peek().text === ":" && !isKeyword(tok.text)) return labelStatement(p, tok)
    if (atAttribute(p)) {
      attributes(p)
      p.expectSemicolon("the attribute")
      return { kind: "null", span: tok }
    }
    if (tok.text !== "__extension__" && startsType(p, tok)) {
      p.fail("C_SYNTAX", "a declaration cannot stand here: put it into a block", tok)
    }
  }
  return expressionStatement(p)
}

/** expression `;` */
function expressionStatement(p: Parser): ExprStmt {
  const expr = discard(p, expression(p))
  p.expectSemicolon("the expression")
  return { kind: "expr", expr, span: expr.span }
}

/** The expression of a statement: read only if it is volatile. */
function discard(p: Parser, e: Expr): Expr {
  return isLvalue(e) && (qualsOf(e.type) & VOLATILE) !== 0 ? rvalue(p, e) : e
}

/** `(` expression `)` of a statement; after an error the statement goes on behind it. */
function parenthesised<T>(p: Parser, after: string, parse: () => T, instead: () => T): T {
  p.expect("(", `after '${after}'`)
  return p.guard(
    () => {
      const result = parse()
      p.expect(")", `after the condition of '${after}'`)
      return result
    },
    () => {
      p.skipTo(")", ";", "{")
      p.accept(")")
      return instead()
    },
  )
}

function controlling(p: Parser, word: string): Expr {
  const { tok } = p
  return parenthesised(
    p,
    word,
    () => condition(p, expression(p)),
    () => intLit(1n, INT, tok),
  )
}

/** The body of a statement has a scope of its own. */
function body(p: Parser): Stmt {
  if (p.at("{")) return statement(p)
  p.push("block")
  const stmt = statement(p)
  p.pop()
  return stmt
}

/** `if` `(` expression `)` statement [`else` statement] */
function ifStatement(p: Parser, start: Token): Stmt {
  p.next()
  const cond = controlling(p, "if")
  const then = body(p)
  const other = p.accept("else") ? body(p) : undefined
  return { kind: "if", cond, then, other, span: p.from(start) }
}

/** What `#pragma unroll` in front of a loop asks for. */
function unrollWish(p: Parser): { readonly unroll?: "full" | number } {
  const unroll = p.pragmas.unroll.get(p.pos)
  return unroll === undefined ? {} : { unroll }
}

function loopBody(p: Parser): Stmt {
  const { fn } = p
  if (fn === undefined) return body(p)
  fn.loops++
  fn.breakable++
  const stmt = body(p)
  fn.loops--
  fn.breakable--
  return stmt
}

/** `while` `(` expression `)` statement */
function whileStatement(p: Parser, start: Token): Stmt {
  const wish = unrollWish(p)
  p.next()
  const cond = controlling(p, "while")
  const stmt = loopBody(p)
  return { kind: "while", cond, body: stmt, ...wish, span: p.from(start) }
}

/** `do` statement `while` `(` expression `)` `;` */
function doStatement(p: Parser, start: Token): Stmt {
  const wish = unrollWish(p)
  p.next()
  const stmt = loopBody(p)
  p.expect("while", "after the body of 'do'")
  const cond = controlling(p, "while")
  p.expectSemicolon("'do … while'")
  return { kind: "do", cond, body: stmt, ...wish, span: p.from(start) }
}

/** `for` `(` (declaration | [expression] `;`) [expression] `;` [expression] `)` statement */
function forStatement(p: Parser, start: Token): Stmt {
  const wish = unrollWish(p)
  p.next()
  p.push("block")
  const nothing = { init: undefined, cond: undefined, step: undefined }
  const head = parenthesised(
    p,
    "for",
    () => forHead(p),
    () => nothing,
  )
  const stmt = loopBody(p)
  p.pop()
  return { kind: "for", ...head, body: stmt, ...wish, span: p.from(start) }
}

interface ForHead {
  readonly init: DeclStmt | ExprStmt | undefined
  readonly cond: Expr | undefined
  readonly step: Expr | undefined
}

function forHead(p: Parser): ForHead {
  let init: DeclStmt | ExprStmt | undefined
  if (startsDeclaration(p)) init = blockDeclaration(p)
  else if (!p.accept(";")) init = expressionStatement(p)
  const cond = p.at(";") ? undefined : condition(p, expression(p))
  p.expectSemicolon("the condition of 'for'")
  const step = p.at(")") ? undefined : discard(p, expression(p))
  return { init, cond, step }
}

/** `switch` `(` expression `)` statement */
function switchStatement(p: Parser, start: Token): Stmt {
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

function functionState(p: Parser, at: Token): FunctionState {
  return p.fn ?? p.fail("C_SYNTAX", `'${at.text}' outside of a function`, at)
}

/** What follows a label: nothing, where a declaration or the end of the block comes next. */
function labelled(p: Parser): Stmt {
  attributes(p)
  if (p.at("}") || startsDeclaration(p)) return { kind: "null", span: p.end() }
  return statement(p)
}

/** `case` constant [`...` constant] `:` statement */
function caseStatement(p: Parser, start: Token): CaseStmt {
  p.next()
  const fn = functionState(p, start)
  const state = fn.switches[fn.switches.length - 1]
  const first = constantInt(p, constantExpression(p), "case value")
  const second = p.accept("...") ? constantInt(p, constantExpression(p), "case value") : first
  const span = p.from(start)
  p.expect(":", "after 'case'")
  if (state === undefined) {
    p.error("C_STRAY_CASE", "'case' statement not in switch statement", start)
    return { kind: "case", low: first, high: second, body: labelled(p), span }
  }
  const low = wrapTo(first, state.type)
  const high = wrapTo(second, state.type)
  if (low !== first || high !== second) {
    p.warn("C_CASE_OVERFLOW", `overflow converting case value to switch condition type (${first} to ${low})`, start)
  }
  if (high < low) p.warn("C_EMPTY_CASE", "empty case range specified", start)
  else state.cases.push({ low, high, span: start })
  return { kind: "case", low, high, body: labelled(p), span }
}

/** `default` `:` statement */
function defaultStatement(p: Parser, start: Token): Stmt {
  p.next()
  p.expect(":", "after 'default'")
  const fn = functionState(p, start)
  const state = fn.switches[fn.switches.length - 1]
  if (state === undefined) p.error("C_STRAY_CASE", "'default' statement not in switch statement", start)
  else {
    if (state.defaultSpan !== undefined) {
      p.error(
        "C_DUPLICATE_CASE",
        "multiple default labels in one switch",
        start,
        noteAt("previous 'default' is here", state.defaultSpan),
      )
    }
    state.defaultSpan = start
  }
  return { kind: "default", body: labelled(p), span: start }
}

/** identifier `:` statement */
function labelStatement(p: Parser, name: Token): Stmt {
  p.next()
  p.next()
  const { labels } = functionState(p, name)
  const label = labels.get(name.text)
  if (label?.defined)
    p.error(
      "C_REDEFINITION",
      `redefinition of label '${name.text}'`,
      name,
      noteAt("previous definition is here", label.defined),
    )
  labels.set(name.text, { defined: name, used: label?.used })
  return { kind: "label", name: name.text, body: labelled(p), span: name }
}

/** `goto` identifier `;` */
function gotoStatement(p: Parser, start: Token): Stmt {
  p.next()
  if (p.at("*")) p.fail("C_UNSUPPORTED", "computed goto is not supported: BPF has no indirect jumps", start)
  const name = p.identifier("for a label")
  const { labels } = functionState(p, start)
  const label = labels.get(name.text)
  labels.set(name.text, { defined: label?.defined, used: label?.used ?? name })
  p.expectSemicolon("'goto'")
  return { kind: "goto", label: name.text, span: p.from(start) }
}

function breakStatement(p: Parser, start: Token): Stmt {
  p.next()
  if ((p.fn?.breakable ?? 0) === 0) p.error("C_STRAY_BREAK", "'break' statement not in loop or switch statement", start)
  p.expectSemicolon("'break'")
  return { kind: "break", span: start }
}

function continueStatement(p: Parser, start: Token): Stmt {
  p.next()
  if ((p.fn?.loops ?? 0) === 0) p.error("C_STRAY_CONTINUE", "'continue' statement not in loop statement", start)
  p.expectSemicolon("'continue'")
  return { kind: "continue", span: start }
}

/** `return` [expression] `;` */
function returnStatement(p: Parser, start: Token): Stmt {
  p.next()
  const { decl } = functionState(p, start)
  const operand = p.at(";") ? undefined : expression(p)
  const { ret } = decl.type
  let value: Expr | undefined
  if (operand === undefined) {
    if (!isVoid(ret)) p.error("C_RETURN_VALUE", `non-void function '${decl.name}' should return a value`, start)
  } else if (isVoid(ret)) {
    value = rvalue(p, operand)
    if (!isVoid(value.type))
      p.error("C_RETURN_VALUE", `void function '${decl.name}' should not return a value`, operand.span)
  } else value = assignable(p, operand, ret, { kind: "return" })
  p.expectSemicolon("'return'")
  return { kind: "return", value, span: p.from(start) }
}
