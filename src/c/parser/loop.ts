import type { DeclStmt, Expr, ExprStmt, Stmt } from "../ast.ts"
import { condition } from "../sema/convert.ts"
import type { Token } from "../token.ts"
import { startsDeclaration } from "./block.ts"
import { body, controlling, parenthesised } from "./clause.ts"
import { blockDeclaration } from "./declaration.ts"
import { expression } from "./expression.ts"
import type { Parser } from "./parser.ts"
import { discard, expressionStatement } from "./statement.ts"

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
export function whileStatement(p: Parser, start: Token): Stmt {
  const wish = unrollWish(p)
  p.next()
  const cond = controlling(p, "while")
  const stmt = loopBody(p)
  return { kind: "while", cond, body: stmt, ...wish, span: p.from(start) }
}

/** `do` statement `while` `(` expression `)` `;` */
export function doStatement(p: Parser, start: Token): Stmt {
  const wish = unrollWish(p)
  p.next()
  const stmt = loopBody(p)
  p.expect("while", "after the body of 'do'")
  const cond = controlling(p, "while")
  p.expectSemicolon("'do … while'")
  return { kind: "do", cond, body: stmt, ...wish, span: p.from(start) }
}

/** `for` `(` (declaration | [expression] `;`) [expression] `;` [expression] `)` statement */
export function forStatement(p: Parser, start: Token): Stmt {
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
