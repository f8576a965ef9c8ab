import type { FrameSlot, MFunction, MInst } from "../mir/mir.ts"
import { homeLiveness } from "../regalloc/deadStores.ts"
import type { Mentions } from "./mentions.ts"
import { findSpans } from "./spans.ts"

/** Which slots are in use at the same time as others, and the most bytes that are in use at once. */
export interface SlotUse {
  /** By index; locals whose addresses got out of sight are in use all the time, and not told here. */
  readonly near: readonly ReadonlySet<number>[]
  readonly most: number
}

/**
 * Which slots are in use at the same time. A local is in use between instructions that may touch it: after one and before another. A home is
 * in use from its store to its loads. Which ones conflict is not worked out any more when
 * more than `limit` bytes are in use at once.
 */
export function slotUse(fn: MFunction, mentions: Mentions, limit: number): SlotUse {
  const touched = (i: MInst): readonly FrameSlot[] => {
    const listed = i.id >= 0 ? mentions.get(i.id) : undefined
    if (i.slot === undefined || i.slot.kind === "local") return listed ?? NONE
    return listed === undefined ? [i.slot] : [...listed, i.slot]
  }
  const locals = (i: MInst): readonly number[] => {
    const slots = touched(i)
    return slots.length === 0 ? NONE : slots.flatMap(s => (s.kind === "local" ? [s.index] : []))
  }
  const { reached, wanted } = findSpans(fn, locals)
  const homes = homeLiveness(fn)
  const near: Set<number>[] = fn.slots.map(() => new Set())
  const live = new Set<number>()
  let bytes = 0
  let most = 0
  const begin = (s: number) => {
    if (live.has(s)) return
    live.add(s)
    bytes += fn.slots[s].size
    most = Math.max(most, bytes)
  }
  const end = (s: number) => {
    if (live.delete(s)) bytes -= fn.slots[s].size
  }
  const differ = (a: number, b: number) => {
    near[a].add(b)
    near[b].add(a)
  }
  for (const block of fn.blocks) {
    live.clear()
    bytes = 0
    // Where a local that nothing touched before is touched first.
    const first = new Map<number, number>()
    block.insts.forEach((i, k) => {
      for (const s of locals(i)) if (!first.has(s) && !reached[block.id].has(s)) first.set(s, k)
    })
    for (const s of wanted[block.id]) if (first.has(s) || reached[block.id].has(s)) begin(s)
    for (const s of homes.liveOut[block.id]) begin(s)
    for (let k = block.insts.length - 1; k >= 0; k--) {
      const slots = touched(block.insts[k])
      if (slots.length === 0) continue
      for (const s of slots) begin(s.index)
      if (most <= limit) for (const s of slots) for (const other of live) if (other !== s.index) differ(s.index, other)
      for (const s of slots) if (first.get(s.index) === k) end(s.index)
      const { slot } = block.insts[k]
      if (slot?.kind === "spill" && !homeRead(block.insts[k])) end(slot.index)
    }
  }
  return { near, most }
}

const NONE: readonly never[] = []

/** A load from a home; everything else that names a home stores to it. */
const homeRead = (i: MInst): boolean => i.src === 10
