import type { Block, Phi, Value } from "../../ir/index.ts"
import { type MBlock, makeTerm, type Reg } from "../mir/mir.ts"
import type { Selector } from "./selector.ts"

/** A block that stands for the edge from one block to another, of which `head` is the first part: copies that belong to the edge go there. */
export function edgeBlock(s: Selector, from: MBlock, to: Block, head: MBlock): MBlock {
  const middle = s.newBlock(from.loop)
  while (middle.loop !== undefined && !middle.loop.blocks.has(to)) middle.loop = middle.loop.parent
  middle.term = makeTerm("jump", [head], from.term.span)
  return middle
}

/**
 * Turns phis into copies at the end of their predecessors. Every edge between a block with several successors and one with several
 * predecessors gets a block of its own, which is left empty where there is nothing to copy; `edges` has those that are there already, by block.
 *
 *     b2: %1 = phi [b0: %5], [b1: 7]        b0: v1 = v5; goto b2      b1: v1 = 7; goto b2
 */
export function lowerPhis(
  s: Selector,
  blocks: readonly Block[],
  heads: readonly MBlock[],
  tails: readonly MBlock[],
  edges: readonly (readonly MBlock[] | undefined)[],
): void {
  const placed: MBlock[] = []
  const extra = new Map<MBlock, MBlock[]>()
  const incoming = valuesByEdge(blocks)
  for (const block of blocks) {
    const tail = tails[block.id]
    const { targets } = block.term
    for (let i = 0; i < targets.length; i++) {
      const to = targets[i]!
      const edge = edges[block.id]?.[i]
      if (edge !== undefined) {
        if (to.phis.length > 0) copyPhis(s, edge, to.phis, incoming[block.id]!)
        continue
      }
      // Which of the machine's edges it is: a condition may have exchanged them, or left one.
      const index = tail.term.targets.indexOf(heads[to.id])
      if (index < 0) continue
      let where = tail
      if (tail.term.targets.length > 1 && to.preds.length > 1) {
        where = edgeBlock(s, tail, to, heads[to.id])
        tail.term.targets[index] = where
        const list = extra.get(tail)
        if (list === undefined) extra.set(tail, [where])
        else list.push(where)
      }
      if (to.phis.length > 0) copyPhis(s, where, to.phis, incoming[block.id]!)
    }
  }
  for (const block of s.fn.blocks) {
    placed.push(block)
    const more = extra.get(block)
    if (more !== undefined) placed.push(...more)
  }
  s.fn.blocks = placed
}

/** What each phi gets from a block, by the block's id. */
function valuesByEdge(blocks: readonly Block[]): (Map<Phi, Value> | undefined)[] {
  const values: (Map<Phi, Value> | undefined)[] = []
  for (const { phis } of blocks) {
    for (const phi of phis) {
      phi.incoming.forEach((from, i) => {
        const map = (values[from.id] ??= new Map())
        if (!map.has(phi)) map.set(phi, phi.args[i])
      })
    }
  }
  return values
}

function copyPhis(s: Selector, where: MBlock, phis: readonly Phi[], values: ReadonlyMap<Phi, Value>): void {
  s.block = where
  s.span = where.term.span
  s.forget()
  const moves: { dst: Reg; src: Reg }[] = []
  const made: { phi: Phi; value: Value }[] = []
  for (const phi of phis) {
    if (!s.plan.needed(phi)) continue
    const value = values.get(phi)!
    if (s.hasReg(value)) moves.push({ dst: s.reg(phi), src: s.reg(value) })
    else made.push({ phi, value })
  }
  parallelMoves(s, moves)
  for (const { phi, value } of made) s.moveInto(s.reg(phi), value)
}

/** Copies that happen at the same time, one after the other: a register is overwritten when nothing reads it any more; cycles get a helper. */
function parallelMoves(s: Selector, moves: { dst: Reg; src: Reg }[]): void {
  const left = moves.filter(m => m.dst !== m.src)
  if (left.length < 2) {
    for (const { dst, src } of left) s.move(dst, src)
    return
  }
  const readers = new Map<Reg, number>()
  for (const { src } of left) readers.set(src, (readers.get(src) ?? 0) + 1)
  const ready = left.filter(m => !readers.has(m.dst))
  const byDst = new Map(left.map(m => [m.dst, m]))
  const emit = (m: { dst: Reg; src: Reg }) => {
    s.move(m.dst, m.src)
    byDst.delete(m.dst)
    const count = readers.get(m.src)! - 1
    readers.set(m.src, count)
    const next = byDst.get(m.src)
    if (count === 0 && next !== undefined) ready.push(next)
  }
  for (let next = 0; ; ) {
    for (; next < ready.length; next++) emit(ready[next])
    const first = byDst.values().next()
    if (first.done) return
    // Every register left is read by another copy: save one, and read the saved one instead.
    const { dst } = first.value
    const saved = s.copy(dst)
    for (const m of byDst.values()) if (m.src === dst) m.src = saved
    readers.set(saved, readers.get(dst)!)
    readers.set(dst, 0)
    ready.push(first.value)
  }
}
