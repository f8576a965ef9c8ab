import { postOrder } from "../mir/cfg.ts"
import { isVirtual, type MBlock, type MFunction, type MInst, type MTerm, type Reg } from "../mir/mir.ts"
import { roles, USE_DST, USE_SRC } from "../mir/operands.ts"
import type { Liveness } from "./liveness.ts"

/** Added to distances over an edge that leaves a loop: what the loop needs comes first. */
export const LOOP_EXIT = 100_000

/** Distances in instructions from the borders of blocks to the next use, by block id; in the order of what is live there. */
export interface NextUses {
  /** From the block's start, of each register of `liveIn`. */
  readonly atStart: readonly (readonly number[])[]
  /** From the block's end, of each register of `liveOut`. */
  readonly atEnd: readonly (readonly number[])[]
}

export function computeNextUses(fn: MFunction, { liveIn, liveOut }: Liveness): NextUses {
  const atStart: number[][] = []
  const atEnd: number[][] = []
  const local: number[][] = []
  const scratch = new Float64Array(fn.nextReg).fill(-1)
  for (const block of fn.blocks) {
    local[block.id] = localUses(block, liveIn[block.id], scratch)
    atStart[block.id] = liveIn[block.id].map(() => Number.POSITIVE_INFINITY)
    atEnd[block.id] = liveOut[block.id].map(() => Number.POSITIVE_INFINITY)
  }
  const order = postOrder(fn)
  const distance = scratch.fill(Number.POSITIVE_INFINITY)
  // Distances only shrink from round to round; a few rounds settle all but very deep nests, and they are estimates anyway.
  for (let round = 0, changed = true; changed && round < 8; round++) {
    changed = false
    for (const block of order) {
      const { id } = block
      for (const to of block.term.targets) {
        const more = leavesLoop(block, to) ? LOOP_EXIT : 0
        const regs = liveIn[to.id]
        const start = atStart[to.id]
        for (let k = 0; k < regs.length; k++) distance[regs[k]] = Math.min(distance[regs[k]], start[k] + more)
      }
      const out = liveOut[id]
      const end = atEnd[id]
      for (let k = 0; k < out.length; k++) end[k] = distance[out[k]]
      const regs = liveIn[id]
      const start = atStart[id]
      const own = local[id]
      const length = block.insts.length + 1
      for (let k = 0; k < regs.length; k++) {
        const d = own[k] >= 0 ? own[k] : length + distance[regs[k]]
        if (start[k] === d) continue
        start[k] = d
        changed = true
      }
      for (const r of out) distance[r] = Number.POSITIVE_INFINITY
    }
  }
  return { atStart, atEnd }
}

const leavesLoop = (from: MBlock, to: MBlock): boolean => {
  const { loop } = from
  const target = to.loop
  if (loop === target) return false
  // Out of the loop unless the target's loop is inside of it.
  for (let inner = target; inner !== undefined; inner = inner.parent) if (inner === loop) return false
  return loop !== undefined
}

/** Position of the first use of each register that is live at the block's start; -1 where the block does not use it. `first` holds -1 only. */
function localUses({ insts, term }: MBlock, live: readonly Reg[], first: Float64Array): number[] {
  // Backwards: the first use of what is live comes before any definition, so that it is the last one to be noted.
  if (isVirtual(term.src)) first[term.src] = insts.length
  if (isVirtual(term.dst)) first[term.dst] = insts.length
  for (let at = insts.length - 1; at >= 0; at--) {
    const i = insts[at]
    const r = roles(i)
    if ((r & USE_DST) !== 0 && isVirtual(i.dst)) first[i.dst] = at
    if ((r & USE_SRC) !== 0 && isVirtual(i.src)) first[i.src] = at
  }
  const uses = live.map(r => first[r])
  const forget = ({ dst, src }: MInst | MTerm): void => {
    if (isVirtual(dst)) first[dst] = -1
    if (isVirtual(src)) first[src] = -1
  }
  for (const i of insts) forget(i)
  forget(term)
  return uses
}
