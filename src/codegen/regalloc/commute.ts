import * as o from "../../isa/index.ts"
import { isVirtual, type MFunction, type MInst, type Reg } from "../mir/mir.ts"
import { DEF_DST, isCopy, roles, USE_DST, USE_SRC } from "../mir/operands.ts"
import type { Liveness } from "./liveness.ts"
import { RegSet } from "./regSet.ts"

/**
 * Exchanges the operands of commutative operations so that the one that is not needed any more is overwritten:
 *
 *     v3 = v1; v3 += v2        (v1 is used later, v2 is not)
 *     v3 = v2; v3 += v1        no copy is left once v3 and v2 share a register
 *
 * A number to which a pointer to the stack is added points, to the verifier, to the stack of the program, even in a function that it calls
 * (6.18 and before): additions that may be of such pointers stay as they are in functions that are called.
 */
export function commuteOperands(fn: MFunction, { liveOut }: Liveness): void {
  const called = fn.ir.role !== "program"
  const live = new RegSet(fn.nextReg)
  for (const { id, insts, term } of fn.blocks) {
    live.reset(liveOut[id])
    if (isVirtual(term.dst)) live.add(term.dst)
    if (isVirtual(term.src)) live.add(term.src)
    for (let k = insts.length - 1; k >= 0; k--) {
      const i = insts[k]
      if (k > 0 && isCommutative(i) && !(called && i.op === WIDE_ADD)) exchange(insts[k - 1], i, r => live.has(r))
      const r = roles(i)
      if ((r & DEF_DST) !== 0 && isVirtual(i.dst)) live.delete(i.dst)
      if ((r & USE_DST) !== 0 && isVirtual(i.dst)) live.add(i.dst)
      if ((r & USE_SRC) !== 0 && isVirtual(i.src)) live.add(i.src)
    }
  }
}

function exchange(copy: MInst, i: MInst, liveAfter: (r: Reg) => boolean): void {
  if (!isCopy(copy) || copy.dst !== i.dst || !isVirtual(copy.src) || !isVirtual(i.src)) return
  const a = copy.src
  const b = i.src
  if (b === i.dst || !liveAfter(a) || liveAfter(b)) return
  copy.src = b
  i.src = a
}

const WIDE_ADD = o.BPF_ALU64 | o.BPF_ADD | o.BPF_X

function isCommutative(i: MInst): boolean {
  const cls = i.op & o.BPF_CLASS_MASK
  if ((cls !== o.BPF_ALU && cls !== o.BPF_ALU64) || (i.op & o.BPF_X) === 0 || i.op > 0xff) return false
  switch (i.op & o.BPF_OP_MASK) {
    case o.BPF_ADD:
    case o.BPF_MUL:
    case o.BPF_AND:
    case o.BPF_OR:
    case o.BPF_XOR:
      return true
    default:
      return false
  }
}
