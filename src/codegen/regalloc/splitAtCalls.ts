import { isVirtual, type MFunction, type MInst, makeInst, type Reg } from "../mir/mir.ts"
import { DEF_DST, DEF_SRC, isCall, isPacketLoad, OP_COPY, roles, USE_DST, USE_SRC } from "../mir/operands.ts"
import type { Homes } from "./homes.ts"
import { computeLiveness, type Liveness } from "./liveness.ts"
import { RegSet } from "./regSet.ts"
import { splitWebs } from "./splitWebs.ts"

/**
 * Cuts registers that live over calls into the pieces before, over and after each call, with copies in between, so that only the piece over
 * the call needs one of r6 to r9. Copies that turn out not to be needed are merged away by the colouring.
 */
export function splitAtCalls(fn: MFunction, { liveOut }: Liveness, which: ReadonlySet<Reg>, homes: Homes): void {
  const live = new RegSet(fn.nextReg)
  for (const block of fn.blocks) {
    const { id, insts, term } = block
    live.reset(liveOut[id])
    if (isVirtual(term.dst)) live.add(term.dst)
    if (isVirtual(term.src)) live.add(term.src)
    const reversed: MInst[] = []
    for (let k = insts.length - 1; k >= 0; k--) {
      const i = insts[k]
      const r = roles(i)
      const kept = isCall(i) || isPacketLoad(i) ? live.list.filter(v => which.has(v)).sort((a, b) => a - b) : []
      for (const v of kept) reversed.push(makeInst(OP_COPY, v, v, 0, 0, i.span))
      reversed.push(i)
      for (const v of kept) reversed.push(makeInst(OP_COPY, v, v, 0, 0, i.span))
      if ((r & DEF_DST) !== 0 && isVirtual(i.dst)) live.delete(i.dst)
      if ((r & DEF_SRC) !== 0 && isVirtual(i.src)) live.delete(i.src)
      if ((r & USE_DST) !== 0 && isVirtual(i.dst)) live.add(i.dst)
      if ((r & USE_SRC) !== 0 && isVirtual(i.src)) live.add(i.src)
    }
    block.insts = reversed.reverse()
  }
  for (const v of which) homes.split.add(v)
  splitWebs(fn, computeLiveness(fn), which, homes)
}
