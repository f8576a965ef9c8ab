import type { Env } from "../env.ts"
import { E2BIG } from "../refuse.ts"
import { NOT_INIT, type Reg } from "../reg.ts"
import { Frame, type State } from "../state.ts"

/** Frames that a program can have at once (`MAX_CALL_FRAMES`). */
export const MAX_FRAMES = 8

/** Registers of a function that starts: nothing but its frame pointer. */
export function emptyRegs(framePointer: Reg): Reg[] {
  const regs: Reg[] = Array(10).fill(NOT_INIT)
  regs.push(framePointer)
  return regs
}

/** Puts a frame for a function on top of a state's, called from `callSite`. */
export function enterFunction(env: Env, state: State, subprogram: number, callSite: number): Frame {
  const { frames } = state
  if (frames.length >= MAX_FRAMES) env.refuse(E2BIG, `the call stack of ${frames.length + 1} frames is too deep`)
  const regs = emptyRegs(env.framePointer(frames.length))
  const frame = new Frame(callSite, frames.length, subprogram, regs, [])
  frames.push(frame)
  env.told.all()
  return frame
}
