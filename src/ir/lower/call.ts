import type { Span } from "../../base/index.ts"
import {
  type Call,
  type Expr,
  evaluate,
  type FunctionDecl,
  printNode,
  stringLength,
  type Type,
  type VarDecl,
} from "../../c/index.ts"
import type { Callee, IrType, Value } from "../ir.ts"
import { i64 } from "../values.ts"
import { loadPlace } from "./access.ts"
import { copyInto } from "./aggregate.ts"
import { evaluateBuiltin, isBuiltinName } from "./builtin.ts"
import type { FunctionContext, Place } from "./context.ts"
import { convert, narrow } from "./convert.ts"
import { scalar, value } from "./expr.ts"
import { fail } from "./fail.ts"
import { intOf, reprOf, type Scalar } from "./repr.ts"
import { wordsOf, wordsOfArgument } from "./words.ts"

/** A BPF call has five argument registers. */
const MAX_ARGS = 5

/**
 * Lowers a call. A result of record type goes to `to`. Returns undefined for a call without a scalar value.
 */
export function call(cx: FunctionContext, e: Call, to: Place | undefined): Scalar | undefined {
  const named = calledFunction(e.callee)
  if (named !== undefined) {
    const decl = cx.module.definition(named)
    if (decl.builtin !== undefined) return evaluateBuiltin(cx, decl.builtin, e)
    if (decl.helper !== undefined) return callOutside(cx, { kind: "helper", id: decl.helper, name: decl.name }, e)
    if (decl.body !== undefined) return callFunction(cx, decl, e, to)
    const extern = cx.module.extern(decl)
    if (extern?.kind === "kfunc")
      return callOutside(cx, { kind: "kfunc", name: decl.name, ...(extern.weak && { weak: true }) }, e)
    const length = decl.name === "strlen" && e.args.length === 1 ? stringLength(e.args[0]) : undefined
    if (length !== undefined) return i64(length)
    if (isBuiltinName(decl.name)) return evaluateBuiltin(cx, decl.name, e)
    // One that is defined nowhere is an error where the call is still there in the end.
    return callFunction(cx, decl, e, to)
  }
  const variable = calledVariable(e.callee)
  const id = evaluate(variable?.init?.kind === "expr" ? variable.init.expr : e.callee)
  if (id !== undefined) {
    return callOutside(cx, { kind: "helper", id: Number(id), name: variable?.name ?? `helper_${id}` }, e)
  }
  return callOutside(cx, { kind: "pointer", name: written(e.callee) }, e)
}

/** The function that a callee names: `f`, `*f` and `&f` are all the same. */
function calledFunction(callee: Expr): FunctionDecl | undefined {
  let e = callee
  for (;;) {
    if (e.kind === "cast" && (e.cast === "functionDecay" || e.cast === "none" || e.cast === "pointer")) e = e.operand
    else if (e.kind === "deref" || e.kind === "addressOf") e = e.operand
    else return e.kind === "ref" && e.decl.kind === "function" ? e.decl : undefined
  }
}

/** `static T (*name)(…) = (void *) N`: the variable, where a callee reads one. */
function calledVariable(callee: Expr): VarDecl | undefined {
  let e = callee
  while (e.kind === "deref" || (e.kind === "cast" && e.cast !== "load")) e = e.operand
  return e.kind === "cast" && e.operand.kind === "ref" && e.operand.decl.kind === "var" ? e.operand.decl : undefined
}

/** A pointer to a function as the program writes it: `ops->open`, without the star. */
function written(callee: Expr): string {
  let e = callee
  while (e.kind === "cast" || e.kind === "deref") e = e.operand
  return printNode(e).split("\n")[0]
}

const nameOf = (callee: Callee): string => (callee.kind === "pointer" ? "the function" : callee.name)

/** A call of a helper or a kernel function, or through a pointer. */
function callOutside(cx: FunctionContext, callee: Callee, e: Call): Scalar | undefined {
  const args = e.args.map(arg => {
    const repr = reprOf(arg.type, arg.span)
    if (repr === "memory" || repr === "wide") {
      fail("IR_CALL_ARGUMENT", `${nameOf(callee)} cannot take an argument of more than 8 bytes`, arg.span, {
        hint: "pass its address",
      })
    }
    return scalar(cx, arg) as Value
  })
  if (callee.kind === "pointer") args.unshift(value(cx, e.callee))
  return finish(cx, callee, args, e.type, e.span)
}

/** A call of a helper on arguments at hand. */
export function callHelper(cx: FunctionContext, decl: FunctionDecl, args: Value[], span: Span): Scalar | undefined {
  return finish(cx, { kind: "helper", id: decl.helper!, name: decl.name }, args, decl.type.ret, span)
}

function finish(cx: FunctionContext, callee: Callee, args: Value[], ret: Type, span: Span): Scalar | undefined {
  const pointer = callee.kind === "pointer"
  if (args.length > MAX_ARGS + (pointer ? 1 : 0)) {
    fail(
      "IR_CALL_ARGUMENTS",
      `${nameOf(callee)} is called with ${args.length - (pointer ? 1 : 0)} arguments; BPF passes at most ${MAX_ARGS}`,
      span,
    )
  }
  const repr = reprOf(ret, span)
  if (repr === "memory" || repr === "wide") {
    return fail("IR_CALL_RESULT", `${nameOf(callee)} cannot return more than 8 bytes`, span)
  }
  cx.b.span = span
  const result = cx.b.call(callee, args, repr)
  if (repr === "void") return undefined
  if (repr !== "i32") return result
  // What lies above a narrow result in the register is anybody's guess.
  const { size, signed } = intOf(ret)
  return narrow(cx, result, size, signed)
}

/** A call of a function of the program. Records and __int128 are passed and returned through memory of the caller. */
function callFunction(cx: FunctionContext, decl: FunctionDecl, e: Call, to: Place | undefined): Scalar | undefined {
  const name = cx.module.use(decl, "call", e.callee.span)
  if (decl.type.variadic) {
    fail("IR_VARIADIC", `${decl.name} takes a variable number of arguments, which BPF cannot pass`, e.span)
  }
  if (e.args.length !== decl.params.length) {
    fail("IR_CALL_ARGUMENTS", `${decl.name} takes ${decl.params.length} arguments, not ${e.args.length}`, e.span)
  }
  const args: Value[] = []
  const repr = reprOf(e.type, e.span)
  const inMemory = repr === "memory" || repr === "wide"
  const result = inMemory ? (to ?? cx.temporary(e.type, "result", e.span)) : undefined
  if (result !== undefined) args.push(result.address)
  const shared = cx.module.isShared(decl)
  e.args.forEach((arg, i) => {
    args.push(...passed(cx, arg, decl.params[i].type, shared))
  })
  cx.b.span = e.span
  const type: IrType = repr === "memory" || repr === "wide" ? "void" : repr
  const value = cx.b.call({ kind: "function", name }, args, type)
  if (repr === "wide") return loadPlace(cx, result!, e.span)
  return type === "void" ? undefined : value
}

function passed(cx: FunctionContext, arg: Expr, type: Type, shared: boolean): Value[] {
  const repr = reprOf(type, arg.span)
  if (repr === "memory" || repr === "wide") {
    const words = shared ? wordsOf(type, arg.span) : undefined
    if (words !== undefined) return wordsOfArgument(cx, arg, type, words)
    const copy = cx.temporary(type, "argument", arg.span)
    copyInto(cx, arg, copy)
    return [copy.address]
  }
  return [convert(cx, scalar(cx, arg), arg.type, type, arg.span) as Value]
}
