import {
  type Block,
  constant,
  DominatorTree,
  type Inst,
  type IrFunction,
  i32,
  isConst,
  type Value,
  type ValueType,
} from "../ir/index.ts"

/**
 * Tests whose answer is known from a test before: behind a branch, its condition has one answer, and what was compared with zero is zero
 * or is not.
 *
 *     br %1, b1, b2                  br %1, b1, b2
 *     b1: %2 = cmp ne ptr %v, 0   →  b1: br 1, b3, b2          ; when %1 is cmp ne ptr %v, 0 too
 *         br %2, b3, b2
 *
 * Facts hold in the blocks that the branch's way dominates; CFG clean-up then takes the ways left.
 */
export function conditions(func: IrFunction): boolean {
  const dom = new DominatorTree(func)
  /** Whether a value is zero, where that is known. */
  const isZero = new Map<Value, boolean>()
  let changed = false
  const walk: (Block | (() => void))[] = [func.blocks[0]]
  for (let block = walk.pop(); block !== undefined; block = walk.pop()) {
    if (typeof block === "function") {
      block()
      continue
    }
    const learned: Value[] = []
    const learn = (v: Value, zero: boolean): void => {
      if (v.kind === "const" || v.kind === "undef" || isZero.has(v)) return
      isZero.set(v, zero)
      learned.push(v)
      const inner = v.kind === "inst" ? sameZero(v) : undefined
      if (inner !== undefined) learn(inner.of, zero === inner.alike)
    }
    walk.push(() => {
      for (const v of learned) isZero.delete(v)
    })
    const way = wayInto(block)
    if (way !== undefined) learn(way.cond, !way.taken)
    for (const inst of block.insts) {
      const answer = answerOf(inst, isZero)
      if (answer !== undefined) learn(inst, !answer)
    }
    const { term } = block
    if (term.op === "br") {
      const zero = isZero.get(term.args[0])
      if (zero !== undefined) {
        term.args[0] = constant(term.args[0].type as ValueType, zero ? 0 : 1)
        changed = true
      }
    }
    for (const inst of block.insts) {
      if (inst.op !== "select") continue
      const zero = isZero.get(inst.args[0])
      if (zero === undefined) continue
      inst.args[0] = i32(zero ? 0 : 1)
      changed = true
    }
    walk.push(...dom.children(block))
  }
  return changed
}

/** The branch that is the only way into a block. */
function wayInto(block: Block): { cond: Value; taken: boolean } | undefined {
  if (block.preds.length !== 1) return undefined
  const { term } = block.preds[0]
  if (term.op !== "br" || term.targets[0] === term.targets[1]) return undefined
  return { cond: term.args[0], taken: term.targets[0] === block }
}

/** The operand that is zero when an instruction is, or (`alike` false) when it is not. */
function sameZero(inst: Inst): { of: Value; alike: boolean } | undefined {
  if (inst.op === "zext" || inst.op === "sext") return { of: inst.args[0], alike: true }
  if (inst.op !== "cmp" || !isConst(inst.args[1], 0)) return undefined
  if (inst.pred !== "eq" && inst.pred !== "ne") return undefined
  return { of: inst.args[0], alike: inst.pred === "ne" }
}

/** Whether an instruction is not zero, where a fact about its operand tells. */
function answerOf(inst: Inst, isZero: ReadonlyMap<Value, boolean>): boolean | undefined {
  const inner = sameZero(inst)
  const zero = inner === undefined ? undefined : isZero.get(inner.of)
  return zero === undefined ? undefined : zero !== inner!.alike
}
