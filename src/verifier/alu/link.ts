import type { Env } from "../env.ts"
import { ADD_CONST, Kind, type Reg } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"

/** Gives a number that is copied an id, so that what is found out of one holds for the other. */
export function withLink(env: Env, register: number): Reg {
  let reg = env.regs[register]
  if (reg.kind !== Kind.scalar) return reg
  if (reg.id & ADD_CONST) reg = reg.with({ id: 0, off: 0 })
  if (reg.id === 0 && !isConstant(reg.scalar)) reg = reg.withId(env.newId())
  env.regs[register] = reg
  return reg
}
