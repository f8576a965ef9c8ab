import { postOrder } from "../mir/cfg.ts"
import { isVirtual, type MBlock, type MFunction, type Reg } from "../mir/mir.ts"
import { DEF_DST, DEF_SRC, roles, USE_DST, USE_SRC } from "../mir/operands.ts"
import type { Liveness } from "./liveness.ts"

/** Added to distances over an edge that leaves a loop: what the loop needs comes first. */
export const LOOP_EXIT = 100_000

/** Distances in instructions from the borders of blocks to the next use. */
export interface NextUses {
  /** By block id: distance of what is live at the block's start. */
  readonly atStart: readonly Map<Reg, number>[]
  /** By block id: distance from the block's end of what is live there. */
  readonly atEnd: readonly Map<Reg, number>[]
}

export function computeNextUses(fn: MFunction, { liveIn, liveOut }: Liveness): NextUses {
  const atStart: Map<Reg, number>[] = []
  const atEnd: Map<Reg, number>[] = []
  const local: Map<Reg, number>[] = []
  for (const block of fn.blocks) {
    local[block.id] = localUses(block)
    atStart[block.id] = new Map()
    atEnd[block.id] = new Map()
  }
  const order = postOrder(fn)
  // Distances only shrink from round to round; a few rounds settle all but very deep nests, and they are estimates anyway.
  for (let round = 0, changed = true; changed && round < 8; round++) {
    changed = false
    for (const block of order) {
      const end = atEnd[block.id]
      for (const r of liveOut[block.id]) {
        let best = Number.POSITIVE_INFINITY
        for (const to of block.term.targets) {
          const d = atStart[to.id].get(r)
          if (d !== undefined) best = Math.min(best, d + (leavesLoop(block, to) ? LOOP_EXIT : 0))
        }
        end.set(r, best)
      }
      const start = atStart[block.id]
      const length = block.insts.length + 1
      for (const r of liveIn[block.id]) {
        const d = local[block.id].get(r) ?? length + (end.get(r) ?? Number.POSITIVE_INFINITY)
        if (start.get(r) === d) continue
        start.set(r, d)
        changed = true
      }
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

/** Position of the first use of each register that the block reads before it writes it. */
function localUses({ insts, term }: MBlock): Map<Reg, number> {
  const uses = new Map<Reg, number>()
  const written = new Set<Reg>()
  const use = (r: Reg, at: number) => {
    if (isVirtual(r) && !written.has(r) && !uses.has(r)) uses.set(r, at)
  }
  insts.forEach((i, at) => {
    const r = roles(i)
    if ((r & USE_DST) !== 0) use(i.dst, at)
    if ((r & USE_SRC) !== 0) use(i.src, at)
    if ((r & DEF_DST) !== 0) written.add(i.dst)
    if ((r & DEF_SRC) !== 0) written.add(i.src)
  })
  use(term.dst, insts.length)
  use(term.src, insts.length)
  return uses
}
