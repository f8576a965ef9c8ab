import type { Expr } from "../ast.ts"
import { rvalue } from "../sema/convert.ts"
import { compatible, isComplete, isFunction, unqualified } from "../sema/typeops.ts"
import { quoteType } from "../sema/typeString.ts"
import type { Type } from "../types.ts"
import { assignment } from "./expression.ts"
import type { Parser } from "./parser.ts"
import { typeName } from "./specifiers.ts"

/**
 *     generic-selection: `_Generic` `(` assignment-expression (`,` association)+ `)`
 *     association: (type-name | `default`) `:` assignment-expression
 */
export function genericSelection(p: Parser): Expr {
  const start = p.next()
  p.expect("(", "after '_Generic'")
  p.enter(start)
  p.unevaluated++
  const control = unqualified(rvalue(p, assignment(p)).type)
  p.unevaluated--
  const seen: Type[] = []
  let chosen: Expr | undefined
  let other: Expr | undefined
  while (p.accept(",")) {
    const at = p.tok
    if (p.accept("default")) {
      p.expect(":", "after 'default'")
      if (other !== undefined) p.error("C_GENERIC", "duplicate default association", at)
      other = assignment(p)
      continue
    }
    const type = typeName(p)
    p.expect(":", "after the type name")
    if (isFunction(type) || !isComplete(type))
      p.error("C_GENERIC", `type ${quoteType(type)} in generic association is not a complete object type`, at)
    if (seen.some(earlier => compatible(earlier, type))) {
      p.error("C_GENERIC", `type ${quoteType(type)} in generic association is compatible with an earlier one`, at)
    }
    seen.push(type)
    const e = assignment(p)
    if (chosen === undefined && compatible(type, control)) chosen = e
  }
  p.expect(")", "after the generic associations")
  p.leave()
  const e = chosen ?? other
  if (e === undefined) {
    return p.fail(
      "C_GENERIC",
      `controlling expression type ${quoteType(control)} not compatible with any generic association type`,
      p.from(start),
    )
  }
  return e
}
