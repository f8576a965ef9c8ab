import { isZero } from "../branch/condition.ts"
import type { Env } from "../env.ts"
import { markPrecise } from "../prune/precision.ts"
import { constantOf } from "../scalar/index.ts"
import type { CallMeta } from "./meta.ts"

/** A call of bpf_loop, as far as the walk has seen it. */
export interface LoopCall {
  /** It could be a loop of the program: one function, no flags. */
  readonly fits: boolean
  /** Number of the function. */
  readonly callback: number
}

/** Arguments by whose exact values the kernel writes calls in place matter to the states before. */
export function noteInlined(env: Env, meta: CallMeta): void {
  if (meta.name === "bpf_tail_call") noteTailCall(env, meta)
  else if (meta.name === "bpf_loop") noteLoop(env, meta)
}

/** A tail call of one program of a table is a jump. */
function noteTailCall(env: Env, { map }: CallMeta): void {
  const index = constantOf(env.regs[3].scalar)
  if (map !== undefined && index !== undefined && index < BigInt(map.maxEntries)) markPrecise(env, 3)
}

function noteLoop(env: Env, { callback }: CallMeta): void {
  const { loopCalls, slot } = env
  const known = loopCalls.get(slot)
  if (known?.fits === false) return
  const plain = isZero(env.regs[4])
  if (plain) markPrecise(env, 4)
  const fits = plain && (known === undefined || known.callback === callback)
  loopCalls.set(slot, { fits, callback: known?.callback ?? callback })
}
