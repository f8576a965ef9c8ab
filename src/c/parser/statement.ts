import type { Expr, ExprStmt, Stmt } from "../ast.ts"
import { assignable } from "../sema/assignable.ts"
import { INT } from "../sema/basic.ts"
import { intLit, isLvalue, rvalue } from "../sema/convert.ts"
import { floatValue } from "../sema/float.ts"
import { isVoid, qualsOf } from "../sema/typeops.ts"
import type { Token } from "../token.ts"
import { VOLATILE } from "../types.ts"
import { asmStatement } from "./asm.ts"
import { atAttribute, attributes } from "./attributes.ts"
import { block } from "./block.ts"
import { body, controlling, functionState, localLabels, MAX_CHAIN, tooLong, useLabel } from "./clause.ts"
import { expression } from "./expression.ts"
import { isKeyword } from "./keywords.ts"
import { doStatement, forStatement, whileStatement } from "./loop.ts"
import type { Parser } from "./parser.ts"
import { startsType } from "./specifiers.ts"
import { labelledStatement, switchStatement } from "./switch.ts"

type StatementParser = (p: Parser, start: Token) => Stmt

const STATEMENTS: ReadonlyMap<string, StatementParser> = new Map<string, StatementParser>([
  ["if", ifStatement],
  ["while", whileStatement],
  ["do", doStatement],
  ["for", forStatement],
  ["switch", switchStatement],
  ["case", labelledStatement],
  ["default", labelledStatement],
  ["goto", gotoStatement],
  ["break", breakStatement],
  ["continue", continueStatement],
  ["return", returnStatement],
  ["asm", asmStatement],
  ["__asm", asmStatement],
  ["__asm__", asmStatement],
  [
    "__label__",
    (p, start) => {
      localLabels(p, start)
      return { kind: "null", span: start }
    },
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
  if (atAttribute(p)) {
    attributes(p)
    return p.accept(";") ? { kind: "null", span: tok } : plainStatement(p, p.tok)
  }
  if (tok.kind === "punct") {
    if (tok.text === "{") return block(p)
    if (tok.text === ";") return { kind: "null", span: p.next() }
  } else if (tok.kind === "ident") {
    const parse = STATEMENTS.get(tok.text)
    if (parse !== undefined) return parse(p, tok)
    if (p.peek().text === ":" && !isKeyword(tok.text)) return labelledStatement(p)
    if (tok.text !== "__extension__" && startsType(p, tok)) {
      p.fail("C_SYNTAX", "a declaration cannot stand here: put it into a block", tok)
    }
  }
  return expressionStatement(p)
}

/** expression `;` */
export function expressionStatement(p: Parser): ExprStmt {
  const expr = discard(p, expression(p))
  p.expectSemicolon("the expression")
  return { kind: "expr", expr, span: expr.span }
}

/** The expression of a statement: read only if it is volatile. */
export function discard(p: Parser, e: Expr): Expr {
  if (floatValue(e) !== undefined) return intLit(0n, INT, e.span)
  return isLvalue(e) && (qualsOf(e.type) & VOLATILE) !== 0 ? rvalue(p, e) : e
}

/**
 * `if` `(` expression `)` statement [`else` statement]
 *
 * A chain of `else if` is no nesting to the reader, so it is read in a loop and folded from its end.
 */
function ifStatement(p: Parser, start: Token): Stmt {
  const arms: { cond: Expr; then: Stmt; start: Token }[] = []
  let other: Stmt | undefined
  for (let at = start; ; at = p.tok) {
    if (arms.length > MAX_CHAIN) tooLong(p, "else if")
    p.next()
    const cond = controlling(p, "if")
    arms.push({ cond, then: body(p), start: at })
    if (!p.accept("else")) break
    if (!p.at("if")) {
      other = body(p)
      break
    }
  }
  for (const { cond, then, start: at } of arms.reverse()) other = { kind: "if", cond, then, other, span: p.from(at) }
  return other as Stmt
}

/** `goto` identifier `;` */
function gotoStatement(p: Parser, start: Token): Stmt {
  p.next()
  if (p.at("*")) p.fail("C_UNSUPPORTED", "computed goto is not supported: BPF has no indirect jumps", start)
  const label = useLabel(p, start)
  p.expectSemicolon("'goto'")
  return { kind: "goto", label, span: p.from(start) }
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
