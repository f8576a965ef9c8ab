import {
  type Cast,
  type Conditional,
  type CoreValue,
  type Expr,
  type KernelRead,
  pointerOf,
  type StmtExpr,
} from "../../c/index.ts"
import type { Value } from "../ir.ts"
import { constant, isConst, nullPtr, undef } from "../values.ts"
import { loadPlace } from "./access.ts"
import { assignAggregate } from "./aggregate.ts"
import { binary, unary } from "./arithmetic.ts"
import { assign, increment } from "./assign.ts"
import { extractBits } from "./bitfield.ts"
import { builtinExpr } from "./builtin.ts"
import { call, callHelper } from "./call.ts"
import { inScope } from "./cleanup.ts"
import { branch, conditional, constantCondition, logical } from "./condition.ts"
import type { FunctionContext, Place } from "./context.ts"
import { convert, narrow, truth, untruth } from "./convert.ts"
import { coreNumber } from "./core.ts"
import { fail } from "./fail.ts"
import { place } from "./place.ts"
import { constantOf, intOf, reprOf, type Scalar, sizeFor, spaceOf, wide } from "./repr.ts"
import { statement } from "./stmt.ts"

/** The value of a scalar expression that is no __int128. */
export function value(cx: FunctionContext, e: Expr): Value {
  const v = scalar(cx, e)
  return v.kind === "wide" ? v.lo : v
}

/** The value of a scalar expression. */
export function scalar(cx: FunctionContext, e: Expr): Scalar {
  const { b } = cx
  const outer = b.span
  b.span = e.span
  const result = evaluateScalar(cx, e)
  b.span = outer
  return result
}

function evaluateScalar(cx: FunctionContext, e: Expr): Scalar {
  switch (e.kind) {
    case "int":
      return constantOf(e.type, e.value, e.span)
    case "core":
      return coreValue(cx, e)
    case "sizeof":
    case "offsetof":
      return constantOf(e.type, e.value, e.span)
    case "cast":
      return cast(cx, e)
    case "binary": {
      const left = scalar(cx, e.left)
      const right = scalar(cx, e.right)
      return binary(cx, e.op, left, e.left.type, right, e.right.type, e.span)
    }
    case "unary":
      if (e.op === "!") return untruth(cx, scalar(cx, e.operand))
      return unary(cx, e.op, scalar(cx, e.operand))
    case "logical":
      return logical(cx, e)
    case "cond":
      return conditional(cx, e)
    case "assign":
      return assign(cx, e, true)
    case "incdec":
      return increment(cx, e, true)
    case "addressOf":
      return place(cx, e.operand).address
    case "comma":
      effect(cx, e.left)
      return scalar(cx, e.right)
    case "call":
      return call(cx, e, undefined) ?? nothing(e)
    case "stmtExpr":
      return inScope(cx, () => statementValue(cx, e))
    case "builtin":
      return builtinExpr(cx, e)
    case "mapRef":
      return cx.b.mapaddr(e.map)
    case "kernelRead":
      return kernelRead(cx, e)
    // Lvalues of array or function type, where the program uses them without decay (in GNU statement expressions).
    case "ref":
    case "string":
    case "deref":
    case "index":
    case "member":
    case "corePlace":
    case "compound":
      return place(cx, e).address
  }
}

/** Evaluates for what it does; a value is dropped. */
export function effect(cx: FunctionContext, e: Expr): void {
  const { b } = cx
  const outer = b.span
  b.span = e.span
  switch (e.kind) {
    case "assign":
      if (reprOf(e.type, e.span) === "memory") assignAggregate(cx, e)
      else assign(cx, e, false)
      break
    case "incdec":
      increment(cx, e, false)
      break
    case "comma":
      effect(cx, e.left)
      effect(cx, e.right)
      break
    case "call":
      if (reprOf(e.type, e.span) === "memory") call(cx, e, cx.temporary(e.type, "unused result", e.span))
      else call(cx, e, undefined)
      break
    case "cond":
      conditionalEffect(cx, e)
      break
    case "stmtExpr":
      inScope(cx, () => {
        for (const s of e.body.body) statement(cx, s)
      })
      break
    case "cast":
      effectOfCast(cx, e)
      break
    default:
      if (reprOf(e.type, e.span) === "memory" || e.type.kind === "void") place(cx, e)
      else scalar(cx, e)
  }
  b.span = outer
}

function effectOfCast(cx: FunctionContext, e: Cast): void {
  if (e.cast !== "load") effect(cx, e.operand)
  else if (reprOf(e.type, e.span) === "memory") place(cx, e.operand)
  // A dropped read of a volatile object is a read all the same; others go away later.
  else scalar(cx, e)
}

function conditionalEffect(cx: FunctionContext, e: Conditional): void {
  const { b } = cx
  const known = constantCondition(e.cond)
  if (known !== undefined) {
    if (known && e.then !== undefined) effect(cx, e.then)
    if (!known) effect(cx, e.other)
    return
  }
  const then = b.newBlock()
  const other = b.newBlock()
  const end = b.newBlock()
  branch(cx, e.cond, then, other)
  b.start(then)
  if (e.then !== undefined) effect(cx, e.then)
  b.jump(end)
  b.start(other)
  effect(cx, e.other)
  b.start(end)
}

function cast(cx: FunctionContext, e: Cast): Scalar {
  switch (e.cast) {
    case "load":
      return loadPlace(cx, place(cx, e.operand), e.span)
    case "decay":
    case "functionDecay":
      return place(cx, e.operand).address
    case "void":
      effect(cx, e.operand)
      return nothing(e)
    case "bool":
      return truth(cx, scalar(cx, e.operand))
    case "pointer":
      return castPointer(cx, e)
    default:
      return convert(cx, scalar(cx, e.operand), e.operand.type, e.type, e.span)
  }
}

/** A pointer into another address space is another number; null is the same in all. */
function castPointer(cx: FunctionContext, e: Cast): Scalar {
  const pointer = value(cx, e.operand)
  const from = pointerOf(e.operand.type)
  const to = pointerOf(e.type)
  if (from === undefined || to === undefined || spaceOf(from.to) === spaceOf(to.to) || isConst(pointer)) return pointer
  return cx.b.ascast(spaceOf(from.to), spaceOf(to.to), pointer)
}

function coreValue(cx: FunctionContext, e: CoreValue): Scalar {
  const { size, signed } = intOf(e.type)
  const number = coreNumber(cx, e, e.relocation, size > 4 ? "i64" : "i32", e.value)
  return size >= 4 ? number : narrow(cx, number, size, signed)
}

/** Stands for the value of an expression that has none. */
function nothing(e: Expr): Scalar {
  const repr = reprOf(e.type, e.span)
  return repr === "void" || repr === "memory"
    ? nullPtr()
    : repr === "wide"
      ? wide(undef("i64"), undef("i64"))
      : undef(repr)
}

/** `({ …; value; })` */
function statementValue(cx: FunctionContext, e: StmtExpr): Scalar {
  const { body } = e.body
  for (let i = 0; i < body.length; i++) {
    const s = body[i]
    if (i === body.length - 1 && s.kind === "expr" && reprOf(e.type, e.span) !== "void") return scalar(cx, s.expr)
    statement(cx, s)
  }
  return nothing(e)
}

/** Reads an object through a helper: helper(&temporary, size, address); temporary. */
function kernelRead(cx: FunctionContext, e: KernelRead): Scalar {
  const temporary = readIntoTemporary(cx, e)
  const { bitField } = e
  if (bitField === undefined) return loadPlace(cx, temporary, e.span)
  const { signed, size } = intOf(bitField.type)
  if (bitField.bitOffset! + bitField.bitWidth! > size * 8) {
    fail("IR_BITFIELD", `bit-field ${bitField.name} does not lie in one unit of its type`, e.span)
  }
  const type = size > 4 ? "i64" : "i32"
  const unit = cx.b.load(type, size as 1 | 2 | 4 | 8, false, temporary.address)
  return extractBits(cx, unit, bitField.bitOffset!, bitField.bitWidth!, signed)
}

export function readIntoTemporary(cx: FunctionContext, e: KernelRead): Place {
  const temporary = cx.temporary(e.bitField?.type ?? e.type, "kernel read", e.span)
  readInto(cx, e, temporary)
  return temporary
}

/**
 * Reads kernel memory into an object of the program's own. The helper fills the object with zeros when it fails, and takes memory that
 * was never written (`ARG_PTR_TO_UNINIT_MEM`), so nothing is stored before.
 */
export function readInto(cx: FunctionContext, e: KernelRead, to: Place): void {
  const address = value(cx, e.address)
  const size = sizeFor(to.type, e.span)
  callHelper(cx, e.helper, [to.address, constant("i32", size), address], e.span)
}
