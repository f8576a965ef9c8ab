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

/** Locals that some instruction before the block may have touched. */
function reachedAtStart(fn: MFunction, touched: (i: MInst) => readonly FrameSlot[]): Set<number>[] {
  const reached: Set<number>[] = []
  for (const block of fn.blocks) reached[block.id] = new Set()
  const work: MBlock[] = [...fn.blocks].reverse()
  const own = new Map<MBlock, Set<number>>()
  for (const block of fn.blocks) own.set(block, new Set(block.insts.flatMap(i => touched(i).map(s => s.index))))
  for (let block = work.pop(); block !== undefined; block = work.pop()) {
    for (const target of block.term.targets) {
      const into = reached[target.id]
      const before = into.size
      for (const s of reached[block.id]) into.add(s)
      for (const s of own.get(block)!) into.add(s)
      if (into.size > before) work.push(target)
    }
  }
  return reached
}
