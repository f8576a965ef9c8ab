import type { Inst, IrFunction, Phi, Value } from "../ir/index.ts"

/**
 * Dead code: removes what neither has an effect nor is used by something that has.
 *
 *     %1 = load i32 4 %p        →
 *     %2 = add i32 %1, 1
 *     ret 0                         ret 0
 */
export function dce(func: IrFunction): boolean {
  const live = new Set<Value>()
  const work: Value[] = []
  const mark = (v: Value) => {
    if ((v.kind === "inst" || v.kind === "phi") && !live.has(v)) {
      live.add(v)
      work.push(v)
    }
  }
  for (const block of func.blocks) {
    for (const inst of block.insts) if (hasEffect(inst)) mark(inst)
    for (const arg of block.term.args) mark(arg)
  }
  for (let v = work.pop(); v !== undefined; v = work.pop()) for (const arg of (v as Inst | Phi).args) mark(arg)
  let changed = false
  for (const block of func.blocks) {
    const insts = block.insts.filter(i => live.has(i))
    const phis = block.phis.filter(p => live.has(p))
    if (insts.length === block.insts.length && phis.length === block.phis.length) continue
    block.insts = insts
    block.phis = phis
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
