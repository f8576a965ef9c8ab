import { previousEntry } from "../branch/previous.ts"
import { widenImprecise } from "../branch/widen.ts"
import type { Env } from "../env.ts"
import { markPrecise } from "../prune/precision.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { Kind, NOT_INIT, type Reg, UNKNOWN } from "../reg.ts"
import { isTailCall, subprogramAt } from "../structure/subprograms.ts"
import { enterFunction } from "./enter.ts"
import { checkGlobalCall } from "./globals.ts"
import { clearCallerSaved } from "./helper.ts"
import { rangeProblem } from "./range.ts"
import { forgetPackets } from "./references.ts"

/** A call of a function of the program: gives the slot where the walk goes on. */
export function checkSubprogramCall(env: Env): number {
  const { code, slot, state } = env
  const start = slot + code.imm[slot] + 1
  const callee = subprogramAt(env.subprograms, start)
  if (callee === undefined) return env.refuse(EINVAL, `verifier bug: no subprogram found at insn ${start}`)
  if (env.isGlobal(start)) {
    checkGlobalCall(env, callee)
    if (callee.changesPacket) forgetPackets(env)
    callee.called = true
    clearCallerSaved(env)
    env.set(0, UNKNOWN)
    return slot + 1
  }
  const caller = env.frame
  const frame = enterFunction(env, state, callee.index, slot)
  for (let i = 1; i <= 5; i++) frame.regs[i] = caller.regs[i]
  for (let i = 0; i <= 5; i++) caller.regs[i] = NOT_INIT
  env.liveness.moved()
  if (env.log.on) {
    env.log.add("caller:\n")
    env.told.whole("", state.references, caller)
    env.log.add("callee:\n")
    env.told.whole("", state.references, frame)
  }
  return start
}

/**
 * An instruction that may end the function that it is in: gives the slot where the walk goes on if it does, with `result`; what it does if it does
 * not is kept for later. Undefined in the first function, whose end is the program's.
 */
export function mayReturn(env: Env, result: Reg): number | undefined {
  const { slot, state } = env
  if (state.frames.length === 1) return undefined
  env.fork(slot + 1, slot)
  if (isTailCall(env.code, slot)) forgetPackets(env)
  env.set(0, result)
  return returnFromFunction(env)
}

/** The end of a function that another one, or a helper, has called: gives the slot where the walk goes on. */
export function returnFromFunction(env: Env): number {
  const { state } = env
  env.liveness.update()
  const callee = env.frame
  const result = callee.regs[0]
  if (result.kind === Kind.stack) env.refuse(EINVAL, "cannot return stack pointer to the caller")
  const caller = state.frames[state.frames.length - 2]
  const { callback, callSite } = callee
  if (callback !== undefined) {
    if (result.kind !== Kind.scalar) env.refuse(EACCES, "R0 not a scalar value")
    markPrecise(env, 0)
    const why = rangeProblem(env.regs[0], callback.range, "At callback return", "R0")
    if (why !== undefined) env.refuse(EINVAL, why)
  } else caller.regs[0] = result
  if (env.log.on) {
    env.log.add("returning from callee:\n")
    env.told.whole("", state.references, callee)
    env.log.add(`to caller at ${callback === undefined ? callSite + 1 : callSite}:\n`)
    env.told.whole("", state.references, caller)
  }
  state.frames.pop()
  env.liveness.moved()
  if (callback === undefined) return callSite + 1
  const before = previousEntry(env, state, callSite)
  if (before !== undefined) widenImprecise(before, state)
  return callSite
}
