import { newBlock } from "./builder.ts"
import { renameValue } from "./debug.ts"
import type { Block, Inst, IrFunction, Phi, Terminator, Value } from "./ir.ts"

/** What can use a value. */
export type User = Inst | Phi | Terminator

/** Puts `to` in the place of `from` in the whole function. Linear in the function: for many replacements use {@link replaceValues}. */
export function replaceAllUses(func: IrFunction, from: Value, to: Value): void {
  replaceValues(func, new Map([[from, to]]))
}

/** Values of a function that others take the place of. Most values are none of them, which is told without a look-up. */
export class Replacements {
  readonly #to = new Map<Value, Value>()
  /** By the value's id: 1 where it may be replaced. */
  #ids: Uint8Array
  /** Some parameter is replaced. */
  #params = false

  constructor(func: IrFunction) {
    this.#ids = new Uint8Array(func.nextId)
  }

  get size(): number {
    return this.#to.size
  }

  set(from: Value, to: Value): void {
    this.#to.set(from, to)
    if (from.kind === "param") this.#params = true
    else if (from.kind === "inst" || from.kind === "phi") {
      if (from.id >= this.#ids.length) {
        const more = new Uint8Array(2 * from.id + 1)
        more.set(this.#ids)
        this.#ids = more
      }
      this.#ids[from.id] = 1
    }
  }

  has(v: Value): boolean {
    return this.#mayHave(v) && this.#to.has(v)
  }

  /** What stands for a value in the end: chains (a to b, b to c) are followed. The value itself where nothing does. */
  find(v: Value): Value {
    if (!this.#mayHave(v)) return v
    const first = this.#to.get(v)
    if (first === undefined) return v
    const next = this.#to.get(first)
    if (next === undefined || next === first) return first
    let end = next
    for (let to = this.#to.get(end); to !== undefined && to !== end; to = this.#to.get(end)) end = to
    // Long chains are followed once.
    for (let at = v; at !== end; ) {
      const to = this.#to.get(at)!
      this.#to.set(at, end)
      at = to
    }
    return end
  }

  patch(args: Value[]): void {
    for (let i = 0; i < args.length; i++) if (this.#mayHave(args[i])) args[i] = this.find(args[i])
  }

  /** Puts the new values into the whole function, and into what is told of variables. The old ones' definitions stay where they are. */
  apply(func: IrFunction): void {
    if (this.#to.size === 0) return
    for (const block of func.blocks) {
      for (const phi of block.phis) this.patch(phi.args)
      for (const inst of block.insts) this.patch(inst.args)
      this.patch(block.term.args)
    }
    if (func.debug !== undefined) for (const from of this.#to.keys()) renameValue(func, from, this.find(from))
  }

  #mayHave(v: Value): boolean {
    if (v.kind === "inst" || v.kind === "phi") return this.#ids[v.id] === 1
    return v.kind === "param" && this.#params
  }
}

/**
 * Replaces each key by its value, in one walk over the function. Chains (a to b, b to c) are followed. The keys' own definitions stay where
 * they are.
 */
export function replaceValues(func: IrFunction, map: ReadonlyMap<Value, Value>): void {
  if (map.size === 0) return
  const replaced = new Replacements(func)
  for (const [from, to] of map) replaced.set(from, to)
  replaced.apply(func)
}

/** Adds an edge's entry to the target's predecessors; its phis get `values`, in their order. */
export function addEdge(from: Block, to: Block, values: readonly Value[] = []): void {
  to.preds.push(from)
  for (let i = 0; i < to.phis.length; i++) {
    to.phis[i].incoming.push(from)
    to.phis[i].args.push(values[i])
  }
}

/** Takes one edge from `from` out of the target's predecessors and phis. The terminator is the caller's. */
export function removeEdge(from: Block, to: Block): void {
  const at = to.preds.indexOf(from)
  if (at >= 0) to.preds.splice(at, 1)
  for (const phi of to.phis) {
    const i = phi.incoming.indexOf(from)
    if (i < 0) continue
    phi.incoming.splice(i, 1)
    phi.args.splice(i, 1)
  }
}

/** Makes the edges of `to` that come from `before` come from `after`. The terminators are the caller's. */
export function replacePred(to: Block, before: Block, after: Block): void {
  for (let i = 0; i < to.preds.length; i++) if (to.preds[i] === before) to.preds[i] = after
  for (const phi of to.phis) {
    for (let i = 0; i < phi.incoming.length; i++) if (phi.incoming[i] === before) phi.incoming[i] = after
  }
}

/**
 * Replaces a block's terminator: edges that both have are kept with their phi values, edges that go away are removed. A new edge into a
 * block with phis must be added by the caller with {@link addEdge}.
 */
export function setTerminator(block: Block, term: Terminator): void {
  const before: Block[] = [...block.term.targets]
  for (const target of term.targets) {
    const at = before.indexOf(target)
    if (at >= 0) before.splice(at, 1)
    else addEdge(block, target)
  }
  for (const target of before) removeEdge(block, target)
  block.term = term
}

/** Puts a new block on the edge `from.term.targets[index]` and returns it; it is placed behind `from`. */
export function splitEdge(func: IrFunction, from: Block, index: number): Block {
  const to = from.term.targets[index] as Block
  const middle = newBlock(func)
  middle.term = { kind: "term", op: "jump", args: [], targets: [to], span: from.term.span }
  middle.preds.push(from)
  from.term.targets[index] = middle
  const at = to.preds.indexOf(from)
  to.preds[at] = middle
  for (const phi of to.phis) phi.incoming[phi.incoming.indexOf(from)] = middle
  func.blocks.splice(func.blocks.indexOf(from) + 1, 0, middle)
  return middle
}

/** Drops the blocks that the entry does not reach, with their edges. Returns whether there were any. */
export function removeUnreachable(func: IrFunction): boolean {
  const reached = new Uint8Array(func.nextBlock)
  const work: Block[] = [func.blocks[0]]
  reached[func.blocks[0].id] = 1
  for (let block = work.pop(); block !== undefined; block = work.pop()) {
    for (const target of block.term.targets) {
      if (reached[target.id] !== 0) continue
      reached[target.id] = 1
      work.push(target)
    }
  }
  const stays = (block: Block): boolean => reached[block.id] !== 0
  const kept = func.blocks.filter(stays)
  if (kept.length === func.blocks.length) return false
  for (const block of kept) {
    if (block.preds.every(stays)) continue
    block.preds = block.preds.filter(stays)
    for (const phi of block.phis) {
      phi.args = phi.args.filter((_, i) => stays(phi.incoming[i]))
      phi.incoming = phi.incoming.filter(stays)
    }
  }
  func.blocks = kept
  return true
}
