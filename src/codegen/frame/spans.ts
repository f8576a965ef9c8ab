import { postOrder } from "../mir/cfg.ts"
import type { MBlock, MFunction, MInst } from "../mir/mir.ts"

/** At which borders of blocks a local lies between instructions that may touch it, by block id. */
export interface Spans {
  /** Some instruction before the block may have touched these. */
  readonly reached: readonly ReadonlySet<number>[]
  /** Some instruction behind the block may touch these. */
  readonly wanted: readonly (readonly number[])[]
}

/**
 * Where locals are in use, by the slots' indexes:
 *
 *     b1: touches s     reached: –    wanted: s
 *     b2: …             reached: s    wanted: s
 *     b3: touches s     reached: s    wanted: –
 *
 * No way leads back to a stretch of code that it has left, so only the stretches from the first to the last touch of a local are walked:
 * around those, one of the two does not hold anyway, and the other is not told.
 */
export function findSpans(fn: MFunction, touched: (i: MInst) => readonly number[]): Spans {
  const order = postOrder(fn).reverse()
  const stretch = stretches(fn, order)
  const touching = new Map<number, MBlock[]>()
  for (const block of order) {
    for (const i of block.insts) {
      for (const s of touched(i)) {
        const list = touching.get(s)
        if (list === undefined) touching.set(s, [block])
        else if (list.at(-1) !== block) list.push(block)
      }
    }
  }
  const reached: Set<number>[] = []
  const wanted: number[][] = []
  for (const { id } of fn.blocks) {
    reached[id] = new Set()
    wanted[id] = []
  }
  const seen = new Int32Array(fn.nextBlock).fill(-1)
  for (const [s, blocks] of touching) {
    const first = stretch[blocks[0].id]
    const last = stretch[blocks.at(-1)!.id]
    const work = [...blocks]
    for (let block = work.pop(); block !== undefined; block = work.pop()) {
      for (const target of block.term.targets) {
        if (stretch[target.id] > last || reached[target.id].has(s)) continue
        reached[target.id].add(s)
        work.push(target)
      }
    }
    work.push(...blocks)
    for (let block = work.pop(); block !== undefined; block = work.pop()) {
      for (const pred of block.preds) {
        if (stretch[pred.id] < first || seen[pred.id] === s) continue
        seen[pred.id] = s
        wanted[pred.id].push(s)
        work.push(pred)
      }
    }
  }
  return { reached, wanted }
}

/** Numbers for blocks, by id, that never get smaller on any way: blocks between the ends of a way back have the same one. */
function stretches(fn: MFunction, order: readonly MBlock[]): Int32Array {
  const at = new Int32Array(fn.nextBlock).fill(-1)
  order.forEach((block, i) => {
    at[block.id] = i
  })
  // How far the ways back that end at a block, or before it, reach.
  const until = new Int32Array(order.length)
  order.forEach((block, i) => {
    for (const target of block.term.targets) until[at[target.id]] = Math.max(until[at[target.id]], i)
  })
  const number = new Int32Array(fn.nextBlock).fill(-1)
  let end = -1
  let count = -1
  order.forEach((block, i) => {
    if (i > end) count++
    end = Math.max(end, until[i], i)
    number[block.id] = count
  })
  return number
}
