import type { FrameSlot, MBlock, MFunction, MInst } from "../mir/mir.ts"
import { homeLiveness } from "../regalloc/deadStores.ts"
import { type Effects, solveLiveness } from "../regalloc/liveness.ts"
import type { Mentions } from "./mentions.ts"

/**
 * Which slots are in use at the same time. A local is in use between instructions that may touch it: after one and before another. A home is
 * in use from its store to its loads.
 */
export function slotInterference(fn: MFunction, mentions: Mentions): (a: FrameSlot, b: FrameSlot) => boolean {
  const n = fn.slots.length
  const touched = (i: MInst): readonly FrameSlot[] => {
    const listed = i.id >= 0 ? mentions.get(i.id) : undefined
    if (i.slot === undefined || i.slot.kind === "local") return listed ?? []
    return listed === undefined ? [i.slot] : [...listed, i.slot]
  }
  const effects: Effects = {
    inst(i, use) {
      for (const s of touched(i)) if (s.kind === "local") use(s.index)
    },
    term() {},
  }
  const locals = solveLiveness(fn, n, effects)
  const homes = homeLiveness(fn)
  const reached = reachedAtStart(fn, touched)
  const pairs = new Set<number>()
  for (const block of fn.blocks) {
    const live = new Set<number>([...locals.liveOut[block.id], ...homes.liveOut[block.id]])
    const first = new Map<number, number>()
    block.insts.forEach((i, k) => {
      for (const s of touched(i)) if (!first.has(s.index)) first.set(s.index, k)
    })
    const started = (s: number, k: number) =>
      fn.slots[s].kind === "spill" || reached[block.id].has(s) || (first.get(s) ?? Number.POSITIVE_INFINITY) <= k
    for (let k = block.insts.length - 1; k >= 0; k--) {
      const slots = touched(block.insts[k])
      for (const s of slots) live.add(s.index)
      for (const s of slots) {
        for (const other of live)
          if (other !== s.index && started(other, k)) pairs.add(Math.min(s.index, other) * n + Math.max(s.index, other))
      }
      const { slot } = block.insts[k]
      if (slot?.kind === "spill" && !homeRead(block.insts[k])) live.delete(slot.index)
    }
  }
  return (a, b) => a.escapes || b.escapes || pairs.has(Math.min(a.index, b.index) * n + Math.max(a.index, b.index))
}

/** A load from a home; everything else that names a home stores to it. */
const homeRead = (i: MInst): boolean => i.src === 10

/** Locals that some instruction before a block may have touched: a set of the slots' indexes by block id. */
function reachedAtStart(fn: MFunction, touched: (i: MInst) => readonly FrameSlot[]): Set<number>[] {
  const reached: Set<number>[] = []
  const touching: (MBlock[] | undefined)[] = []
  for (const block of fn.blocks) {
    reached[block.id] = new Set()
    for (const i of block.insts) {
      for (const s of touched(i)) {
        if (s.kind !== "local") continue
        const list = (touching[s.index] ??= [])
        if (list.at(-1) !== block) list.push(block)
      }
    }
  }
  touching.forEach((blocks, s) => {
    const work = [...blocks!]
    for (let block = work.pop(); block !== undefined; block = work.pop()) {
      for (const target of block.term.targets) {
        if (reached[target.id].has(s)) continue
        reached[target.id].add(s)
        work.push(target)
      }
    }
  })
  return reached
}
