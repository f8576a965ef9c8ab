import { type Block, type Inst, type IrFunction, isBinary, replaceValues, type Value } from "../ir/index.ts"
import { keyOf } from "./gvn.ts"

/** As many instructions of each way are looked at. */
const NEAR = 6

/**
 * What both ways of a branch compute first is computed once, in front of it.
 *
 *     br %c, b1, b2                         %1 = sext i64 %a
 *     b1: %1 = sext i64 %a; …        →      br %c, b1, b2
 *     b2: %2 = sext i64 %a; …               b1: …         ; uses of %2 become %1
 *
 * Only what is an instruction by itself: conversions and offsets that an access takes with it stay where they are.
 */
export function hoist(func: IrFunction): boolean {
  const replaced = new Map<Value, Value>()
  for (const block of func.blocks) {
    const { term } = block
    if (term.op !== "br") continue
    const [then, other] = term.targets
    if (then === other || then.preds.length !== 1 || other.preds.length !== 1) continue
    const first = candidates(then)
    for (const [key, inst] of first.size === 0 ? [] : candidates(other)) {
      const twin = first.get(key)
      if (twin === undefined) continue
      replaced.set(inst, twin)
      then.insts.splice(then.insts.indexOf(twin), 1)
      other.insts.splice(other.insts.indexOf(inst), 1)
      twin.block = block
      block.insts.push(twin)
    }
  }
  replaceValues(func, replaced)
  return replaced.size > 0
}

/** Instructions near a block's start that need nothing of the block. */
function candidates(block: Block): Map<string, Inst> {
  const found = new Map<string, Inst>()
  for (const inst of block.insts.slice(0, NEAR)) {
    if (inst.op === "call" || inst.op === "asm") break
    if (!isBinary(inst) && inst.op !== "sext" && inst.op !== "sextin" && inst.op !== "bswap") continue
    if (inst.args.some(arg => (arg.kind === "inst" || arg.kind === "phi") && arg.block === block)) continue
    const key = keyOf(inst)
    if (key !== undefined) found.set(key, inst)
  }
  return found
}
