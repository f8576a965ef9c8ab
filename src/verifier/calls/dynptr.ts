import type { Env } from "../env.ts"
import type { Argument } from "../helpers/index.ts"
import { checkStackBounds } from "../memory/stackBounds.ts"
import { EINVAL } from "../refuse.ts"
import { Kind } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"
import type { CallMeta } from "./meta.ts"

/** A `struct bpf_dynptr` on the stack, or one that a callback was given. */
export function checkDynptr(env: Env, _meta: CallMeta, _argument: Argument, register: number): void {
  const reg = env.regs[register]
  if (reg.kind === Kind.dynptr) return
  if (!isConstant(reg.scalar)) env.refuse(EINVAL, "dynptr has to be at a constant offset")
  checkStackBounds(env, register, reg.off, 16, true)
}
