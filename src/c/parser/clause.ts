import type { Expr, Stmt } from "../ast.ts"
import { INT } from "../sema/basic.ts"
import type { FunctionState } from "../sema/context.ts"
import { condition, intLit } from "../sema/convert.ts"
import type { Scope } from "../sema/scope.ts"
import type { Token } from "../token.ts"
import { expression } from "./expression.ts"
import type { Parser } from "./parser.ts"
import { statement } from "./statement.ts"

/** `(` expression `)` of a statement; after an error the statement goes on behind it. */
export function parenthesised<T>(p: Parser, after: string, parse: () => T, instead: () => T): T {
  p.expect("(", `after '${after}'`)
  const start = p.pos
  return p.guard(
    () => {
      const result = parse()
      p.expect(")", `after the condition of '${after}'`)
      return result
    },
    () => {
      p.skipTo(start, ")", "{")
      p.accept(")")
      return instead()
    },
  )
}

export function controlling(p: Parser, word: string): Expr {
  const { tok } = p
  return parenthesised(
    p,
    word,
    () => condition(p, expression(p)),
    () => intLit(1n, INT, tok),
  )
}

/** The body of a statement has a scope of its own. */
export function body(p: Parser): Stmt {
  if (p.at("{")) return statement(p)
  p.push("block")
  const stmt = statement(p)
  p.pop()
  return stmt
}

/** The function around a statement. */
export function functionState(p: Parser, at: Token): FunctionState {
  return p.fn ?? p.fail("C_SYNTAX", `'${at.text}' outside of a function`, at)
}

/** `else if`s in one chain, and labels in front of one statement. */
export const MAX_CHAIN = 1000

export function tooLong(p: Parser, what: string): never {
  return p.diagnostics.fatal("C_TOO_DEEP", `more than ${MAX_CHAIN} '${what}' in a row`, p.tok, {
    hint: "split the function into parts",
  })
}

/** An identifier that names a label of the function, defined before or after. */
export function useLabel(p: Parser, start: Token): string {
  const name = p.identifier("for a label")
  const { labels } = functionState(p, start)
  const key = labelName(p, name.text)
  const label = labels.get(key)
  labels.set(key, { defined: label?.defined, used: label?.used ?? name })
  return key
}

/** The name of a label in its function: its own where a block around declares it (`__label__`). */
export function labelName(p: Parser, name: string): string {
  for (let scope: Scope | undefined = p.scope; scope !== undefined; scope = scope.parent) {
    const own = scope.labels?.get(name)
    if (own !== undefined) return own
  }
  return name
}

/** `__label__` identifier (`,` identifier)* `;` */
export function localLabels(p: Parser, start: Token): void {
  const { labels } = functionState(p, start)
  p.next()
  p.scope.labels ??= new Map()
  do {
    const name = p.identifier("for a label")
    const key = `${name.text}__local${labels.size}`
    p.scope.labels.set(name.text, key)
    // Counts as a label from here on, so that the next one gets another number.
    labels.set(key, { defined: undefined, used: undefined })
  } while (p.accept(","))
  p.expectSemicolon("the labels")
}
