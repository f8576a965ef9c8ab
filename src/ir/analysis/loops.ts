import type { Block, IrFunction } from "../ir.ts"
import { DominatorTree } from "./dominators.ts"

/** A natural loop: a header that dominates the blocks that jump back to it. Loops with one header are one loop. */
export interface Loop {
  readonly header: Block
  /** Header included. */
  readonly blocks: ReadonlySet<Block>
  /** Blocks that jump back to the header. */
  readonly latches: readonly Block[]
  /** The loop right around this one. */
  parent: Loop | undefined
  /** 1 for an outermost loop. */
  depth: number
}

export interface LoopInfo {
  /** Inner loops before the loops around them. */
  readonly loops: readonly Loop[]
  /** The innermost loop of a block. */
  of(block: Block): Loop | undefined
}

/** Finds the natural loops. A cycle without a dominating header (made with goto) is no loop here. */
export function findLoops(func: IrFunction, dom = new DominatorTree(func)): LoopInfo {
  const loops: Loop[] = []
  const innermost = new Map<Block, Loop>()
  // Inner headers come after outer ones in dominance order, so walking it backwards finds inner loops first.
  for (let i = dom.order.length - 1; i >= 0; i--) {
    const header = dom.order[i]
    const latches = header.preds.filter((p, at) => dom.dominates(header, p) && header.preds.indexOf(p) === at)
    if (latches.length === 0) continue
    const loop: Loop = { header, blocks: bodyOf(header, latches, dom), latches, parent: undefined, depth: 0 }
    for (const block of loop.blocks) {
      let inner = innermost.get(block)
      if (inner === undefined) {
        innermost.set(block, loop)
        continue
      }
      while (inner.parent !== undefined && inner.parent !== loop) inner = inner.parent
      inner.parent = loop
    }
    loops.push(loop)
  }
  for (let i = loops.length - 1; i >= 0; i--) loops[i].depth = (loops[i].parent?.depth ?? 0) + 1
  return { loops, of: block => innermost.get(block) }
}

function bodyOf(header: Block, latches: readonly Block[], dom: DominatorTree): Set<Block> {
  const blocks = new Set<Block>([header])
  const work = [...latches]
  for (let block = work.pop(); block !== undefined; block = work.pop()) {
    if (blocks.has(block)) continue
    blocks.add(block)
    for (const pred of block.preds) if (dom.reachable(pred)) work.push(pred)
  }
  return blocks
}
