import type { Span } from "../../base/index.ts"
import type { Assign, Conditional, Expr } from "../../c/index.ts"
import { reached, storePlace } from "./access.ts"
import { call } from "./call.ts"
import { inScope } from "./cleanup.ts"
import { branch, constantCondition } from "./condition.ts"
import type { FunctionContext, Place } from "./context.ts"
import { effect, readInto, scalar } from "./expr.ts"
import { fail } from "./fail.ts"
import { place } from "./place.ts"
import { alignAt, reprOf, sizeFor } from "./repr.ts"
import { statement } from "./stmt.ts"

/** Stores the value of an expression, scalar or not, in an object that the expression cannot see. */
export function copyInto(cx: FunctionContext, e: Expr, to: Place): void {
  if (reprOf(e.type, e.span) === "memory") aggregate(cx, e, to)
  else storePlace(cx, to, scalar(cx, e))
}

/** Puts the value of an expression in memory of its own: an rvalue of record type whose member is asked, an argument passed by value. */
export function materialise(cx: FunctionContext, e: Expr): Place {
  const temporary = cx.temporary(e.type, "temporary", e.span)
  copyInto(cx, e, temporary)
  return temporary
}

/** Writes a record rvalue into `to`, which the expression cannot see. */
function aggregate(cx: FunctionContext, e: Expr, to: Place): void {
  switch (e.kind) {
    case "cast":
      if (e.cast === "load") copyPlace(cx, place(cx, e.operand), to, e.span)
      else aggregate(cx, e.operand, to)
      return
    case "call":
      call(cx, e, to)
      return
    case "kernelRead":
      readInto(cx, e, to)
      return
    case "assign":
      copyPlace(cx, assignAggregate(cx, e), to, e.span)
      return
    case "comma":
      effect(cx, e.left)
      aggregate(cx, e.right, to)
      return
    case "cond":
      conditional(cx, e, to)
      return
    case "stmtExpr":
      inScope(cx, () => {
        for (const [i, s] of e.body.body.entries())
          if (i === e.body.body.length - 1 && s.kind === "expr") aggregate(cx, s.expr, to)
          else statement(cx, s)
      })
      return
    case "ref":
    case "deref":
    case "index":
    case "member":
    case "corePlace":
    case "compound":
      copyPlace(cx, place(cx, e), to, e.span)
      return
    default:
      fail("IR_UNSUPPORTED", `a ${e.kind} expression cannot give a struct or union`, e.span)
  }
}

function conditional(cx: FunctionContext, e: Conditional, to: Place): void {
  const { b } = cx
  const known = constantCondition(e.cond)
  if (known !== undefined && e.then !== undefined) {
    aggregate(cx, known ? e.then : e.other, to)
    return
  }
  const then = b.newBlock()
  const other = b.newBlock()
  const end = b.newBlock()
  branch(cx, e.cond, then, other)
  b.start(then)
  if (e.then !== undefined) aggregate(cx, e.then, to)
  b.jump(end)
  b.start(other)
  aggregate(cx, e.other, to)
  b.start(end)
}

/** `left = right` of record type; gives the object assigned to. A value that is computed goes through memory of its own, for it may read `left`. */
export function assignAggregate(cx: FunctionContext, e: Assign): Place {
  const to = place(cx, e.left)
  const { right } = e
  if (right.kind === "kernelRead") readInto(cx, right, to)
  else if (right.kind === "cast" && right.cast === "load") copyPlace(cx, place(cx, right.operand), to, e.span)
  else copyPlace(cx, materialise(cx, right), to, e.span)
  return to
}

/** Copies an object. A volatile one is copied word by word, so that each access is a volatile one. */
export function copyPlace(cx: FunctionContext, source: Place, target: Place, span: Span): void {
  const from = reached(cx, source)
  const to = reached(cx, target)
  const size = sizeFor(to.type, span)
  if (size === 0) return
  const align = Math.min(from.align, to.align)
  if (!from.volatile && !to.volatile) {
    cx.b.memcpy(to.address, from.address, size, align)
    return
  }
  for (let at = 0; at < size; ) {
    let width: 1 | 2 | 4 | 8 = 8
    while (width > alignAt(align, at) || at + width > size) width = (width / 2) as 1 | 2 | 4
    const { b } = cx
    const part = b.load(width === 8 ? "i64" : "i32", width, false, b.ptradd(from.address, at), {
      volatile: from.volatile,
    })
    b.store(width, b.ptradd(to.address, at), part, { volatile: to.volatile })
    at += width
  }
}
