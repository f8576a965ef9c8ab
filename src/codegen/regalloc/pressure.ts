import { ALLOCATABLE, isVirtual, type MBlock, type MFunction, type Reg } from "../mir/mir.ts"
import {
  clobbers,
  DEF_DST,
  DEF_SRC,
  implicitUses,
  isCall,
  isPacketLoad,
  roles,
  USE_DST,
  USE_SRC,
} from "../mir/operands.ts"
import type { Liveness } from "./liveness.ts"
import { RegSet } from "./regSet.ts"

/** Registers that keep their content over a call: r6 to r9. */
export const CALLEE_SAVED = 4
const MACHINE_MASK = (1 << ALLOCATABLE) - 1

/** Machine registers live before and after each instruction of a block, as bit sets; they never live from block to block. */
export interface MachineLive {
  readonly before: Uint16Array
  readonly after: Uint16Array
}

const bit = (r: Reg): number => (r >= 0 && r < ALLOCATABLE ? 1 << r : 0)

export function machineLive({ insts, term }: MBlock): MachineLive {
  const before = new Uint16Array(insts.length)
  const after = new Uint16Array(insts.length)
  let live = bit(term.dst) | bit(term.src)
  for (let k = insts.length - 1; k >= 0; k--) {
    const i = insts[k]
    const r = roles(i)
    after[k] = live
    live &= ~clobbers(i)
    if ((r & DEF_DST) !== 0) live &= ~bit(i.dst)
    if ((r & DEF_SRC) !== 0) live &= ~bit(i.src)
    if ((r & USE_DST) !== 0) live |= bit(i.dst)
    if ((r & USE_SRC) !== 0) live |= bit(i.src)
    live |= implicitUses(i)
    live &= MACHINE_MASK
    before[k] = live
  }
  return { before, after }
}

export function popcount(n: number): number {
  let count = 0
  for (; n !== 0; n &= n - 1) count++
  return count
}

/** Whether somewhere more is live than there are registers: over a call r6 to r9, elsewhere what machine operands leave of ten. */
export function exceedsRegisters(fn: MFunction, { liveOut }: Liveness): boolean {
  const live = new RegSet(fn.nextReg)
  for (const block of fn.blocks) {
    const { insts, term } = block
    const machine = machineLive(block)
    live.reset(liveOut[block.id])
    if (isVirtual(term.dst)) live.add(term.dst)
    if (isVirtual(term.src)) live.add(term.src)
    if (live.list.length > ALLOCATABLE) return true
    for (let k = insts.length - 1; k >= 0; k--) {
      const i = insts[k]
      const r = roles(i)
      if (live.list.length + popcount(machine.after[k]) > ALLOCATABLE) return true
      if ((r & DEF_DST) !== 0 && isVirtual(i.dst)) live.delete(i.dst)
      if ((r & DEF_SRC) !== 0 && isVirtual(i.src)) live.delete(i.src)
      if ((isCall(i) || isPacketLoad(i)) && live.list.length > CALLEE_SAVED) return true
      if ((r & USE_DST) !== 0 && isVirtual(i.dst)) live.add(i.dst)
      if ((r & USE_SRC) !== 0 && isVirtual(i.src)) live.add(i.src)
      if (live.list.length + popcount(machine.before[k]) > ALLOCATABLE) return true
    }
  }
  return false
}
