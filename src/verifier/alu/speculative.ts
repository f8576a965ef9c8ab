import type { Env } from "../env.ts"
import { formatBits } from "../formatBits.ts"
import { mapRangeProblem } from "../memory/bounds.ts"
import { EACCES } from "../refuse.ts"
import { Kind, type Reg } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"

/**
 * Without CAP_PERFMON a pointer must point into its object after every step: a processor that guesses wrong could follow it.
 */
export function checkSpeculativeBounds(env: Env, dst: number, reg: Reg): void {
  if (env.perfmon) return
  if (reg.kind === Kind.stack) {
    const { scalar, off } = reg
    if (!isConstant(scalar)) {
      env.refuse(
        EACCES,
        `R${dst} variable stack access prohibited for !root, var_off=${formatBits(scalar.bits)} off=${off}`,
      )
    }
    const at = Number(BigInt.asIntN(64, scalar.bits.value)) + off
    if (at >= 0 || at < -512) {
      env.refuse(EACCES, `R${dst} stack pointer arithmetic goes out of range, prohibited for !root; off=${at}`)
    }
  } else if (reg.kind === Kind.mapValue && mapRangeProblem(reg, dst, reg.off, 1, "helper", false) !== undefined) {
    env.refuse(EACCES, `R${dst} pointer arithmetic of map value goes out of range, prohibited for !root`)
  }
}
