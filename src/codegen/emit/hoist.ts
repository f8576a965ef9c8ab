import type { MBlock, MFunction, MInst } from "../mir/mir.ts"
import { isConstantLike, isCopy } from "../mir/operands.ts"
import { machineEffects, solveLiveness } from "../regalloc/liveness.ts"

/** Instructions that are moved, at most: they are executed on both ways then. */
const MOST = 2

/**
 * Moves constants and copies that stand alone on one way of a branch in front of it, where the other way does not mind: the way needs no block,
 * and no jump, of its own.
 *
 *     if r1 > 9 goto b1; …; b1: r0 = 1; goto b3         r0 = 1; if r1 > 9 goto b3; …
 */
export function hoistConstants(fn: MFunction): boolean {
  const { liveIn } = solveLiveness(fn, 11, machineEffects)
  let moved = false
  // From the end: a way that became empty may make the one before it movable.
  for (let k = fn.blocks.length - 1; k >= 0; k--) {
    const block = fn.blocks[k]
    if (block.term.kind !== "br") continue
    for (const [way, other] of [block.term.targets, [...block.term.targets].reverse()]) {
      if (!isMovable(way, block) || way === other) continue
      const busy = new Set([...liveIn[other.id], block.term.dst, block.term.src])
      if (way.insts.some(i => busy.has(i.dst))) continue
      for (const i of way.insts) block.insts.push(i)
      for (const i of way.insts) liveIn[way.id].push(i.dst)
      way.insts = []
      moved = true
      break
    }
  }
  return moved
}

/** A block that belongs to the branch alone, does nothing but fill registers, and goes on to where others go too. */
function isMovable(way: MBlock, from: MBlock): boolean {
  const { insts, term, preds } = way
  if (preds.length !== 1 || preds[0] !== from || insts.length === 0 || insts.length > MOST || !insts.every(isFill))
    return false
  return term.kind === "exit" || (term.kind === "jump" && term.targets[0].preds.length > 1 && term.targets[0] !== way)
}

const isFill = (i: MInst): boolean => isCopy(i) || isConstantLike(i)
