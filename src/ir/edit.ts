import { newBlock } from "./builder.ts"
import { renameValue } from "./debug.ts"
import type { Block, Inst, IrFunction, Phi, Terminator, Value } from "./ir.ts"

/** What can use a value. */
export type User = Inst | Phi | Terminator

/** Puts `to` in the place of `from` in the whole function. Linear in the function: for many replacements use {@link replaceValues}. */
export function replaceAllUses(func: IrFunction, from: Value, to: Value): void {
  replaceValues(func, new Map([[from, to]]))
}

/**
 * Replaces each key by its value, in one walk over the function. Chains (a to b, b to c) are followed. The keys' own definitions stay where
 * they are.
 */
export function replaceValues(func: IrFunction, map: ReadonlyMap<Value, Value>): void {
  if (map.size === 0) return
  // Where a chain was followed to, so that long ones are followed once.
  const ends = new Map<Value, Value>()
  const resolve = (from: Value): Value => {
    const chain: Value[] = []
    let v = from
    for (let next = ends.get(v) ?? map.get(v); next !== undefined && next !== v; next = ends.get(v) ?? map.get(v)) {
      chain.push(v)
      v = next
    }
    for (let i = 0; i + 1 < chain.length; i++) ends.set(chain[i], v)
    return v
  }
  const patch = (args: Value[]) => {
    for (let i = 0; i < args.length; i++) if (map.has(args[i])) args[i] = resolve(args[i])
  }
  for (const block of func.blocks) {
    for (const phi of block.phis) patch(phi.args)
    for (const inst of block.insts) patch(inst.args)
    patch(block.term.args)
  }
  if (func.debug !== undefined) for (const from of map.keys()) renameValue(func, from, resolve(from))
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
