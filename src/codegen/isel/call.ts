import { SkepError } from "../../base/index.ts"
import type { Inst } from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import { NO_REG } from "../mir/mir.ts"
import type { Selector } from "./selector.ts"

const MAX_ARGS = 5

/**
 * A call: arguments to r1 … r5, the result from r0. What can be made on the spot (constants, addresses) is made last, right in its register.
 * Errors: CODEGEN_ARGUMENTS.
 */
export function selectCall(s: Selector, v: Inst & { op: "call" }): void {
  const { args, callee } = v
  if (callee.kind === "pointer") {
    throw new SkepError({
      code: "IR_INDIRECT_CALL",
      message: "a call through a pointer: BPF can only call functions that are known by name",
      span: v.span,
      hint: "call the function itself, let it be inlined where it is known which one it is, or use a tail call through a program array",
    })
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
