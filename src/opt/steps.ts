import { type Block, DominatorTree, type Inst, type IrFunction, Uses, type Value } from "../ir/index.ts"

/**
 * Steps of counters behind the last use of the old value: then both can have one register.
 *
 *     %2 = add i32 %1, 1                →    %3 = add i32 %c, %1
 *     %3 = add i32 %c, %1                    %2 = add i32 %1, 1
 *
 * Only where the old value is not wanted behind the block.
 */
export function steps(func: IrFunction): boolean {
  let uses: Uses | undefined
  let dom: DominatorTree | undefined
  let changed = false
  for (const block of func.blocks) {
    const { insts } = block
    for (let i = insts.length - 1; i >= 0; i--) {
      const step = insts[i]
      if ((step.op !== "add" && step.op !== "ptradd") || step.args[1].kind !== "const") continue
      const [old] = step.args
      if (old.kind !== "phi") continue
      uses ??= new Uses(func)
      dom ??= new DominatorTree(func)
      const last = lastUse(old, block, uses, dom)
      if (last === undefined || last <= i) continue
      if (insts.slice(i + 1, last + 1).some(inst => inst.args.includes(step))) continue
      insts.splice(i, 1)
      insts.splice(last, 0, step)
      changed = true
    }
  }
  return changed
}

/** Position of the last instruction of a block that uses a value; undefined where it may be wanted behind the block. */
function lastUse(value: Value, block: Block, uses: Uses, dom: DominatorTree): number | undefined {
  const inside = new Set<Inst>()
  for (const { user, index } of uses.of(value)) {
    if (user.kind === "term") return undefined
    const where = user.kind === "phi" ? user.incoming[index] : user.block
    if (user.kind === "inst" && where === block) inside.add(user)
    else if (where === block || !dom.dominates(where, block)) return undefined
  }
  return block.insts.findLastIndex(inst => inside.has(inst))
}
