import type { FlowGraph } from "./flow.ts"
import { Reused } from "./reused.ts"
import { Op, VOID } from "./wasm/opcodes.ts"

/** What writes the code around jumps. */
export interface StructureWriter {
  op(code: number): void
  opWith(code: number, operand: number): void
  /** An operand of `br_table`. */
  label(depth: number): void
  /** The instructions of a block but for the jump at its end. */
  body(block: number): void
  /** What comes before a loop that begins with a block. `depth` is the label behind all of the structure. */
  beforeLoop(block: number, depth: number): void
  /** What every turn of a loop begins with. `depth` is the label behind all of the structure. */
  turn(block: number, depth: number): void
  /** Puts 1 there when the conditional jump at the end of a block is taken (or, with `not`, when it is not). */
  condition(block: number, not: boolean): void
  /** Says which block the dispatch loop goes on with. */
  next(block: number): void
  /** Puts the number of that block there. */
  pushNext(): void
}

const reused = { blockAt: new Reused(Int32Array), loopAt: new Reused(Int32Array) }

/**
 * Turns a graph into nested blocks and loops, following Norman Ramsey's "Beyond Relooper" (2022): code is laid out along the
 * dominator tree. A block that several lead to comes after the end of a `block` that they leave, a block that is jumped
 * back to begins a `loop`, and all others stand where they are reached.
 *
 *     A: if c goto C      block
 *     B: x                  c br_if 0
 *     C: y                  x
 *                         end
 *                         y
 *
 * The tree may be deep, so the work that is left is kept in a list and not on JavaScript's stack.
 */
export function writeStructured(graph: FlowGraph, w: StructureWriter): void {
  const { blocks, dominator, header, merge } = graph
  const children = mergeChildren(graph)
  // Depth at which the `block` that ends before a block was opened, and the `loop` that begins with it.
  const blockAt = reused.blockAt.any(blocks.length)
  const loopAt = reused.loopAt.any(blocks.length)
  let depth = 0
  const open = (code: number): number => {
    w.opWith(code, VOID)
    return depth++
  }
  const todo: (() => void)[] = []
  const close = (): void => {
    w.op(Op.end)
    depth--
  }
  const isInline = (from: number, to: number): boolean => to > from && merge[to] === 0 && dominator[to] === from
  const distance = (from: number, to: number): number => depth - 1 - (to <= from ? loopAt[to] : blockAt[to])
  const go = (from: number, to: number): void => {
    if (isInline(from, to)) todo.push(() => tree(to))
    else w.opWith(Op.br, distance(from, to))
  }
  const tree = (b: number): void => {
    if (header[b] === 1) {
      w.beforeLoop(b, depth)
      loopAt[b] = open(Op.loop)
      todo.push(close)
      w.turn(b, depth)
    }
    for (let n = children[b].length - 1; n >= 0; n--) {
      const after = children[b][n]
      blockAt[after] = open(Op.block)
      todo.push(() => {
        close()
        tree(after)
      })
    }
    w.body(b)
    const { succs } = blocks[b]
    if (succs.length === 1) go(b, succs[0])
    else if (succs.length === 2) {
      const [follows, target] = succs
      if (!isInline(b, target)) {
        w.condition(b, false)
        w.opWith(Op.brIf, distance(b, target))
        go(b, follows)
      } else if (!isInline(b, follows)) {
        w.condition(b, true)
        w.opWith(Op.brIf, distance(b, follows))
        go(b, target)
      } else {
        w.condition(b, true)
        open(Op.if)
        todo.push(
          close,
          () => go(b, target),
          () => w.op(Op.else),
          () => go(b, follows),
        )
      }
    }
  }
  tree(0)
  while (todo.length > 0) todo.pop()!()
}

/** By block: the blocks that it dominates at once and that several lead to, in the order in which they are laid out. */
function mergeChildren({ blocks, dominator, merge }: FlowGraph): number[][] {
  const children: number[][] = blocks.map(() => [])
  for (let b = 1; b < blocks.length; b++) if (merge[b] === 1) children[dominator[b]].push(b)
  return children
}

/**
 * For graphs with a loop that can be entered at several places: all blocks stand in one loop, which begins by going to
 * the one that is next.
 */
export function writeDispatch({ blocks }: FlowGraph, w: StructureWriter): void {
  w.next(0)
  w.opWith(Op.loop, VOID)
  w.turn(0, 1)
  for (let b = 0; b < blocks.length; b++) w.opWith(Op.block, VOID)
  w.pushNext()
  w.opWith(Op.brTable, blocks.length - 1)
  for (let b = 0; b < blocks.length; b++) w.label(b)
  for (let b = 0; b < blocks.length; b++) {
    w.op(Op.end)
    w.body(b)
    const { succs } = blocks[b]
    const again = blocks.length - 1 - b
    if (succs.length === 2) {
      w.condition(b, false)
      w.opWith(Op.if, VOID)
      w.next(succs[1])
      w.opWith(Op.br, again + 1)
      w.op(Op.end)
    }
    if (succs.length > 0) {
      w.next(succs[0])
      w.opWith(Op.br, again)
    }
  }
  w.op(Op.end)
}
