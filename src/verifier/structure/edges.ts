import * as o from "../../isa/index.ts"
import type { Code } from "../program.ts"
import { jumpOffset } from "./subprograms.ts"

/**
 * Where control goes inside of a function after an instruction: none, one or two slots, the branch last. A call goes on
 * behind it.
 */
export function successors(code: Code, slot: number): readonly number[] {
  const op = code.op[slot]
  const kind = op & o.BPF_CLASS_MASK
  if (kind !== o.BPF_JMP && kind !== o.BPF_JMP32) return [slot + (op === o.OP_LDDW ? 2 : 1)]
  switch (op & o.BPF_OP_MASK) {
    case o.BPF_EXIT:
      return []
    case o.BPF_CALL:
      return [slot + 1]
    case o.BPF_JA:
      return [slot + jumpOffset(code, slot) + 1]
    default:
      return code.off[slot] === 0 ? [slot + 1] : [slot + 1, slot + code.off[slot] + 1]
  }
}

/** Slots of a function in an order in which those that follow come first, as far as loops allow. */
export function postOrder(code: Code, start: number): number[] {
  const order: number[] = []
  const seen = new Set([start])
  const path = [start]
  const next = [0]
  while (path.length > 0) {
    const slot = path[path.length - 1]
    const targets = successors(code, slot)
    const edge = next[path.length - 1]++
    if (edge >= targets.length) {
      order.push(slot)
      path.pop()
      next.pop()
      continue
    }
    const target = targets[edge]
    if (seen.has(target)) continue
    seen.add(target)
    path.push(target)
    next.push(0)
  }
  return order
}
