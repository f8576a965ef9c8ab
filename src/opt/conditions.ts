import {
  type Block,
  constant,
  DominatorTree,
  type IrFunction,
  i32,
  replaceValues,
  type Value,
  type ValueType,
} from "../ir/index.ts"
import { Facts } from "./facts.ts"

/**
 * Tests whose answer is known from a test before: behind a branch, its condition has one answer, and what was compared lies on one side.
 *
 *     br %1, b1, b2                             br %1, b1, b2       ; %1 is cmp ugt i32 %v, 9
 *     b1: %2 = cmp eq i32 %v, 7             →   b1: br 0, b3, b2
 *         br %2, b3, b2
 *
 * Facts hold in the blocks that the branch's way dominates; CFG clean-up then takes the ways left.
 */
export function conditions(func: IrFunction): boolean {
  let changed = false
  const replaced = new Map<Value, Value>()
  walkFacts(func, (block, facts) => {
    for (const inst of block.insts) {
      if (inst.op !== "cmp" && inst.op !== "select") continue
      const answer = facts.answer(inst.op === "cmp" ? inst : inst.args[0])
      if (answer === undefined) continue
      if (inst.op === "cmp") replaced.set(inst, i32(answer ? 1 : 0))
      else if (inst.args[0].kind !== "const") {
        inst.args[0] = i32(answer ? 1 : 0)
        changed = true
      }
    }
    const { term } = block
    if (term.op !== "br" || term.args[0].kind === "const") return
    const answer = facts.answer(term.args[0])
    if (answer === undefined) return
    term.args[0] = constant(term.args[0].type as ValueType, answer ? 1 : 0)
    changed = true
  })
  if (replaced.size === 0) return changed
  replaceValues(func, replaced)
  for (const block of func.blocks) block.insts = block.insts.filter(i => !replaced.has(i))
  return true
}

/** Visits each block with what is known at its end, a block before those that it dominates. */
export function walkFacts(func: IrFunction, visit: (block: Block, facts: Facts) => void): void {
  const dom = new DominatorTree(func)
  const facts = new Facts()
  const walk: { block: Block; from: number }[] = [{ block: func.blocks[0], from: 0 }]
  for (let next = walk.pop(); next !== undefined; next = walk.pop()) {
    const { block, from } = next
    facts.back(from)
    const way = wayInto(block)
    if (way !== undefined) facts.learn(way.cond, way.taken)
    visit(block, facts)
    const here = facts.mark()
    for (const child of dom.children(block)) walk.push({ block: child, from: here })
  }
}

/** The branch that is the only way into a block. */
function wayInto(block: Block): { cond: Value; taken: boolean } | undefined {
  if (block.preds.length !== 1) return undefined
  const { term } = block.preds[0]
  if (term.op !== "br" || term.targets[0] === term.targets[1]) return undefined
  return { cond: term.args[0], taken: term.targets[0] === block }
}
