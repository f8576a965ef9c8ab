import type { Inst, IrFunction, Phi, Value } from "../ir/index.ts"

/**
 * Dead code: removes what neither has an effect nor is used by something that has.
 *
 *     %1 = load i32 4 %p        →
 *     %2 = add i32 %1, 1
 *     ret 0                         ret 0
 */
export function dce(func: IrFunction): boolean {
  // By id.
  const live = new Uint8Array(func.nextId)
  const work: (Inst | Phi)[] = []
  const mark = (v: Value) => {
    if ((v.kind === "inst" || v.kind === "phi") && live[v.id] === 0) {
      live[v.id] = 1
      work.push(v)
    }
  }
  const isLive = (v: Inst | Phi): boolean => live[v.id] !== 0
  for (const block of func.blocks) {
    for (const inst of block.insts) if (hasEffect(inst)) mark(inst)
    for (const arg of block.term.args) mark(arg)
  }
  for (let v = work.pop(); v !== undefined; v = work.pop()) for (const arg of v.args) mark(arg)
  let changed = false
  for (const block of func.blocks) {
    if (block.insts.every(isLive) && block.phis.every(isLive)) continue
    block.insts = block.insts.filter(isLive)
    block.phis = block.phis.filter(isLive)
    changed = true
  }
  return changed
}

/** Helpers that only compute an answer: a call whose answer nobody uses may go (numbers of uapi/linux/bpf.h). */
const PURE_HELPERS = new Set([1, 5, 7, 8, 14, 15, 35, 42, 80, 118, 123, 125, 158, 160])

/** Whether an instruction must stay although nobody uses its value. */
export function hasEffect(inst: Inst): boolean {
  switch (inst.op) {
    case "store":
    case "memcpy":
    case "memset":
    case "atomic":
    case "opaque":
    case "ldpacket":
      return true
    case "asm":
      return inst.volatile || inst.memory || inst.exits > 0 || inst.outputs.length === 0
    case "load":
      return inst.volatile
    case "call":
      return !(inst.callee.kind === "helper" && PURE_HELPERS.has(inst.callee.id))
    default:
      return false
  }
}
