import { type MBlock, type MFunction, rebuildPreds } from "./mir.ts"

/** Drops the blocks that the entry does not reach and computes predecessors anew. */
export function removeUnreachable(fn: MFunction): void {
  const seen = new Uint8Array(fn.nextBlock)
  const work: MBlock[] = [fn.blocks[0]]
  let reached = 1
  seen[fn.blocks[0].id] = 1
  for (let block = work.pop(); block !== undefined; block = work.pop()) {
    for (const target of block.term.targets) {
      if (seen[target.id] !== 0) continue
      seen[target.id] = 1
      reached++
      work.push(target)
    }
  }
  if (reached < fn.blocks.length) fn.blocks = fn.blocks.filter(b => seen[b.id] !== 0)
  rebuildPreds(fn)
}

/** The blocks of a function, each after all that it can go on to (but for back edges). */
export function postOrder(fn: MFunction): MBlock[] {
  const order: MBlock[] = []
  const seen = new Uint8Array(fn.nextBlock)
  const path: MBlock[] = [fn.blocks[0]]
  const next: number[] = [0]
  seen[fn.blocks[0].id] = 1
  while (path.length > 0) {
    const top = path.length - 1
    const { targets } = path[top].term
    const i = next[top]++
    if (i >= targets.length) {
      order.push(path[top])
      path.pop()
      next.pop()
    } else if (seen[targets[i].id] === 0) {
      seen[targets[i].id] = 1
      path.push(targets[i])
      next.push(0)
    }
  }
  return order
}
