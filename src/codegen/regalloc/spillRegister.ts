import * as o from "../../isa/index.ts"
import { isVirtual, type MFunction, type MInst, type MTerm, type Reg } from "../mir/mir.ts"
import { DEF_DST, DEF_SRC, isConstantLike, isCopy, roles, USE_DST, USE_SRC } from "../mir/operands.ts"
import type { Homes } from "./homes.ts"

/**
 * Keeps registers in the frame altogether: each use reads the home into a register of its own, each definition writes it. Constants are made
 * at each use. Copies from and to the register become the load or the store.
 */
export function spillRegisters(fn: MFunction, which: ReadonlySet<Reg>, homes: Homes): void {
  const settled = new Set<Reg>()
  for (const r of which) if (homes.slot(r) !== undefined) settled.add(r)
  for (const block of fn.blocks) {
    const out: MInst[] = []
    const brief = (): Reg => {
      const t = fn.nextReg++
      homes.brief.add(t)
      return t
    }
    const restore = (r: Reg, near: MInst | undefined): Reg => {
      const t = brief()
      out.push(homes.restore(t, r, near))
      return t
    }
    const { insts } = block
    for (let k = 0; k < insts.length; k++) {
      const i = insts[k]
      const r = roles(i)
      const dst = isVirtual(i.dst) && which.has(i.dst) ? i.dst : -1
      const src = isVirtual(i.src) && which.has(i.src) ? i.src : -1
      if (dst < 0 && src < 0) {
        out.push(i)
        continue
      }
      if (isCopy(i) && src >= 0 && dst !== src) {
        // The copy's target gets the value straight from home; its own definition is looked at next.
        const load = { ...homes.restore(i.dst, src, i), id: i.id }
        if (dst < 0) {
          out.push(load)
          continue
        }
        load.dst = brief()
        out.push(load)
        k += saveAfter(load.dst, dst, k)
        continue
      }
      if (isCopy(i) && dst === src) continue
      if (dst >= 0 && (r & (USE_DST | DEF_DST)) === DEF_DST && src < 0) {
        if (restores(i, dst)) continue
        if (isCopy(i) && !homes.isConstant(dst)) {
          const save = homes.save(dst, i.src, i)
          save.id = i.id
          out.push(save)
          if (settled.has(dst) && isSave(insts[k + 1], dst)) k++
          continue
        }
      }
      // `vw1 = vw1` cuts a register to its low half: the same one is read and written.
      const reads = (r & USE_DST) !== 0 || (src === dst && (r & USE_SRC) !== 0)
      const t = dst >= 0 ? (reads ? restore(dst, i) : brief()) : -1
      const u = src >= 0 ? (src === dst ? t : (r & USE_SRC) !== 0 ? restore(src, i) : brief()) : -1
      if (dst >= 0) i.dst = t
      if (src >= 0) i.src = u
      out.push(i)
      if (dst >= 0 && (r & DEF_DST) !== 0) k += saveAfter(t, dst, k)
      if (src >= 0 && (r & DEF_SRC) !== 0) k += saveAfter(u, src, k)
    }
    operandsOfTerm(block.term)
    block.insts = out

    /** Writes home after a definition; says how many of the following instructions, which did that, this replaces. */
    function saveAfter(from: Reg, r: Reg, at: number): number {
      if (homes.isConstant(r)) return 0
      out.push(homes.save(r, from, insts[at]))
      return isSave(insts[at + 1], r) ? 1 : 0
    }
    function operandsOfTerm(term: MTerm): void {
      const { dst, src } = term
      if (isVirtual(dst) && which.has(dst)) term.dst = restore(dst, undefined)
      if (isVirtual(src) && which.has(src)) term.src = src === dst ? term.dst : restore(src, undefined)
    }
  }

  /** An instruction that only brings the register back: uses do that themselves. */
  function restores(i: MInst, r: Reg): boolean {
    if (homes.isConstant(r)) return isConstantLike(i)
    return i.id < 0 && i.op === (o.BPF_LDX | o.BPF_MEM | o.BPF_DW) && i.slot !== undefined && i.slot === homes.slot(r)
  }
  function isSave(i: MInst | undefined, r: Reg): boolean {
    return (
      i !== undefined &&
      i.id < 0 &&
      i.src === r &&
      i.slot !== undefined &&
      i.slot === homes.slot(r) &&
      (i.op & 7) === o.BPF_STX
    )
  }
}
