import {
  type Block,
  bitsOf,
  type Inst,
  type IrFunction,
  isConst,
  type Phi,
  signedValue,
  type Value,
} from "../ir/index.ts"
import { walkFacts } from "./conditions.ts"
import { type Facts, max, min } from "./facts.ts"

/**
 * Counters that are never negative: a value that begins at zero or above, and that a test keeps from being counted past the largest number, is
 * widened with zeros.
 *
 *     b1: %1 = phi i32 [b0: 0], [b1: %3]     →    b1: %1 = phi i32 [b0: 0], [b1: %3]
 *         %2 = sext i64 %1                            %2 = zext i64 %1
 *         %3 = add i32 %1, 1                          %3 = add i32 %1, 1
 *         br (cmp slt i32 %3, 600), b1, b2            br (cmp slt i32 %3, 600), b1, b2
 *
 * A 32-bit operation leaves zeros above, so that this costs nothing, where a sign takes two shifts.
 */
export function counters(func: IrFunction): boolean {
  const extended = new Map<Phi, Inst[]>()
  for (const { insts } of func.blocks) {
    for (const inst of insts) {
      if (inst.op !== "sext" || inst.args[0].kind !== "phi") continue
      const list = extended.get(inst.args[0])
      if (list === undefined) extended.set(inst.args[0], [inst])
      else list.push(inst)
    }
  }
  if (extended.size === 0) return false
  const ways = new Map<Phi, Way[]>([...extended.keys()].map(phi => [phi, []]))
  walkFacts(func, (block, facts) => {
    for (const target of new Set<Block>(block.term.targets))
      for (const phi of target.phis) ways.get(phi)?.push(wayFrom(block, target, phi, facts))
  })
  let changed = false
  for (const [phi, list] of ways) {
    if (list.length !== new Set(phi.incoming).size || !neverNegative(phi, list)) continue
    for (const inst of extended.get(phi)!) Object.assign(inst, { op: "zext" })
    changed = true
  }
  return changed
}

/** What comes into a phi from one block: signed bounds, of it and of the phi itself at that place. */
interface Way {
  readonly value: Value
  readonly least: bigint
  readonly most: bigint
  readonly mostOfPhi: bigint
}

function wayFrom(block: Block, target: Block, phi: Phi, facts: Facts): Way {
  const value = phi.args[phi.incoming.indexOf(block)]
  const mark = facts.mark()
  const { term } = block
  if (term.op === "br" && term.targets[0] !== term.targets[1]) facts.learn(term.args[0], term.targets[0] === target)
  const { least, most } = facts.signed(value)
  const mostOfPhi = facts.signed(phi).most
  facts.back(mark)
  return { value, least, most, mostOfPhi }
}

function neverNegative(phi: Phi, ways: readonly Way[]): boolean {
  const largest = (1n << BigInt(bitsOf(phi.type) - 1)) - 1n
  // As long as it was not counted past the largest number, it is at most this.
  const most = ways.reduce((high, way) => max(high, way.most), 0n)
  return ways.every(({ value, least, mostOfPhi }) => {
    if (least >= 0n) return true
    if (value.kind !== "inst" || value.op !== "add" || value.args[0] !== phi) return false
    const [, step] = value.args
    if (!isConst(step) || signedValue(step) < 0n) return false
    return min(mostOfPhi, most) + signedValue(step) <= largest
  })
}
