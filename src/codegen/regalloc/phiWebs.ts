import type { Notes } from "../debug/notes.ts"
import { isVirtual, type MBlock, type MFunction, type MInst, type Reg } from "../mir/mir.ts"
import { DEF_DST, DEF_SRC, isConstantLike, isCopy, roles, USE_DST, USE_SRC } from "../mir/operands.ts"
import { liveRanges, mergeRanges, rangesOverlap } from "./intervals.ts"
import type { Liveness } from "./liveness.ts"

/**
 * Makes one variable of a phi and its operands where they are not live at the same time, so that a spilled one has one place in the frame:
 *
 *     b0: v5 = v1; goto b1        b0: goto b1                (v1, v9 and v5 are v5)
 *     b1: v9 = v5; v9 += 1        b1: v5 += 1
 *         v5 = v9; goto b1            goto b1
 *
 * Copies of other kinds are left to the colouring. Returns whether anything changed.
 */
export function mergePhiWebs(fn: MFunction, liveness: Liveness): boolean {
  const copies = phiCopies(fn)
  if (copies.length === 0) return false
  const wanted = new Uint8Array(fn.nextReg)
  for (const { dst, src } of copies) wanted[dst] = wanted[src] = 1
  const ranges = liveRanges(fn, liveness, r => wanted[r] !== 0)
  const alias = new Int32Array(fn.nextReg).map((_, r) => r)
  const find = (r: Reg): Reg => {
    while (alias[r] !== r) r = alias[r] = alias[alias[r]]
    return r
  }
  let merged = false
  for (const { dst, src } of copies) {
    const a = find(dst)
    const b = find(src)
    if (a === b) continue
    const ra = ranges[a]
    const rb = ranges[b]
    if (ra === undefined || rb === undefined || rangesOverlap(ra, rb)) continue
    alias[b] = a
    ranges[a] = mergeRanges(ra, rb)
    merged = true
  }
  if (merged) renameRegisters(fn, r => find(r))
  return merged
}

/** The copies between registers that stand at the end of a block, among constants. */
function phiCopies(fn: MFunction): MInst[] {
  const copies: MInst[] = []
  for (const { insts, term } of fn.blocks) {
    if (term.kind !== "jump") continue
    for (let k = insts.length - 1; k >= 0; k--) {
      const i = insts[k]
      if (!isVirtual(i.dst) || !(isCopy(i) || isConstantLike(i))) break
      if (isCopy(i) && isVirtual(i.src)) copies.push(i)
    }
  }
  return copies
}

/** Applies a renaming to all operands, and drops the copies of a register to itself. */
export function renameRegisters(fn: MFunction, rename: (r: Reg) => Reg): void {
  for (const block of fn.blocks) {
    let dropped = false
    for (const i of block.insts) {
      const r = roles(i)
      if ((r & (USE_DST | DEF_DST)) !== 0 && isVirtual(i.dst)) i.dst = rename(i.dst)
      if ((r & (USE_SRC | DEF_SRC)) !== 0 && isVirtual(i.src)) i.src = rename(i.src)
      if (isSelfCopy(i)) dropped = true
    }
    if (dropped) {
      if (fn.notes !== undefined) keepNotes(block, fn.notes)
      block.insts = block.insts.filter(i => !isSelfCopy(i))
    }
    const { term } = block
    if (isVirtual(term.dst)) term.dst = rename(term.dst)
    if (isVirtual(term.src)) term.src = rename(term.src)
  }
  fn.notes?.rename(rename)
}

const isSelfCopy = (i: MInst): boolean => isCopy(i) && i.dst === i.src

function keepNotes(block: MBlock, notes: Notes): void {
  let before: MInst | undefined
  for (const i of block.insts) {
    if (isSelfCopy(i)) notes.drop(block, i, before)
    else before = i
  }
}
