import { OP_MAY_GOTO } from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { EINVAL } from "../refuse.ts"
import { previousEntry } from "./previous.ts"
import { widenImprecise } from "./widen.ts"

/** `may_goto`: the loop goes on, or it is left because it has run for too long. */
export function mayGoto(env: Env): number {
  const { code, slot, state } = env
  const wrong = code.src[slot] !== 0 || code.dst[slot] !== 0 || code.imm[slot] !== 0
  if (code.op[slot] !== OP_MAY_GOTO || wrong || !env.atLeast(6, 10)) {
    env.refuse(EINVAL, `invalid may_goto imm ${code.imm[slot]}`)
  }
  const before = previousEntry(env, state.parent, slot)
  const next = env.fork(slot + 1, slot)
  next.mayGotoDepth++
  if (before !== undefined) widenImprecise(before, next)
  return slot + code.off[slot] + 1
}
