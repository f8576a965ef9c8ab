import type { Block, IrFunction } from "../ir.ts"

/** The blocks that the entry reaches, each after all that it can go on to (but for back edges). */
export function postOrder(func: IrFunction): Block[] {
  const order: Block[] = []
  const seen = new Uint8Array(func.nextBlock)
  const path: Block[] = [func.blocks[0]]
  const next: number[] = [0]
  seen[func.blocks[0].id] = 1
  while (path.length > 0) {
    const top = path.length - 1
    const { targets } = path[top].term
    const i = next[top]++
    if (i >= targets.length) {
      order.push(path[top])
      path.pop()
      next.pop()
    } else if (seen[targets[i]!.id] === 0) {
      seen[targets[i]!.id] = 1
      path.push(targets[i]!)
      next.push(0)
    }
  }
  return order
}

/** The blocks that the entry reaches, each before all that it can go on to (but for back edges). Entry first. */
export function reversePostOrder(func: IrFunction): Block[] {
  return postOrder(func).reverse()
}
