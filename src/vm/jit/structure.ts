import type { FlowGraph } from "./flow.ts"
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
  const structure = new Structure(graph, w)
  structure.write()
}

/** What is left to do, together with a block: 4 times its number and one of these. */
const TREE = 0
const CLOSE = 1
const CLOSE_TREE = 2
const ELSE = 3

class Structure {
  readonly #graph: FlowGraph
  readonly #w: StructureWriter
  /** By block: the depth at which the `block` that ends before it was opened, and the `loop` that begins with it. */
  readonly #blockAt: Int32Array
  readonly #loopAt: Int32Array
  /** By block: the last of the blocks that it dominates at once and that several lead to, and of each the one before it. */
  readonly #lastChild: Int32Array
  readonly #previousChild: Int32Array
  readonly #todo: number[] = []
  #depth = 0

  constructor(graph: FlowGraph, w: StructureWriter) {
    const { blocks, dominator, merge } = graph
    this.#graph = graph
    this.#w = w
    this.#blockAt = new Int32Array(blocks.length)
    this.#loopAt = new Int32Array(blocks.length)
    this.#lastChild = new Int32Array(blocks.length).fill(-1)
    this.#previousChild = new Int32Array(blocks.length)
    for (let b = 1; b < blocks.length; b++) {
      if (merge[b] === 0) continue
      this.#previousChild[b] = this.#lastChild[dominator[b]]
      this.#lastChild[dominator[b]] = b
    }
  }

  write(): void {
    this.#tree(0)
    while (this.#todo.length > 0) {
      const next = this.#todo.pop()!
      switch (next & 3) {
        case TREE:
          this.#tree(next >> 2)
          break
        case CLOSE:
          this.#close()
          break
        case CLOSE_TREE:
          this.#close()
          this.#tree(next >> 2)
          break
        default:
          this.#w.op(Op.else)
      }
    }
  }

  #open(code: number): number {
    this.#w.opWith(code, VOID)
    return this.#depth++
  }

  #close(): void {
    this.#w.op(Op.end)
    this.#depth--
  }

  #isInline(from: number, to: number): boolean {
    return to > from && this.#graph.merge[to] === 0 && this.#graph.dominator[to] === from
  }

  #distance(from: number, to: number): number {
    return this.#depth - 1 - (to <= from ? this.#loopAt[to] : this.#blockAt[to])
  }

  #go(from: number, to: number): void {
    if (this.#isInline(from, to)) this.#todo.push(to * 4 + TREE)
    else this.#w.opWith(Op.br, this.#distance(from, to))
  }

  #tree(b: number): void {
    const w = this.#w
    if (this.#graph.header[b] === 1) {
      w.beforeLoop(b, this.#depth)
      this.#loopAt[b] = this.#open(Op.loop)
      this.#todo.push(CLOSE)
      w.turn(b, this.#depth)
    }
    for (let after = this.#lastChild[b]; after >= 0; after = this.#previousChild[after]) {
      this.#blockAt[after] = this.#open(Op.block)
      this.#todo.push(after * 4 + CLOSE_TREE)
    }
    w.body(b)
    const { succs } = this.#graph.blocks[b]
    if (succs.length === 1) this.#go(b, succs[0])
    else if (succs.length === 2) {
      const follows = succs[0]
      const target = succs[1]
      if (!this.#isInline(b, target)) {
        w.condition(b, false)
        w.opWith(Op.brIf, this.#distance(b, target))
        this.#go(b, follows)
      } else if (!this.#isInline(b, follows)) {
        w.condition(b, true)
        w.opWith(Op.brIf, this.#distance(b, follows))
        this.#go(b, target)
      } else {
        w.condition(b, true)
        this.#open(Op.if)
        this.#todo.push(CLOSE, target * 4 + TREE, ELSE, follows * 4 + TREE)
      }
    }
  }
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
