import type { Block, IrFunction } from "../ir.ts"
import { reversePostOrder } from "./order.ts"

/**
 * Which blocks every path to a block goes through. A snapshot: it does not follow later changes of the graph. Blocks that the entry does
 * not reach have no dominator and dominate nothing.
 *
 * Method: Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
 */
export class DominatorTree {
  /** Reachable blocks, entry first, a block before what it dominates. */
  readonly order: readonly Block[]
  /** Position in `order` by block id; -1 when unreachable. */
  readonly #index: Int32Array
  /** Position of the immediate dominator, by position. */
  readonly #idom: Int32Array
  /** Interval of a block's subtree in a walk of the tree, by position. */
  readonly #enter: Int32Array
  readonly #leave: Int32Array
  readonly #children: Block[][]

  constructor(func: IrFunction) {
    const order = reversePostOrder(func)
    this.order = order
    this.#index = new Int32Array(func.nextBlock).fill(-1)
    for (let i = 0; i < order.length; i++) this.#index[order[i].id] = i
    this.#idom = this.#solve()
    this.#children = order.map(() => [])
    for (let i = 1; i < order.length; i++) this.#children[this.#idom[i]].push(order[i])
    this.#enter = new Int32Array(order.length)
    this.#leave = new Int32Array(order.length)
    this.#number()
  }

  /** The nearest block that dominates `block` and is another one; undefined for the entry and for unreachable blocks. */
  idom(block: Block): Block | undefined {
    const i = this.#index[block.id]
    return i <= 0 ? undefined : this.order[this.#idom[i]]
  }

  /** Blocks whose immediate dominator is `block`. */
  children(block: Block): readonly Block[] {
    const i = this.#index[block.id]
    return i < 0 ? [] : this.#children[i]
  }

  /** Whether every path from the entry to `b` goes through `a`; a block dominates itself. */
  dominates(a: Block, b: Block): boolean {
    const i = this.#index[a.id]
    const j = this.#index[b.id]
    return i >= 0 && j >= 0 && this.#enter[i] <= this.#enter[j] && this.#leave[j] <= this.#leave[i]
  }

  reachable(block: Block): boolean {
    return this.#index[block.id] >= 0
  }

  /** Dominance frontiers by block: where a definition in the block meets others. */
  frontiers(): Map<Block, Set<Block>> {
    const result = new Map<Block, Set<Block>>()
    for (const block of this.order) result.set(block, new Set())
    for (const block of this.order) {
      if (block.preds.length < 2) continue
      const stop = this.idom(block)
      for (const pred of block.preds) {
        if (!this.reachable(pred)) continue
        for (
          let runner: Block | undefined = pred;
          runner !== undefined && runner !== stop;
          runner = this.idom(runner)
        ) {
          result.get(runner)!.add(block)
        }
      }
    }
    return result
  }

  #solve(): Int32Array {
    const idom = new Int32Array(this.order.length).fill(-1)
    idom[0] = 0
    for (let changed = true; changed; ) {
      changed = false
      for (let i = 1; i < this.order.length; i++) {
        let best = -1
        for (const pred of this.order[i].preds) {
          let p = this.#index[pred.id]
          if (p < 0 || idom[p] < 0) continue
          if (best < 0) {
            best = p
            continue
          }
          while (p !== best) {
            while (p > best) p = idom[p]
            while (best > p) best = idom[best]
          }
        }
        if (idom[i] !== best) {
          idom[i] = best
          changed = true
        }
      }
    }
    return idom
  }

  #number(): void {
    let clock = 0
    const path = [0]
    const next = [0]
    this.#enter[0] = clock++
    while (path.length > 0) {
      const top = path.length - 1
      const children = this.#children[path[top]]
      if (next[top] < children.length) {
        const child = this.#index[children[next[top]++].id]
        this.#enter[child] = clock++
        path.push(child)
        next.push(0)
      } else {
        this.#leave[path[top]] = clock++
        path.pop()
        next.pop()
      }
    }
  }
}
