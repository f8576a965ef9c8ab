import type { Env } from "../env.ts"
import { formatBits } from "../formatBits.ts"
import { EACCES } from "../refuse.ts"
import { Flag, Kind, type Reg, typeName } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"

/** A pointer that must be as it was given: no variable offset, and a fixed one only where `fixed` allows it. */
export function checkUnmoved(env: Env, reg: Reg, register: number, fixed: boolean): void {
  const name = typeName(reg.kind, reg.flags)
  if (reg.off < 0) env.refuse(EACCES, `negative offset ${name} ptr R${register} off=${reg.off} disallowed`)
  if (!fixed && reg.off !== 0) {
    env.refuse(EACCES, `dereference of modified ${name} ptr R${register} off=${reg.off} disallowed`)
  }
  if (!isConstant(reg.scalar) || reg.scalar.bits.value !== 0n) {
    env.refuse(EACCES, `variable ${name} access var_off=${formatBits(reg.scalar.bits)} disallowed`)
  }
}

/** Pointers that the kernel holds while the program runs. */
export const isTrusted = (reg: Reg): boolean =>
  reg.refId !== 0 || (reg.flags & Flag.trusted) !== 0 || reg.kind === Kind.socket
