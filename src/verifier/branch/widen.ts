import { regsExact } from "../prune/equal.ts"
import { IdMap } from "../prune/ids.ts"
import { Kind, type Reg, UNKNOWN } from "../reg.ts"
import { Slot, type State } from "../state.ts"

/** Forgets the numbers that a turn of a loop has changed and that never mattered, so that the next turn ends where this one did. */
export function widenImprecise(old: State, now: State): void {
  const ids = new IdMap()
  const widened = (was: Reg, is: Reg): Reg => {
    if (was.kind !== Kind.scalar || is.kind !== Kind.scalar) return is
    return was.precise || is.precise || regsExact(was, is, ids) ? is : UNKNOWN
  }
  for (let f = old.frames.length - 1; f >= 0; f--) {
    const [was, is] = [old.frames[f], now.frames[f]]
    for (let i = 0; i < 10; i++) is.regs[i] = widened(was.regs[i], is.regs[i])
    const slots = Math.min(was.stack.length, is.stack.length)
    for (let i = 0; i < slots; i++) {
      if (!was.stack[i].isSpill || !is.stack[i].isSpill) continue
      const reg = widened(was.stack[i].reg, is.stack[i].reg)
      if (reg !== is.stack[i].reg) is.stack[i] = new Slot(is.stack[i].types, reg)
    }
  }
}
