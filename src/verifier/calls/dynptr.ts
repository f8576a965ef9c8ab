import type { Env } from "../env.ts"
import type { Argument } from "../helpers/index.ts"
import { EINVAL } from "../refuse.ts"
import { Kind } from "../reg.ts"
import { dynptrOf, passDynptr } from "../resources/dynptr.ts"
import type { CallMeta } from "./meta.ts"

/** A `struct bpf_dynptr` on the stack, or one that a callback was given. */
export function checkDynptr(env: Env, meta: CallMeta, argument: Argument, register: number): void {
  if (argument.release) checkOwned(env, register)
  const makes = argument.direction === "out" ? argument.dynptr : undefined
  const type = makes === undefined ? argument.dynptr : undefined
  passDynptr(env, register, { makes, type, readOnly: !argument.release })
  if (makes !== undefined) return
  const dynptr = dynptrOf(env, register)
  if (dynptr === undefined) return
  meta.dynptrId = dynptr.id
  meta.dynptrType = dynptr.object?.type ?? ""
  if (meta.name === "bpf_dynptr_data") meta.refId = dynptr.refId
}

/** Only who has the reference gives it back. */
function checkOwned(env: Env, register: number): void {
  if (env.regs[register].kind !== Kind.stack) env.refuse(EINVAL, "cannot release unowned const bpf_dynptr")
  if (!dynptrOf(env, register)?.refId) env.refuse(EINVAL, `arg ${register} is an unacquired reference`)
}
