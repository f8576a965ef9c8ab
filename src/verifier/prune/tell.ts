import type { Env } from "../env.ts"
import { insnText } from "../insnLog.ts"
import type { State } from "../state.ts"
import type { Wanted } from "./backtrack.ts"

/** What is wanted of a frame in the log's words: `regs=r0,r6 stack=-8`. */
function wantedText(wanted: Wanted, frame: number): string {
  const regs: string[] = []
  for (let i = 0; i < 10; i++) if (wanted.regs[frame] & (1 << i)) regs.push(`r${i}`)
  const slots = [...wanted.slots[frame]].sort((a, b) => a - b).map(i => `-${8 * (i + 1)}`)
  return `regs=${regs.join(",")} stack=${slots.join(",")}`
}

/** What mattered to a state that covers the one at hand. */
export function tellPropagated({ log }: Env, wanted: Wanted, frame: number): void {
  const names: string[] = []
  for (let i = 0; i < 10; i++) if (wanted.regs[frame] & (1 << i)) names.push(`r${i}`)
  for (const i of wanted.slots[frame]) names.push(`fp${-8 * (i + 1)}`)
  if (names.length > 0) log.add(`frame ${frame}: propagating ${names.join(",")}\n`)
}

/** A part of the way back starts. */
export function tellStart({ log }: Env, wanted: Wanted, last: number, first: number, following: number): void {
  log.add(`mark_precise: frame${wanted.frame}: last_idx ${last} first_idx ${first} subseq_idx ${following} \n`)
}

/** An instruction on the way back. */
export function tellInsn(env: Env, wanted: Wanted, slot: number): void {
  if (env.code.op[slot] === 0) return
  const what = wantedText(wanted, wanted.frame)
  env.log.add(`mark_precise: frame${wanted.frame}: ${what} before ${slot}: ${insnText(env, slot)}\n`)
}

/** A state that was kept, with what is marked in it. */
export function tellParent(env: Env, wanted: Wanted, state: State, frame: number): void {
  const what = wantedText(wanted, frame)
  env.told.whole(`mark_precise: frame${frame}: parent state ${what}: `, state.references, state.frames[frame])
}
