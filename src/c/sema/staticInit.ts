import type { Init } from "../ast.ts"
import { evaluateAddress } from "../constant/address.ts"
import { evaluate } from "../constant/evaluate.ts"
import type { Context } from "./context.ts"

/** Refuses an initialiser of static storage that is not constant (C11 6.7.9p4). */
export function checkStatic(c: Context, init: Init): void {
  if (init.kind === "list") {
    for (const entry of init.entries) checkStatic(c, entry.init)
    return
  }
  const e = init.expr
  if (e.kind === "string" || evaluate(e) !== undefined || evaluateAddress(e) !== undefined) return
  // GNU C: a compound literal with constant contents may initialise a record.
  if (e.kind === "cast" && e.cast === "load" && e.operand.kind === "compound") checkStatic(c, e.operand.init)
  else c.error("C_NOT_CONSTANT", "initializer element is not a compile-time constant", e.span)
}
