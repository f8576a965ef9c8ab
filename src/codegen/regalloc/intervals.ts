import { isVirtual, type MFunction, type Reg } from "../mir/mir.ts"
import { DEF_DST, DEF_SRC, roles, USE_DST, USE_SRC } from "../mir/operands.ts"
import type { Liveness } from "./liveness.ts"

/**
 * Where a register is live: for each block, by id, half-open ranges of positions in descending order, `[start, end, start, end, …]`.
 * Instruction `n` of the block reads at position 2n and writes at 2n + 1, so a copy's source may end where its target starts.
 */
export type Ranges = Map<number, number[]>

/** Ranges of the registers asked for, by number. */
export function liveRanges(fn: MFunction, { liveOut }: Liveness, wanted: (r: Reg) => boolean): (Ranges | undefined)[] {
  const ranges: (Ranges | undefined)[] = new Array(fn.nextReg)
  // End of the range that is open in the block being walked backwards.
  const open = new Int32Array(fn.nextReg).fill(-1)
  const touched: Reg[] = []
  let block: number
  const begin = (r: Reg, end: number) => {
    if (!isVirtual(r) || open[r] >= 0 || !wanted(r)) return
    open[r] = end
    touched.push(r)
  }
  const close = (r: Reg, start: number) => {
    const of = (ranges[r] ??= new Map<number, number[]>())
    const list = of.get(block)
    if (list === undefined) of.set(block, [start, open[r]])
    else if (list[list.length - 2] === open[r]) list[list.length - 2] = start
    else list.push(start, open[r])
    open[r] = -1
  }
  for (const { id, insts, term } of fn.blocks) {
    block = id
    let position = 2 * insts.length
    for (const r of liveOut[id]) begin(r, position + 2)
    begin(term.dst, position + 1)
    begin(term.src, position + 1)
    for (let k = insts.length - 1; k >= 0; k--) {
      position -= 2
      const i = insts[k]
      const r = roles(i)
      const def = (r & DEF_DST) !== 0 ? i.dst : (r & DEF_SRC) !== 0 ? i.src : -1
      if (isVirtual(def) && wanted(def)) {
        // A register that is written and never read still occupies the place of the write.
        begin(def, position + 2)
        close(def, position + 1)
      }
      if ((r & USE_DST) !== 0) begin(i.dst, position + 1)
      if ((r & USE_SRC) !== 0) begin(i.src, position + 1)
    }
    for (const r of touched) if (open[r] >= 0) close(r, 0)
    touched.length = 0
  }
  return ranges
}

/** Whether both are live somewhere; looks at the blocks of the smaller one. */
export function rangesOverlap(a: Ranges, b: Ranges): boolean {
  const [few, many] = a.size <= b.size ? [a, b] : [b, a]
  for (const [block, list] of few) {
    const other = many.get(block)
    if (other !== undefined && listsOverlap(list, other)) return true
  }
  return false
}

/** Ranges that cover what either covers, made of the bigger one; they do not overlap. */
export function mergeRanges(a: Ranges, b: Ranges): Ranges {
  const [few, many] = a.size <= b.size ? [a, b] : [b, a]
  for (const [block, list] of few) {
    const other = many.get(block)
    many.set(block, other === undefined ? list : mergeLists(list, other))
  }
  return many
}

function listsOverlap(a: readonly number[], b: readonly number[]): boolean {
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    if (a[i] >= b[j + 1]) i += 2
    else if (b[j] >= a[i + 1]) j += 2
    else return true
  }
  return false
}

function mergeLists(a: readonly number[], b: readonly number[]): number[] {
  const out: number[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const fromA = j >= b.length || (i < a.length && a[i] > b[j])
    const start = fromA ? a[i] : b[j]
    const end = fromA ? a[i + 1] : b[j + 1]
    if (fromA) i += 2
    else j += 2
    if (out.length > 0 && out[out.length - 2] === end) out[out.length - 2] = start
    else out.push(start, end)
  }
  return out
}
