import * as o from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { EFAULT } from "../refuse.ts"
import type { Step } from "../state.ts"
import { isKfuncCall, isSubprogramCall, TAIL_CALL } from "../structure/subprograms.ts"

const ARGUMENTS = 0b111110
const MAX_FRAMES = 8

/** Registers and slots whose exact values are looked for, by frame. */
export class Wanted {
  frame = 0
  readonly regs: number[] = []
  readonly slots: Set<number>[] = []

  constructor() {
    for (let i = 0; i < MAX_FRAMES; i++) {
      this.regs.push(0)
      this.slots.push(new Set())
    }
  }

  /** Starts anew: nothing is wanted, in a frame and those below. */
  begin(frame: number): this {
    this.frame = frame
    for (let i = 0; i < MAX_FRAMES; i++) {
      this.regs[i] = 0
      if (this.slots[i].size > 0) this.slots[i].clear()
    }
    return this
  }

  get empty(): boolean {
    for (let i = this.frame; i >= 0; i--) if (this.regs[i] !== 0 || this.slots[i].size > 0) return false
    return true
  }

  has(register: number): boolean {
    return (this.regs[this.frame] & (1 << register)) !== 0
  }

  add(register: number): void {
    this.regs[this.frame] |= 1 << register
  }

  remove(register: number): void {
    this.regs[this.frame] &= ~(1 << register)
  }

  /** Where several share a value, all are wanted as soon as one is. */
  addLinked(linked: readonly number[] | undefined): void {
    if (linked === undefined) return
    const wanted = (entry: number): boolean => {
      const [frame, index] = [entry >> 16, entry & 0xff]
      return entry & 0x100 ? this.slots[frame].has(index) : (this.regs[frame] & (1 << index)) !== 0
    }
    if (!linked.some(wanted)) return
    for (const entry of linked) {
      const [frame, index] = [entry >> 16, entry & 0xff]
      if (entry & 0x100) this.slots[frame].add(index)
      else this.regs[frame] |= 1 << index
    }
  }
}

/** Thrown where the way back cannot be followed: all numbers count as wanted. */
export const LOST = new Error("the way of a number cannot be followed")

/** One instruction backwards: what is wanted after it, in terms of what was there before. */
export function backtrack(env: Env, slot: number, following: number, step: Step | undefined, wanted: Wanted): void {
  const { code } = env
  const op = code.op[slot]
  if (op === 0) return
  wanted.addLinked(step?.linked)
  switch (op & o.BPF_CLASS_MASK) {
    case o.BPF_ALU:
    case o.BPF_ALU64:
      if (!wanted.has(code.dst[slot])) return
      backtrackAlu(code.dst[slot], code.src[slot], op, wanted)
      break
    case o.BPF_LDX:
      if (!wanted.has(code.dst[slot])) return
      wanted.remove(code.dst[slot])
      backtrackFill(step, wanted)
      break
    case o.BPF_ST:
    case o.BPF_STX:
      if (backtrackStore(env, slot, step, wanted)) return
      break
    case o.BPF_LD: {
      if (!wanted.has(code.dst[slot])) return
      wanted.remove(code.dst[slot])
      const mode = op & o.BPF_MODE_MASK
      if (mode === o.BPF_IND || mode === o.BPF_ABS) throw LOST
      break
    }
    default:
      if (backtrackJump(env, slot, following, step, wanted)) return
  }
  wanted.addLinked(step?.linked)
}

function backtrackAlu(dst: number, src: number, op: number, wanted: Wanted): void {
  const operation = op & o.BPF_OP_MASK
  if (operation === o.BPF_END || operation === o.BPF_NEG) return
  if (operation === o.BPF_MOV) wanted.remove(dst)
  if ((op & o.BPF_SRC_MASK) === o.BPF_X && src !== o.R10) wanted.add(src)
}

/** What was loaded from a spilled register is what was spilled. */
function backtrackFill(step: Step | undefined, wanted: Wanted): void {
  if (step !== undefined && step.stack >= 0) wanted.slots[step.stack >> 8].add(step.stack & 0xff)
}

/** True where that was all. */
function backtrackStore({ code }: Env, slot: number, step: Step | undefined, wanted: Wanted): boolean {
  const op = code.op[slot]
  if ((op & o.BPF_MODE_MASK) === o.BPF_ATOMIC && code.imm[slot] === o.BPF_LOAD_ACQ) {
    if (!wanted.has(code.dst[slot])) return true
    wanted.remove(code.dst[slot])
    backtrackFill(step, wanted)
    return false
  }
  // Numbers do not address memory: a difference of pointers is wanted.
  if (wanted.has(code.dst[slot])) throw LOST
  if (step === undefined || step.stack < 0) return true
  if (!wanted.slots[step.stack >> 8].delete(step.stack & 0xff)) return true
  if ((op & o.BPF_CLASS_MASK) === o.BPF_STX) wanted.add(code.src[slot])
  return false
}

/** True where that was all. */
function backtrackJump(env: Env, slot: number, following: number, step: Step | undefined, wanted: Wanted): boolean {
  const { code, marks } = env
  const op = code.op[slot]
  const [dst, src] = [code.dst[slot], code.src[slot]]
  if (isSubprogramCall(code, slot)) {
    if (!env.isGlobal(slot + code.imm[slot] + 1)) leaveCallee(env, slot, wanted, true)
    else {
      if (wanted.regs[wanted.frame] & ARGUMENTS) confused(env, slot, wanted)
      wanted.remove(0)
    }
    return true
  }
  if (marks.callsCallback[slot] && slot !== following - 1) {
    leaveCallee(env, slot, wanted, false)
    return true
  }
  switch (op & o.BPF_OP_MASK) {
    case o.BPF_CALL:
      if (isKfuncCall(code, slot) && code.imm[slot] === 0) throw LOST
      wanted.remove(0)
      if (wanted.regs[wanted.frame] & ARGUMENTS) confused(env, slot, wanted)
      if (src === 0 && code.imm[slot] === TAIL_CALL && following - slot !== 1) enter(wanted)
      return false
    case o.BPF_EXIT: {
      if (following >= 0 && marks.callsCallback[following]) wanted.regs[wanted.frame] &= ~ARGUMENTS
      if (wanted.regs[wanted.frame] & ARGUMENTS) confused(env, slot, wanted)
      const result = following >= 1 && isSubprogramCall(code, following - 1) && wanted.has(0)
      wanted.remove(0)
      enter(wanted)
      if (result) wanted.add(0)
      return true
    }
    case o.BPF_JA:
    case o.BPF_JCOND:
      return false
    default:
      if ((op & o.BPF_SRC_MASK) !== o.BPF_X) return false
      if (!wanted.has(dst) && !wanted.has(src)) return true
      if (!((step?.stackSides ?? 0) & 2)) wanted.add(src)
      if (!((step?.stackSides ?? 0) & 1)) wanted.add(dst)
      return false
  }
}

/** Backwards out of a function, to the call: its arguments are the caller's. */
function leaveCallee(env: Env, slot: number, wanted: Wanted, passes: boolean): void {
  const regs = wanted.regs[wanted.frame]
  if (regs & ~ARGUMENTS || wanted.slots[wanted.frame].size > 0 || wanted.frame === 0) confused(env, slot, wanted)
  wanted.regs[wanted.frame] = 0
  wanted.frame--
  if (passes) wanted.regs[wanted.frame] |= regs
}

/** Backwards into a function, from its return. */
function enter(wanted: Wanted): void {
  if (wanted.frame >= MAX_FRAMES - 1) throw LOST
  wanted.frame++
}

function confused(env: Env, slot: number, wanted: Wanted): never {
  const regs = wanted.regs[wanted.frame].toString(16)
  return env.refuse(EFAULT, `verifier bug: backtracking insn ${slot} with regs ${regs}`)
}
