import { postOrder } from "../mir/cfg.ts"
import { isVirtual, type MBlock, type MFunction, type MInst, type MTerm, type Reg } from "../mir/mir.ts"
import { roles, USE_DST, USE_SRC } from "../mir/operands.ts"
import type { Liveness } from "./liveness.ts"

/** Added to distances over an edge that leaves a loop: what the loop needs comes first. */
export const LOOP_EXIT = 100_000

/** Distances in instructions from the borders of blocks to the next use; those of one border in the order of what is live there. */
export interface NextUses {
  /** From the start of a block, by id, of register `k` of its `liveIn`. */
  atStart(block: number, k: number): number
  /** From the end of a block, by id, of register `k` of its `liveOut`. */
  atEnd(block: number, k: number): number
}

export function computeNextUses(fn: MFunction, { liveIn, liveOut }: Liveness): NextUses {
  // Those of all blocks are in one array, and where a block's begin is in another.
  const startOf = new Int32Array(fn.nextBlock)
  const endOf = new Int32Array(fn.nextBlock)
  let starts = 0
  let ends = 0
  for (const { id } of fn.blocks) {
    startOf[id] = starts
    endOf[id] = ends
    starts += liveIn[id].length
    ends += liveOut[id].length
  }
  const atStart = new Float64Array(starts).fill(Number.POSITIVE_INFINITY)
  const atEnd = new Float64Array(ends)
  const local = new Float64Array(starts)
  const scratch = new Float64Array(fn.nextReg).fill(-1)
  for (const block of fn.blocks) findLocalUses(block, liveIn[block.id], scratch, local, startOf[block.id])
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
        const start = startOf[to.id]
        for (let k = 0; k < regs.length; k++) {
          distance[regs[k]] = Math.min(distance[regs[k]], atStart[start + k] + more)
        }
      }
      const out = liveOut[id]
      const end = endOf[id]
      for (let k = 0; k < out.length; k++) atEnd[end + k] = distance[out[k]]
      const regs = liveIn[id]
      const start = startOf[id]
      const length = block.insts.length + 1
      for (let k = 0; k < regs.length; k++) {
        const own = local[start + k]
        const d = own >= 0 ? own : length + distance[regs[k]]
        if (atStart[start + k] === d) continue
        atStart[start + k] = d
        changed = true
      }
      for (const r of out) distance[r] = Number.POSITIVE_INFINITY
    }
  }
  return { atStart: (block, k) => atStart[startOf[block] + k], atEnd: (block, k) => atEnd[endOf[block] + k] }
}

const leavesLoop = (from: MBlock, to: MBlock): boolean => {
  const { loop } = from
  const target = to.loop
  if (loop === target) return false
  // Out of the loop unless the target's loop is inside of it.
  for (let inner = target; inner !== undefined; inner = inner.parent) if (inner === loop) return false
  return loop !== undefined
}

/**
 * Puts the position of the first use of each register that is live at the block's start into `uses`, from `start` on; -1 where the block does
 * not use it. `first` holds -1 only.
 */
function findLocalUses(
  { insts, term }: MBlock,
  live: readonly Reg[],
  first: Float64Array,
  uses: Float64Array,
  start: number,
): void {
  // Backwards: the first use of what is live comes before any definition, so that it is the last one to be noted.
  if (isVirtual(term.src)) first[term.src] = insts.length
  if (isVirtual(term.dst)) first[term.dst] = insts.length
  for (let at = insts.length - 1; at >= 0; at--) {
    const i = insts[at]
    const r = roles(i)
    if ((r & USE_DST) !== 0 && isVirtual(i.dst)) first[i.dst] = at
    if ((r & USE_SRC) !== 0 && isVirtual(i.src)) first[i.src] = at
  }
  for (let k = 0; k < live.length; k++) uses[start + k] = first[live[k]]
  const forget = ({ dst, src }: MInst | MTerm): void => {
    if (isVirtual(dst)) first[dst] = -1
    if (isVirtual(src)) first[src] = -1
  }
  for (const i of insts) forget(i)
  forget(term)
}
