import { BPF_ADD } from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { ADD_CONST, ADD_CONST32, Kind, type Reg } from "../reg.ts"
import { alu, constant, zeroExtend32 } from "../scalar/index.ts"
import { frameSlot, Slot, type State } from "../state.ts"

/** Registers and slots that can share a value at once; others lose their link (`LINKED_REGS_MAX`). */
const MAX_LINKED = 6

const sharesId = (reg: Reg, id: number): boolean => reg.kind === Kind.scalar && (reg.id & ~ADD_CONST) === id

/** Adds the registers and slots that share a value: `frame << 16 | isStack << 8 | index` each. */
export function linkedTo(env: Env, linkedId: number, out: number[]): void {
  const { state, marks } = env
  const id = linkedId & ~ADD_CONST
  for (let f = state.frames.length - 1; f >= 0; f--) {
    const { regs, stack } = state.frames[f]
    const live = f === state.frames.length - 1 ? marks.liveBefore[env.slot] : marks.liveBefore[frameSlot(state, f)]
    for (let i = 0; i < 10; i++) {
      if (!(live & (1 << i)) || !sharesId(regs[i], id)) continue
      const entry = (f << 16) | i
      if (out.includes(entry)) continue
      if (out.length < MAX_LINKED) out.push(entry)
      else regs[i] = regs[i].with({ id: 0, off: 0 })
    }
    for (let i = 0; i < stack.length; i++) {
      const slot = stack[i]
      if (!slot.isSpill || !sharesId(slot.reg, id)) continue
      const entry = (f << 16) | 0x100 | i
      if (out.includes(entry)) continue
      if (out.length < MAX_LINKED) out.push(entry)
      else stack[i] = new Slot(slot.types, slot.reg.with({ id: 0, off: 0 }))
    }
  }
}

/** What is known of a number holds for those that share its value, or are a fixed distance from it. */
export function syncLinked(state: State, known: Reg, linked: readonly number[]): void {
  const id = known.id & ~ADD_CONST
  for (const entry of linked) {
    const { regs, stack } = state.frames[entry >> 16]
    const index = entry & 0xff
    const old = entry & 0x100 ? stack[index].reg : regs[index]
    if (old === known || !sharesId(old, id)) continue
    // A distance of 64 bits and one of 32 bits say nothing of each other.
    if (((old.id ^ known.id) & ADD_CONST) === ADD_CONST) continue
    const now = followed(old, known)
    if (entry & 0x100) stack[index] = new Slot(stack[index].types, now)
    else regs[index] = now
  }
}

function followed(old: Reg, known: Reg): Reg {
  const distance = old.off - known.off
  if (distance === 0) return known
  const sum = alu(BPF_ADD, known.scalar, constant(BigInt(distance)), 64)
  const scalar = (old.id | known.id) & ADD_CONST32 ? zeroExtend32(sum) : sum
  return known.with({ scalar, id: old.id, off: old.off })
}
