import * as o from "../../isa/index.ts"
import { type FrameSlot, isVirtual, type MFunction, type MInst, NO_REG, OP_FRAME_ADDR, type Reg } from "../mir/mir.ts"
import { DEF_DST, isAtomic, isCall, isCopy, isPacketLoad, roles, USE_SRC } from "../mir/operands.ts"

/** The locals that an instruction may read or write through pointers, by the instruction's id. */
export type Mentions = ReadonlyMap<number, readonly FrameSlot[]>

/**
 * Follows the addresses of locals through registers, before registers are allocated: which instructions may touch a local, and which locals'
 * addresses get out of sight (stored or returned), so that they keep their place throughout.
 */
export function findMentions(fn: MFunction): Mentions {
  const held = pointersHeld(fn)
  const mentions = new Map<number, FrameSlot[]>()
  const mention = (i: MInst, slots: readonly FrameSlot[] | undefined) => {
    if (slots === undefined) return
    const list = mentions.get(i.id)
    if (list === undefined) mentions.set(i.id, [...slots])
    else for (const s of slots) if (!list.includes(s)) list.push(s)
  }
  const letOut = (slots: readonly FrameSlot[] | undefined) => {
    for (const s of slots ?? []) s.escapes = true
  }
  const of = (r: Reg) => (isVirtual(r) ? held.get(r) : undefined)
  for (const { insts, term } of fn.blocks) {
    // What the argument registers hold for the next call.
    const machine = new Map<Reg, readonly FrameSlot[]>()
    for (const i of insts) {
      if (i.slot !== undefined) mention(i, [i.slot])
      if (isCall(i) || isPacketLoad(i)) {
        for (const slots of machine.values()) mention(i, slots)
        machine.clear()
        continue
      }
      if ((roles(i) & DEF_DST) !== 0 && !isVirtual(i.dst)) {
        if (i.op === OP_FRAME_ADDR) machine.set(i.dst, [i.slot!])
        else if (isCopy(i) && of(i.src) !== undefined) machine.set(i.dst, of(i.src)!)
        else machine.delete(i.dst)
        continue
      }
      switch (i.op & o.BPF_CLASS_MASK) {
        case o.BPF_LDX:
          mention(i, of(i.src))
          break
        case o.BPF_ST:
          mention(i, of(i.dst))
          break
        case o.BPF_STX:
          mention(i, of(i.dst))
          letOut(of(i.src))
          if (isAtomic(i)) letOut(of(i.dst))
      }
    }
    for (const slots of machine.values()) letOut(slots)
    if (term.kind === "exit") letOut(of(term.dst))
  }
  return mentions
}

/** Locals into which each register may point. */
function pointersHeld(fn: MFunction): Map<Reg, FrameSlot[]> {
  const held = new Map<Reg, FrameSlot[]>()
  const add = (r: Reg, slots: readonly FrameSlot[]): boolean => {
    const list = held.get(r)
    if (list === undefined) {
      held.set(r, [...slots])
      return true
    }
    const fresh = slots.filter(s => !list.includes(s))
    list.push(...fresh)
    return fresh.length > 0
  }
  // A pointer without its local yet: r10 plus an index. Its accesses name the local themselves.
  for (let changed = true; changed; ) {
    changed = false
    for (const { insts } of fn.blocks) {
      for (const i of insts) {
        if (!isVirtual(i.dst) || (roles(i) & DEF_DST) === 0) continue
        if (i.op === OP_FRAME_ADDR) changed = add(i.dst, [i.slot!]) || changed
        else if (i.src !== NO_REG && (roles(i) & USE_SRC) !== 0 && (i.op & o.BPF_CLASS_MASK) === o.BPF_ALU64) {
          const slots = held.get(i.src)
          if (slots !== undefined) changed = add(i.dst, slots) || changed
        }
      }
    }
  }
  return held
}
