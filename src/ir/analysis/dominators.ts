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
  /** Position of the first block that a block immediately dominates, and of the next one with the same dominator; -1 for none. */
  readonly #firstChild: Int32Array
  readonly #nextChild: Int32Array

  constructor(func: IrFunction) {
    const order = reversePostOrder(func)
    this.order = order
    this.#index = new Int32Array(func.nextBlock).fill(-1)
    for (let i = 0; i < order.length; i++) this.#index[order[i].id] = i
    this.#idom = this.#solve()
    this.#firstChild = new Int32Array(order.length).fill(-1)
    this.#nextChild = new Int32Array(order.length).fill(-1)
    for (let i = order.length - 1; i > 0; i--) {
      this.#nextChild[i] = this.#firstChild[this.#idom[i]]
      this.#firstChild[this.#idom[i]] = i
    }
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
    const children: Block[] = []
    for (let c = i < 0 ? -1 : this.#firstChild[i]; c >= 0; c = this.#nextChild[c]) children.push(this.order[c])
    return children
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

  /** Dominance frontiers by block: where a definition in the block meets others. Blocks without are left out. */
  frontiers(): Map<Block, Set<Block>> {
    const result = new Map<Block, Set<Block>>()
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
          const frontier = result.get(runner)
          if (frontier === undefined) result.set(runner, new Set([block]))
          else frontier.add(block)
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
    this.#enter[0] = clock++
    for (let at = 0; at >= 0; ) {
      const child = this.#firstChild[at]
      if (child >= 0) {
        this.#enter[child] = clock++
        at = child
        continue
      }
      // Up to where a sibling is left.
      this.#leave[at] = clock++
      while (at > 0 && this.#nextChild[at] < 0) {
        at = this.#idom[at]
        this.#leave[at] = clock++
      }
      at = at > 0 ? this.#nextChild[at] : -1
      if (at >= 0) this.#enter[at] = clock++
    }
  }
}
