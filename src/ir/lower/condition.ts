import { type Conditional, type Expr, evaluate, type Logical } from "../../c/index.ts"
import type { Block, Value } from "../ir.ts"
import { i32 } from "../values.ts"
import type { FunctionContext } from "./context.ts"
import { convert, truth } from "./convert.ts"
import { scalar } from "./expr.ts"
import { equalMemory } from "./memory.ts"
import { type Scalar, wide } from "./repr.ts"

/** Ends the block with a branch on a scalar expression. Short-circuits become edges; nothing is computed that C does not evaluate. */
export function branch(cx: FunctionContext, e: Expr, then: Block, other: Block): void {
  const { b } = cx
  if (e.kind === "logical") {
    const middle = b.newBlock()
    if (e.op === "&&") branch(cx, e.left, middle, other)
    else branch(cx, e.left, then, middle)
    b.start(middle)
    branch(cx, e.right, then, other)
    return
  }
  if (e.kind === "unary" && e.op === "!") {
    branch(cx, e.operand, other, then)
    return
  }
  if (e.kind === "cast" && (e.cast === "bool" || e.cast === "none")) {
    branch(cx, e.operand, then, other)
    return
  }
  b.br(condition(cx, e), then, other)
}

/** A value to branch on: any i32 or i64 that is zero exactly when the expression is. */
function condition(cx: FunctionContext, e: Expr): Value {
  const known = equalMemory(cx, e)
  if (known !== undefined) return known
  const v = scalar(cx, e)
  return v.kind === "wide" || v.type === "ptr" ? truth(cx, v) : v
}

/** Whether a condition is known while compiling, so that its other branch need not be lowered. */
export function constantCondition(e: Expr): boolean | undefined {
  const known = evaluate(e)
  return known === undefined ? undefined : known !== 0n
}

/** `a && b`, `a || b` as 0 or 1. */
export function logical(cx: FunctionContext, e: Logical): Value {
  const { b } = cx
  const known = constantCondition(e.left)
  if (known !== undefined) return known === (e.op === "||") ? i32(known ? 1 : 0) : asBit(cx, e.right)
  const right = b.newBlock()
  const end = b.newBlock()
  const short = e.op === "&&" ? 0 : 1
  if (short === 0) branch(cx, e.left, right, end)
  else branch(cx, e.left, end, right)
  // Every edge that is there by now left early.
  const early = [...end.preds]
  b.start(right)
  const value = asBit(cx, e.right)
  const last = b.block
  b.start(end)
  const phi = b.phi("i32", end)
  for (const from of early) b.addIncoming(phi, from, i32(short))
  if (end.preds.length > early.length) b.addIncoming(phi, last, value)
  return phi
}

/** An expression as 0 or 1. */
function asBit(cx: FunctionContext, e: Expr): Value {
  return e.kind === "logical" ? logical(cx, e) : truth(cx, scalar(cx, e))
}

/** `cond ? then : other` and `cond ?: other`, of scalar type. */
export function conditional(cx: FunctionContext, e: Conditional): Scalar {
  const { b } = cx
  const known = constantCondition(e.cond)
  if (known !== undefined) {
    const taken = known ? e.then : e.other
    return taken === undefined ? convert(cx, scalar(cx, e.cond), e.cond.type, e.type, e.span) : scalar(cx, taken)
  }
  const then = b.newBlock()
  const other = b.newBlock()
  const end = b.newBlock()
  let first: Scalar
  if (e.then === undefined) {
    const cond = scalar(cx, e.cond)
    b.br(cond.kind === "wide" || cond.type === "ptr" ? truth(cx, cond) : cond, then, other)
    b.start(then)
    first = convert(cx, cond, e.cond.type, e.type, e.span)
  } else {
    branch(cx, e.cond, then, other)
    b.start(then)
    first = scalar(cx, e.then)
  }
  const fromThen = b.block
  b.jump(end)
  b.start(other)
  const second = scalar(cx, e.other)
  const fromOther = b.block
  b.start(end)
  return merge(cx, end, [
    [fromThen, first],
    [fromOther, second],
  ])
}

/** A phi (or two, for __int128) of what comes from blocks that jump to `end`; blocks that ended otherwise bring nothing. */
function merge(cx: FunctionContext, end: Block, ways: readonly (readonly [Block, Scalar])[]): Scalar {
  const live = ways.filter(([from]) => end.preds.includes(from))
  const [, model] = live[0] ?? ways[0]
  if (live.length <= 1) return model
  const join = (pick: (v: Scalar) => Value): Value => {
    const values = live.map(([, v]) => pick(v))
    const phi = cx.b.phi(values[0].type as "i32", end)
    live.forEach(([from], i) => {
      cx.b.addIncoming(phi, from, values[i])
    })
    return phi
  }
  if (model.kind === "wide") {
    return wide(
      join(v => (v.kind === "wide" ? v.lo : v)),
      join(v => (v.kind === "wide" ? v.hi : v)),
    )
  }
  return join(v => (v.kind === "wide" ? v.lo : v))
}
