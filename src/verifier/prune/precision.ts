import type { Env } from "../env.ts"
import { Kind, type Reg } from "../reg.ts"
import { type Frame, Slot, type State, type Step } from "../state.ts"
import { backtrack, LOST, Wanted } from "./backtrack.ts"
import { tellInsn, tellParent, tellPropagated, tellStart } from "./tell.ts"

/** The one search at a time. */
const shared = new Wanted()

/** The exact value of a register matters: that of all that it was computed from does, too. */
export function markPrecise(env: Env, register: number): void {
  if (!env.privileged || env.regs[register].kind !== Kind.scalar) return
  const wanted = shared.begin(env.state.frames.length - 1)
  wanted.add(register)
  markWanted(env, env.state, wanted)
}

/** What mattered to an old state matters to the one that it covers; tells whether that was news to a state before. */
export function propagatePrecision(env: Env, old: State, now: State): boolean {
  if (!env.privileged) return false
  const wanted = shared.begin(old.frames.length - 1)
  for (let frame = old.frames.length - 1; frame >= 0; frame--) {
    const { regs, stack } = old.frames[frame]
    for (let i = 0; i < 10; i++) if (regs[i].kind === Kind.scalar && regs[i].precise) wanted.regs[frame] |= 1 << i
    for (let i = 0; i < stack.length; i++) {
      const slot = stack[i]
      if (slot.isSpill && slot.reg.kind === Kind.scalar && slot.reg.precise) wanted.slots[frame].add(i)
    }
    if (env.log.full) tellPropagated(env, wanted, frame)
  }
  return markWanted(env, now, wanted)
}

/** Follows a state's history back, and marks what is wanted in the states that were kept. */
function markWanted(env: Env, start: State, wanted: Wanted): boolean {
  if (wanted.empty) return false
  let state: State | undefined = start
  let last = start.slot
  let following = -1
  let skip = true
  let changed = false
  const { full } = env.log
  while (state !== undefined) {
    if (full) tellStart(env, wanted, last, state.first, following)
    if (last < 0) return markEntry(state, wanted) || changed
    let history = state.steps.length
    for (let slot = last; ; ) {
      if (skip) skip = false
      else {
        const step: Step | undefined = state.steps[history - 1]
        if (full) tellInsn(env, wanted, slot)
        try {
          backtrack(env, slot, following, step?.slot === slot ? step : undefined, wanted)
        } catch (error) {
          if (error !== LOST) throw error
          markAllPrecise(start)
          return true
        }
      }
      if (wanted.empty) return changed
      following = slot
      if (slot === state.first && (history === 0 || (history === 1 && state.steps[0].slot === slot))) break
      if (history > 0 && state.steps[history - 1].slot === slot) slot = state.steps[--history].previous
      else slot--
      if (slot < 0) break
    }
    const first: number = state.first
    state = state.parent
    if (state === undefined) break
    for (let i = wanted.frame; i >= 0; i--) {
      if (markFrame(state.frames[i], wanted, i)) changed = true
      if (full) tellParent(env, wanted, state, i)
    }
    if (wanted.empty) return changed
    following = first
    last = state.last
  }
  // Something was moved in a way that is not followed.
  markAllPrecise(start)
  return true
}

/** At the entry of a global function: its arguments are all that can be wanted. */
function markEntry({ frames: [frame] }: State, wanted: Wanted): boolean {
  let changed = false
  for (let i = 1; i <= 5; i++) {
    if (!(wanted.regs[0] & (1 << i)) || frame.regs[i].kind !== Kind.scalar) continue
    if (!frame.regs[i].precise) changed = true
    frame.regs[i] = frame.regs[i].withPrecise(true)
  }
  return changed
}

/** Marks what is wanted of a frame; what is marked already, or is no number, is not wanted any more. */
function markFrame(frame: Frame, wanted: Wanted, index: number): boolean {
  let changed = false
  for (let i = 0; i < 10; i++) {
    if (!(wanted.regs[index] & (1 << i))) continue
    const reg = frame.regs[i]
    if (reg.kind !== Kind.scalar || reg.precise) wanted.regs[index] &= ~(1 << i)
    else {
      frame.regs[i] = reg.withPrecise(true)
      changed = true
    }
  }
  for (const i of wanted.slots[index]) {
    const slot = frame.stack[i]
    if (slot === undefined || !slot.isSpill || slot.reg.kind !== Kind.scalar || slot.reg.precise) {
      wanted.slots[index].delete(i)
    } else {
      frame.stack[i] = new Slot(slot.types, slot.reg.withPrecise(true))
      changed = true
    }
  }
  return changed
}

const marked = (reg: Reg, precise: boolean): Reg => (reg.kind === Kind.scalar ? reg.withPrecise(precise) : reg)

function setPrecise(state: State, precise: boolean): void {
  for (const { regs, stack } of state.frames) {
    for (let i = 0; i < 10; i++) regs[i] = marked(regs[i], precise)
    for (let i = 0; i < stack.length; i++) {
      const slot = stack[i]
      if (!slot.isSpill) continue
      const reg = marked(slot.reg, precise)
      if (reg !== slot.reg) stack[i] = new Slot(slot.types, reg)
    }
  }
}

/** All numbers matter, on the whole way. */
export function markAllPrecise(start: State): void {
  for (let state: State | undefined = start; state !== undefined; state = state.parent) setPrecise(state, true)
}

/** No number has mattered yet since here. */
export const markAllImprecise = (state: State): void => setPrecise(state, false)

/** The exact value of a number that is spilled in a slot matters. */
export function markPreciseSlot(env: Env, frame: number, slot: number): void {
  if (!env.privileged) return
  const wanted = shared.begin(env.state.frames.length - 1)
  wanted.slots[frame].add(slot)
  markWanted(env, env.state, wanted)
}
