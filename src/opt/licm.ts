import {
  type Block,
  DominatorTree,
  findLoops,
  type Inst,
  type IrFunction,
  isBinary,
  type Loop,
  postOrder,
  splitEdge,
  Uses,
  type Value,
} from "../ir/index.ts"
import { boundsNothing } from "./bounds.ts"

/** Registers that last over a call (r6 to r9), and those for values where the loop calls nothing; the rest is for what a round computes. */
const REGISTERS_OVER_CALLS = 4
const REGISTERS = 7
/** Loops of a function that something is moved out of: what is live is looked at anew for each. */
const MOST_LOOPS = 8

/**
 * Loop-invariant code motion: what each round computes anew of the same operands is computed once, in front of the loop.
 *
 *     b1: %1 = phi i32 [b0: 0], [b1: %3]          b0: …
 *         %2 = mul i32 %a, %b                         %2 = mul i32 %a, %b
 *         %3 = add i32 %1, %2               →     b1: %1 = phi i32 [b0: 0], [b1: %3]
 *         br (cmp ult i32 %3, %n), b1, b2             %3 = add i32 %1, %2
 *
 * The verifier walks each round, so that it is spared work, too. Only arithmetic that every round does is moved, where a register is left for it
 * through the whole loop, and nothing that a bound may depend on: no offsets of pointers, no arguments of calls, and nothing whose operands the
 * loop compares.
 *
 * Method: Aho, Lam, Sethi, Ullman, "Compilers", 9.5; the bound on registers is BPF's own.
 */
export function licm(func: IrFunction): boolean {
  if (!goesBack(func)) return false
  const dom = new DominatorTree(func)
  const rank = new Map(dom.order.map((block, i) => [block, i]))
  const uses = new Uses(func)
  let left = MOST_LOOPS
  for (const loop of findLoops(func, dom).loops) {
    const outside = loop.header.preds.filter(pred => !loop.blocks.has(pred))
    if (outside.length !== 1 || (outside[0].term.op !== "jump" && outside[0].term.op !== "br")) continue
    const found = invariant(loop, dom, rank, uses)
    if (found.size === 0 || found.size > roomIn(loop, liveInto(func))) continue
    move(func, loop, outside[0], found)
    // A block that was put in front belongs to no loop that is known here: the loops around it stay as they are.
    if (--left === 0 || outside[0].term.op !== "jump") break
  }
  return left < MOST_LOOPS
}

/** Whether a block goes to itself or to one in front of it; without that there is no loop. */
function goesBack(func: IrFunction): boolean {
  const seen = new Set<Block>()
  for (const block of func.blocks) {
    seen.add(block)
    if (block.term.targets.some(target => seen.has(target))) return true
  }
  return false
}

/** What each round computes of values from outside, in an order in which it can be computed. */
function invariant(loop: Loop, dom: DominatorTree, rank: ReadonlyMap<Block, number>, uses: Uses): ReadonlySet<Inst> {
  const found = new Set<Inst>()
  const isSame = (v: Value): boolean =>
    (v.kind !== "inst" && v.kind !== "phi") || !loop.blocks.has(v.block) || (v.kind === "inst" && found.has(v))
  const blocks = [...loop.blocks].sort((a, b) => rank.get(a)! - rank.get(b)!)
  for (const block of blocks) {
    if (!loop.latches.every(latch => dom.dominates(block, latch))) continue
    for (const inst of block.insts)
      if (isMovable(inst) && inst.args.every(isSame) && isFreeOfBounds(inst, loop, uses)) found.add(inst)
  }
  return found
}

const isMovable = (inst: Inst): boolean => isBinary(inst) || inst.op === "bswap" || inst.op === "sextin"

function move(func: IrFunction, loop: Loop, from: Block, found: ReadonlySet<Inst>): void {
  for (const block of new Set([...found].map(inst => inst.block)))
    block.insts = block.insts.filter(inst => !found.has(inst))
  const way = (from.term.targets as Block[]).indexOf(loop.header)
  const to = from.term.op === "jump" ? from : splitEdge(func, from, way)
  for (const inst of found) {
    inst.block = to
    to.insts.push(inst)
  }
}

/** Whether no bound hangs on a value or on what it is made of: its operands are not compared in the loop. */
function isFreeOfBounds(inst: Inst, loop: Loop, uses: Uses): boolean {
  const isCompared = (v: Value) =>
    uses.of(v).some(({ user }) => user.kind === "inst" && user.op === "cmp" && loop.blocks.has(user.block))
  return !inst.args.some(arg => arg.kind !== "const" && isCompared(arg)) && boundsNothing(inst, uses)
}

/** Registers that stay free through a loop. */
function roomIn(loop: Loop, live: ReadonlyMap<Block, ReadonlySet<Value>>): number {
  let most = 0
  let calls = false
  for (const block of loop.blocks) {
    most = Math.max(most, (live.get(block)?.size ?? 0) + block.phis.length)
    calls ||= block.insts.some(inst => inst.op === "call" || inst.op === "asm")
  }
  return (calls ? REGISTERS_OVER_CALLS : REGISTERS) - most
}

/** The values that blocks need of those before them; what is cheap to make anew wherever it is needed is left out. */
function liveInto(func: IrFunction): Map<Block, Set<Value>> {
  const live = new Map<Block, Set<Value>>()
  const order = postOrder(func)
  for (let changed = true; changed; ) {
    changed = false
    for (const block of order) {
      const now = new Set<Value>()
      const need = (v: Value): void => {
        if (v.kind === "const" || v.kind === "undef" || (v.kind === "inst" && isFree(v))) return
        if (v.kind === "param" || v.block !== block) now.add(v)
      }
      for (const target of block.term.targets) {
        for (const v of live.get(target) ?? []) need(v)
        for (const phi of target.phis) need(phi.args[phi.incoming.indexOf(block)])
      }
      for (const inst of block.insts) inst.args.forEach(need)
      block.term.args.forEach(need)
      if (now.size === (live.get(block)?.size ?? 0)) continue
      live.set(block, now)
      changed = true
    }
  }
  return live
}

const isFree = ({ op }: Inst): boolean =>
  op === "alloca" || op === "mapaddr" || op === "globaladdr" || op === "funcaddr" || op === "ksymaddr"
