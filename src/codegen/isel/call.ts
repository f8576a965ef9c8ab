import { SkepError } from "../../base/index.ts"
import type { Inst, Value } from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import { NO_REG } from "../mir/mir.ts"
import type { Selector } from "./selector.ts"

const MAX_ARGS = 5

/** Why a pointer stayed one, and what to do about it. */
function indirectCall(v: Inst & { op: "call" }, pointer: string): SkepError {
  const functions = [...functionsOf(v.args[0], new Set())]
  const named = functions.length > 0 && !functions.includes(undefined)
  return new SkepError({
    code: "IR_INDIRECT_CALL",
    message: `a call through ${pointer === "" ? "a pointer" : `the pointer '${pointer}'`}: BPF can only call functions that are known by name`,
    why: named
      ? `It may be ${list(functions as string[])}; which one is known only when the program runs.`
      : "What it points to is not known when the program is compiled.",
    span: v.span,
    hint: named
      ? "branch on what decides between them, and call each by its name"
      : "call the function itself, let the function that is given the pointer be inlined (static, __always_inline), or use a tail call through a program array",
  })
}

/** The functions that a pointer may point to, as far as the code shows; undefined stands for others. */
function* functionsOf(v: Value, seen: Set<Value>): Generator<string | undefined> {
  if (seen.has(v)) return
  seen.add(v)
  if (v.kind === "phi") for (const way of v.args) yield* functionsOf(way, seen)
  else if (v.kind === "inst" && v.op === "select") for (const way of v.args.slice(1)) yield* functionsOf(way, seen)
  else yield v.kind === "inst" && v.op === "funcaddr" ? v.func : undefined
}

const list = (names: readonly string[]): string =>
  names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} or ${names[names.length - 1]}`

/**
 * A call: arguments to r1 … r5, the result from r0. What can be made on the spot (constants, addresses) is made last, right in its register.
 * Errors: CODEGEN_ARGUMENTS.
 */
export function selectCall(s: Selector, v: Inst & { op: "call" }): void {
  const { args, callee } = v
  if (callee.kind === "pointer") {
    throw indirectCall(v, callee.name)
  }
  if (args.length > MAX_ARGS) {
    throw new SkepError({
      code: "CODEGEN_ARGUMENTS",
      message: `${callee.name} is called with ${args.length} arguments: BPF has registers for ${MAX_ARGS}`,
      span: v.span,
      hint: "Pass a pointer to a struct, or let the function be inlined (static, without noinline).",
    })
  }
  for (let i = 0; i < args.length; i++) if (s.hasReg(args[i])) s.moveInto(o.R1 + i, args[i])
  for (let i = 0; i < args.length; i++) if (!s.hasReg(args[i])) s.moveInto(o.R1 + i, args[i])
  const call = s.emit(o.OP_CALL, NO_REG, NO_REG, 0, callee.kind === "helper" ? callee.id : 0)
  call.nargs = args.length
  if (callee.kind === "kfunc") call.sym = callee
  else if (callee.kind === "function") call.sym = { kind: "call", name: callee.name }
  s.forget()
  if (!s.plan.inRegister(v)) return
  if (v.type === "i32" && s.plan.needsZero(v)) s.bind(v, s.zeroExtended(o.R0))
  else s.bind(v, s.copy(o.R0))
}
