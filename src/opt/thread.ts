import {
  addEdge,
  type Block,
  constant,
  DominatorTree,
  findLoops,
  type Inst,
  type IrFunction,
  isBinary,
  type Loop,
  newBlock,
  type Phi,
  removeEdge,
  removeUnreachable,
  Uses,
  type Value,
} from "../ir/index.ts"
import { walkFacts } from "./conditions.ts"
import { evaluated } from "./constants.ts"
import { demote } from "./demote.ts"
import type { Facts } from "./facts.ts"
import { mem2reg } from "./mem2reg.ts"

/** As many instructions, those of the test aside, may be made anew for each way that is known. */
const MOST_COPIED = 2

/** Blocks that get copies, times those of the function: the values of each may need a phi in many others. The rest waits for the next time. */
const MOST_WORK = 50_000

/**
 * Jump threading: where one way into a block already decides the branch at its end, that way goes straight on, with a copy of what the block
 * does.
 *
 *     b1: jump b3                                   b1: jump b4
 *     b2: jump b3                                   b2: jump b5
 *     b3: %1 = phi i32 [b1: -1], [b2: 3]      →
 *         br (cmp slt i32 %1, 0), b4, b5
 *
 * What is known comes from the phis and from the branches before. A loop keeps one way in: its header's test is passed by only at first, which
 * puts the test at the loop's bottom.
 */
export function thread(func: IrFunction): boolean {
  const plan = known(func)
  if (plan.size === 0) return false
  const uses = new Uses(func)
  for (const block of [...plan.keys()]) if (cost(block, uses) > MOST_COPIED) plan.delete(block)
  // A way out of a block that gets copies itself waits for the next time.
  for (const [block, ways] of [...plan]) {
    const left = ways.filter(({ from }) => !plan.has(from))
    if (left.length > 0) plan.set(block, left)
    else plan.delete(block)
  }
  let left = Math.max(1, Math.floor(MOST_WORK / func.blocks.length))
  for (const block of [...plan.keys()]) if (left-- <= 0) plan.delete(block)
  if (plan.size === 0) return false
  // Values of a block that has copies get one place; the block itself and the phis behind it read them as they are.
  demote(func, plan.keys(), (use, definition) => use === definition)
  const copies = new Map<Block, Block[]>()
  for (const [block, ways] of plan)
    copies.set(
      block,
      ways.map(({ from, to }) => redirect(func, block, from, to)),
    )
  func.blocks = func.blocks.flatMap(block => [...(copies.get(block) ?? []), block])
  removeUnreachable(func)
  mem2reg(func)
  return true
}

/** A way into a block, and where it surely goes on. */
interface Way {
  readonly from: Block
  readonly to: Block
}

function known(func: IrFunction): Map<Block, Way[]> {
  const plan = new Map<Block, Way[]>()
  const dom = new DominatorTree(func)
  const candidate = (block: Block): boolean => {
    const { term } = block
    if (term.op !== "br" || term.targets[0] === term.targets[1] || term.args[0].kind === "const") return false
    if (block.preds.length < 2 || block.unroll !== undefined || block === func.blocks[0]) return false
    return block.insts.every(copyable)
  }
  const headers = new Map(findLoops(func, dom).loops.map(loop => [loop.header, loop]))
  const candidates = new Set(func.blocks.filter(candidate))
  if (candidates.size === 0) return plan
  walkFacts(func, (from, facts) => {
    for (const block of from.term.targets) {
      if (!candidates.has(block) || from.term.targets.filter(t => t === block).length > 1) continue
      const mark = facts.mark()
      if (from.term.op === "br") facts.learn(from.term.args[0], from.term.targets[0] === block)
      const answer = decide(block.term.args[0], block, from, facts)
      facts.back(mark)
      if (answer === undefined) continue
      const way = { from, to: block.term.targets[answer ? 0 : 1] as Block }
      const loop = headers.get(block)
      if (loop !== undefined && !rotates(loop, way)) continue
      const list = plan.get(block)
      if (list === undefined) plan.set(block, [way])
      else list.push(way)
    }
  })
  return plan
}

/**
 * Whether a loop whose test at the top is known to hold at first may be entered behind it: the test is then at the bottom. The block behind it
 * becomes the only way in.
 */
function rotates(loop: Loop, { from, to }: Way): boolean {
  const { header, blocks } = loop
  const outside = header.preds.filter(pred => !blocks.has(pred))
  if (outside.length !== 1 || outside[0] !== from || to === header || !blocks.has(to) || to.preds.length > 1)
    return false
  return header.term.targets.some(target => !blocks.has(target))
}

/** Whether a copy of an instruction does the same and costs little. */
function copyable(inst: Inst): boolean {
  switch (inst.op) {
    case "load":
    case "store":
      return !inst.volatile
    case "ptradd":
    case "cmp":
    case "select":
    case "zext":
    case "sext":
    case "trunc":
    case "ptrtoint":
    case "inttoptr":
    case "sextin":
    case "bswap":
    case "mapaddr":
    case "globaladdr":
    case "funcaddr":
      return true
    default:
      return isBinary(inst)
  }
}

/** Instructions of a block that are there for more than its branch. */
function cost(block: Block, uses: Uses): number {
  const forTest = new Set<unknown>([block.term])
  let count = 0
  for (let i = block.insts.length - 1; i >= 0; i--) {
    const inst = block.insts[i]
    if (inst.op !== "store" && inst.op !== "load" && uses.of(inst).every(use => forTest.has(use.user)))
      forTest.add(inst)
    else count += inst.op === "mapaddr" || inst.op === "globaladdr" ? 2 : 1
  }
  return count
}

/** Whether a condition is true when its block is entered from `from`. */
function decide(cond: Value, block: Block, from: Block, facts: Facts): boolean | undefined {
  const seen = new Map<Value, Value | undefined>()
  const truth = (v: Value): boolean | undefined => {
    const value = resolve(v)
    return value === undefined ? undefined : facts.answer(value)
  }
  /** A value as it is on this way: one that is there before the block, or a constant. */
  const resolve = (v: Value): Value | undefined => {
    if (v.kind === "phi") return v.block === block ? v.args[v.incoming.indexOf(from)] : v
    if (v.kind !== "inst" || v.block !== block) return v
    if (!seen.has(v)) {
      seen.set(v, undefined)
      seen.set(v, compute(v))
    }
    return seen.get(v)
  }
  const compute = (inst: Inst): Value | undefined => {
    if (inst.op === "select") {
      const chosen = truth(inst.args[0])
      return chosen === undefined ? undefined : resolve(inst.args[chosen ? 1 : 2])
    }
    if (inst.op === "cmp") {
      const [a, b] = inst.args.map(resolve)
      const answer = a === undefined || b === undefined ? undefined : facts.compare(inst.pred, a, b)
      return answer === undefined ? undefined : constant("i32", answer ? 1 : 0)
    }
    return evaluated(inst, inst.args.map(resolve))
  }
  return truth(cond)
}

/** Leads one way into a block through a copy of it, which goes on to `to`. */
function redirect(func: IrFunction, block: Block, from: Block, to: Block): Block {
  const values = new Map<Value, Value>()
  const map = (v: Value): Value => values.get(v) ?? v
  for (const phi of block.phis) values.set(phi, phi.args[phi.incoming.indexOf(from)])
  const copy = newBlock(func)
  copy.insts = block.insts.map((inst): Inst => {
    const made = { ...inst, id: func.nextId++, block: copy, args: inst.args.map(map) }
    values.set(inst, made)
    return made
  })
  copy.term = { kind: "term", op: "jump", args: [], targets: [to], span: block.term.span }
  const onward = to.phis.map((phi: Phi) => map(phi.args[phi.incoming.indexOf(block)]))
  addEdge(copy, to, onward)
  removeEdge(from, block)
  from.term.targets[(from.term.targets as Block[]).indexOf(block)] = copy
  copy.preds.push(from)
  return copy
}
