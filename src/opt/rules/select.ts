import { type Inst, inversePredicate, isConst, sameValue, type Value } from "../../ir/index.ts"
import { testOf } from "./boolean.ts"
import type { Context } from "./context.ts"

/** Choices: made where the condition is known, and none between equals. */
export function select(inst: Inst, ctx: Context): Value | undefined {
  const [cond, then, other] = inst.args
  const known = ctx.known(cond)
  if (known.nonZero) return then
  if (known.mask === 0n || cond.kind === "undef") return other
  if (sameValue(then, other)) return then
  const test = testOf(cond)
  if (test === undefined || inst.type === "ptr") return undefined
  if (test !== cond) return ctx.change({ args: [test, then, other] })
  // Between one and zero, the answer of the test itself.
  if (isConst(then, 1) && isConst(other, 0)) {
    return inst.type === "i32" ? cond : ctx.change({ op: "zext", args: [cond] })
  }
  if (isConst(then, 0) && isConst(other, 1)) {
    const { args } = test
    const not = ctx.add({ op: "cmp", type: "i32", pred: inversePredicate(test.pred), args: [...args] })
    return inst.type === "i32" ? not : ctx.change({ op: "zext", args: [not] })
  }
  return then.kind === "undef" ? other : other.kind === "undef" ? then : undefined
}
