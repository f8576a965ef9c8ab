import type { CompoundStmt, Stmt } from "../ast.ts"
import { rvalue } from "../sema/convert.ts"
import { atAttribute, behindAttributes } from "./attributes.ts"
import { blockDeclaration } from "./declaration.ts"
import { isKeyword } from "./keywords.ts"
import type { Parser } from "./parser.ts"
import { startsType, unknownType } from "./specifiers.ts"
import { statement } from "./statement.ts"
import { atStaticAssert } from "./staticAssert.ts"

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
  p.skipTo(start, ";", "{")
  if (p.accept("{")) {
    p.skipTo(p.pos, "}")
    p.accept("}")
  } else if (!p.accept(";") && p.pos === start && !p.at("}")) p.next()
  else if (p.at(")") || p.at("]")) p.next()
}

export function startsDeclaration(p: Parser): boolean {
  const { tok } = p
  if (atAttribute(p)) {
    // `[[fallthrough]];` stands alone, and what is behind the others decides.
    const next = p.peek(behindAttributes(p))
    return next.text !== ";" && (tok.kind === "ident" || startsType(p, next))
  }
  if (tok.kind !== "ident") return false
  const next = p.peek()
  if (next.text === ":" && next.kind === "punct" && !isKeyword(tok.text)) return false
  if (tok.text === "__extension__") return startsType(p, next)
  if (atStaticAssert(p) || startsType(p, tok)) return true
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
