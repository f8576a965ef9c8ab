import * as o from "../../isa/index.ts"
import { type MFunction, type MInst, OP_FRAME_ADDR } from "../mir/mir.ts"
import { type Effects, type Liveness, solveLiveness } from "./liveness.ts"
import { RegSet } from "./regSet.ts"

const isSpillAccess = (i: MInst): boolean => i.slot !== undefined && i.slot.kind === "spill" && i.op < OP_FRAME_ADDR
const isStore = (i: MInst): boolean => (i.op & o.BPF_CLASS_MASK) === o.BPF_STX

const homeEffects: Effects = {
  inst(i, use, def) {
    if (!isSpillAccess(i)) return
    if (isStore(i)) def(i.slot!.index)
    else use(i.slot!.index)
  },
  term() {},
}

/** Which homes are live at the borders of blocks, by the slots' indexes. */
export const homeLiveness = (fn: MFunction): Liveness => solveLiveness(fn, fn.slots.length, homeEffects)

/** Removes stores to homes that are written again, or not read any more, before they are read. */
export function dropDeadStores(fn: MFunction): void {
  if (!fn.slots.some(s => s.kind === "spill")) return
  const { liveOut } = homeLiveness(fn)
  const live = new RegSet(fn.slots.length)
  for (const block of fn.blocks) {
    if (!block.insts.some(isSpillAccess)) continue
    live.reset(liveOut[block.id])
    const kept: MInst[] = []
    for (let k = block.insts.length - 1; k >= 0; k--) {
      const i = block.insts[k]
      if (isSpillAccess(i)) {
        const { index } = i.slot!
        if (!isStore(i)) live.add(index)
        else if (live.has(index)) live.delete(index)
        else continue
      }
      kept.push(i)
    }
    if (kept.length < block.insts.length) block.insts = kept.reverse()
  }
}
