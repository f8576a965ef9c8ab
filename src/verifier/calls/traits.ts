import { helperName } from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { findHelper, isRefusal } from "../helpers/index.ts"
import type { CallTraits } from "../structure/flow.ts"
import { isHelperCall, isKfuncCall } from "../structure/subprograms.ts"
import { kfuncArity, kfuncTraits } from "./kfunc.ts"

const SYNC = new Set(["bpf_for_each_map_elem", "bpf_find_vma", "bpf_loop", "bpf_user_ringbuf_drain"])
const NONE: CallTraits = {}

/** What a call does to the flow of the program. */
export function callTraits(env: Env, slot: number): CallTraits {
  const { code } = env
  if (isKfuncCall(code, slot)) return kfuncTraits(env, slot)
  if (!isHelperCall(code, slot)) return NONE
  const name = helperName(code.imm[slot])
  if (name === undefined) return NONE
  const found = findHelper(code.imm[slot], env.sleepingCaller)
  return {
    syncCallback: SYNC.has(name),
    asyncCallback: name === "bpf_timer_set_callback",
    mightSleep: !isRefusal(found) && found.sleeps,
    changesPacket: !isRefusal(found) && found.movesPacket,
  }
}

const ALL_ARGUMENTS = 0b111110

/** Registers, a bit each, that a call reads: those that its prototype names. */
export function callArguments(env: Env, slot: number): number {
  const { code } = env
  let count: number | undefined
  if (isKfuncCall(code, slot)) count = kfuncArity(env, slot)
  else if (isHelperCall(code, slot)) {
    const found = findHelper(code.imm[slot], env.sleepingCaller)
    if (!isRefusal(found)) count = found.args.length
  }
  return count === undefined ? ALL_ARGUMENTS : ((1 << count) - 1) << 1
}
