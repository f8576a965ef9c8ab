import { OP_MAY_GOTO } from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { EINVAL, Refused } from "../refuse.ts"
import { Kind, NOT_INIT } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"
import { Byte, byteOf, EMPTY_SLOT, frameSlot, type State } from "../state.ts"
import { Exactness, statesEqual } from "./equal.ts"
import { addBackedge, countPeak, enterLoop, isIncomplete } from "./loopVisits.ts"
import { markAllImprecise, propagatePrecision } from "./precision.ts"

/** Without privileges: states that an instruction is compared with (`BPF_COMPLEXITY_LIMIT_STATES`). */
const MAX_STATES = 64
const TEST_STATE_FREQ = 8

/**
 * Compares the state at an instruction with those that were there before. True where one of them covers it, so that it need not be walked; else
 * the state may be kept.
 */
export function isVisited(env: Env): boolean {
  const { slot, state, marks } = env
  const checkpoint = marks.checkpoint[slot] !== 0
  const force = ((env.input.flags ?? 0) & TEST_STATE_FREQ) !== 0 || checkpoint || state.steps.length > 40
  let add = force || (env.jumps - env.keptJumps >= 2 && env.processed - env.keptProcessed >= 8)
  const list = exploredAt(env, slot)
  cleanStates(env, list, state)
  let count = 0
  for (let i = list.length - 1; i >= 0; i--) {
    const old = list[i]
    count++
    if (old.slot !== slot) continue
    let covered = false
    let inLoop = false
    if (old.branches > 0) {
      const found = compareUnfinished(env, old, state)
      inLoop = covered = found
      if (!found && !force && env.jumps - env.keptJumps < 20 && env.processed - env.keptProcessed < 100) add = false
    } else {
      inLoop = isIncomplete(old)
      covered = statesEqual(env, old, state, inLoop ? Exactness.within : Exactness.loose)
    }
    if (covered) {
      old.hits++
      if (marks.jumpPoint[slot]) env.record(-1, undefined)
      propagatePrecision(env, old, state)
      if (inLoop) addBackedge(env, old, state)
      return true
    }
    if (add) old.misses++
    const patience = checkpoint && old.branches > 0 ? 64 : 3
    if (old.misses > old.hits * patience + patience) {
      list.splice(i, 1)
      env.keptStates--
      old.evicted = true
      if (old.branches > 0) env.evictedStates++
    }
  }
  if (env.maxStatesPerInsn < count) env.maxStatesPerInsn = count
  if (!env.privileged && count > MAX_STATES) return false
  if (add) keep(env, list)
  return false
}

/**
 * The states that were kept at an instruction, the newest last, for the call that the walk is in. Instructions can share a list, as they do in the
 * kernel's table (`explored_state`): its length tells how many there were at most.
 */
export function exploredAt({ code, explored, state }: Env, slot: number): State[] {
  const bucket = ((slot ^ state.current.callSite) >>> 0) % code.count
  return (explored[bucket] ??= [])
}

/** Whether a state that is on the way to this one covers it: only where a loop is known to end otherwise. */
function compareUnfinished(env: Env, old: State, now: State): boolean {
  const { marks, slot, code } = env
  const [was, is] = [old.current, now.current]
  if (was.callback?.async && was.asyncEntries !== is.asyncEntries) return false
  if (marks.iterNext[slot]) {
    return statesEqual(env, old, now, Exactness.within) && isIteratorActive(now)
  }
  if (code.op[slot] === OP_MAY_GOTO) {
    if (old.mayGotoDepth !== now.mayGotoDepth && statesEqual(env, old, now, Exactness.within)) return true
  }
  if (marks.callsCallback[slot]) return statesEqual(env, old, now, Exactness.within)
  if (
    mayLoop(old, now) &&
    statesEqual(env, old, now, Exactness.exact) &&
    !depthsDiffer(old, now) &&
    old.mayGotoDepth === now.mayGotoDepth &&
    old.callbackUnrollDepth === now.callbackUnrollDepth
  ) {
    env.told.line(slot, "; ")
    const why = `infinite loop detected at insn ${slot}`
    env.log.add(`${why}\n`)
    env.told.whole("cur state:")
    env.told.whole("old state:", old.references, old.current)
    throw new Refused(EINVAL, why, slot, true)
  }
  return false
}

/** The iterator that is asked for its next element still has some. */
function isIteratorActive(state: State): boolean {
  const pointer = state.current.regs[1]
  if (pointer.kind !== Kind.stack || !isConstant(pointer.scalar)) return false
  const off = pointer.off + Number(BigInt.asIntN(64, pointer.scalar.bits.value))
  return state.frames[pointer.aux].stack[(-off - 1) >> 3]?.reg.object?.active === true
}

/** A quick look: whether nothing that a loop changes is different. */
function mayLoop(old: State, now: State): boolean {
  if (old.frames.length !== now.frames.length) return false
  const [a, b] = [old.current.regs, now.current.regs]
  for (let i = 0; i < 10; i++) {
    if (a[i] !== b[i] && (a[i].kind !== b[i].kind || a[i].scalar.umin !== b[i].scalar.umin)) return false
  }
  return true
}

/** An iterator has moved on between two states. */
function depthsDiffer(old: State, now: State): boolean {
  for (let f = 0; f < old.frames.length; f++) {
    const [a, b] = [old.frames[f].stack, now.frames[f].stack]
    for (let i = 0; i < a.length; i++) {
      if (byteOf(a[i].types, 0) !== Byte.iter || !a[i].reg.object?.active) continue
      if (a[i].reg.object?.depth !== b[i]?.reg.object?.depth) return true
    }
  }
  return false
}

/** Forgets of finished states what nobody reads after them, so that more states are like them. */
function cleanStates(env: Env, list: readonly State[], now: State): void {
  for (const state of list) {
    if (state.slot !== now.slot || state.branches > 0 || state.cleaned || !sameCalls(state, now) || isIncomplete(state))
      continue
    state.cleaned = true
    for (let f = 0; f < state.frames.length; f++) {
      const { regs, stack } = state.frames[f]
      const live = env.marks.liveBefore[frameSlot(state, f)]
      for (let i = 0; i < 10; i++) if (!(live & (1 << i))) regs[i] = NOT_INIT
      for (let i = 0; i < stack.length; i++) {
        if (stack[i].types !== 0 && !env.liveness.isLive(state, f, i)) stack[i] = EMPTY_SLOT
      }
    }
  }
}

export function sameCalls(a: State, b: State): boolean {
  if (a.frames.length !== b.frames.length) return false
  for (let i = 0; i < a.frames.length; i++) if (a.frames[i].callSite !== b.frames[i].callSite) return false
  return true
}

/** Keeps the current state: others are compared with it, and its precision is followed up to here. */
function keep(env: Env, list: State[]): void {
  const { state, slot } = env
  env.totalStates++
  env.keptStates++
  countPeak(env)
  env.keptJumps = env.jumps
  env.keptProcessed = env.processed
  if (env.privileged) markAllImprecise(state)
  const { steps } = state
  state.steps = []
  const kept = state.copy()
  kept.steps = steps
  kept.slot = slot
  enterLoop(env, kept)
  list.push(kept)
  state.parent = kept
  state.first = slot
  state.depth = kept.depth + 1
}
