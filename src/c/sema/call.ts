import { joinSpans, type Span } from "../../base/index.ts"
import type { Call, Expr, FunctionDecl } from "../ast.ts"
import type { FunctionType } from "../types.ts"
import { assignable } from "./assignable.ts"
import { type Context, noteAt } from "./context.ts"
import { promoteArgument, rvalue } from "./convert.ts"
import { canonical, isComplete, isVoid, unqualified } from "./typeops.ts"
import { quoteType } from "./typeString.ts"

/** The function that is called by name, if any. */
export function calledFunction(callee: Expr): FunctionDecl | undefined {
  const e = callee.kind === "cast" && callee.cast === "functionDecay" ? callee.operand : callee
  return e.kind === "ref" && e.decl.kind === "function" ? e.decl : undefined
}

/** `callee(args)` */
export function call(c: Context, operand: Expr, args: readonly Expr[], end: Span): Call {
  const callee = rvalue(c, operand)
  const pointer = canonical(callee.type)
  const type = pointer.kind === "pointer" ? canonical(pointer.to) : pointer
  const span = joinSpans(operand.span, end)
  if (type.kind !== "function") {
    return c.fail(
      "C_NOT_FUNCTION",
      `called object type ${quoteType(operand.type)} is not a function or function pointer`,
      operand.span,
    )
  }
  const decl = calledFunction(callee)
  checkCount(c, type, decl, args, span, end)
  const passed = args.map((arg, i) => {
    if (i >= type.params.length) return promoteArgument(c, arg)
    const param = decl?.params[i]
    const note =
      param && param.name !== "" && decl.body !== undefined
        ? { message: `passing argument to parameter '${param.name}' here`, span: param.span }
        : undefined
    return assignable(c, arg, type.params[i], { kind: "pass", note })
  })
  if (!isVoid(type.ret) && !isComplete(type.ret)) {
    c.fail("C_INCOMPLETE", `calling a function with incomplete return type ${quoteType(type.ret)}`, span)
  }
  return { kind: "call", callee, args: passed, type: unqualified(type.ret), span }
}

function checkCount(
  c: Context,
  type: FunctionType,
  decl: FunctionDecl | undefined,
  args: readonly Expr[],
  span: Span,
  end: Span,
): void {
  if (type.unspecified) return
  const want = type.params.length
  const have = args.length
  if (have === want || (have > want && type.variadic)) return
  const least = type.variadic ? "at least " : ""
  const name = decl === undefined ? "function call" : `function '${decl.name}'`
  const place =
    decl !== undefined && decl.builtin === undefined ? noteAt(`'${decl.name}' declared here`, decl.span) : {}
  if (have < want) {
    c.fail("C_ARG_COUNT", `too few arguments to ${name}, expected ${least}${want}, have ${have}`, end, place)
  }
  c.fail(
    "C_ARG_COUNT",
    `too many arguments to ${name}, expected ${want}, have ${have}`,
    joinSpans(args[want].span, span),
    place,
  )
}
