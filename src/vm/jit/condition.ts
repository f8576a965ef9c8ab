import * as o from "../../isa/index.ts"
import { NUMBER } from "./extents.ts"
import type { FunctionWriter } from "./functionWriter.ts"
import { ofWords, Upper } from "./known.ts"
import { Op } from "./wasm/opcodes.ts"

/** By operation: the comparison of signed or unsigned numbers, and the opposite operation. */
interface Comparison {
  readonly opposite: number
  readonly narrow: number
  readonly wide: number
  /** Unsigned comparison of 32 bits, for numbers whose upper half is zero. */
  readonly positive: number
  readonly signed: boolean
}

const comparison = (opposite: number, narrow: number, wide: number, positive = narrow): Comparison => ({
  opposite,
  narrow,
  wide,
  positive,
  signed: positive !== narrow,
})

const COMPARISONS: Readonly<Record<number, Comparison>> = {
  [o.BPF_JEQ]: comparison(o.BPF_JNE, Op.i32Eq, Op.i64Eq),
  [o.BPF_JNE]: comparison(o.BPF_JEQ, Op.i32Ne, Op.i64Ne),
  [o.BPF_JGT]: comparison(o.BPF_JLE, Op.i32GtU, Op.i64GtU),
  [o.BPF_JGE]: comparison(o.BPF_JLT, Op.i32GeU, Op.i64GeU),
  [o.BPF_JLT]: comparison(o.BPF_JGE, Op.i32LtU, Op.i64LtU),
  [o.BPF_JLE]: comparison(o.BPF_JGT, Op.i32LeU, Op.i64LeU),
  [o.BPF_JSGT]: comparison(o.BPF_JSLE, Op.i32GtS, Op.i64GtS, Op.i32GtU),
  [o.BPF_JSGE]: comparison(o.BPF_JSLT, Op.i32GeS, Op.i64GeS, Op.i32GeU),
  [o.BPF_JSLT]: comparison(o.BPF_JSGE, Op.i32LtS, Op.i64LtS, Op.i32LtU),
  [o.BPF_JSLE]: comparison(o.BPF_JSGT, Op.i32LeS, Op.i64LeS, Op.i32LeU),
}

/**
 * The comparison of low words that decides the conditional jump at `i` (with `not`, the opposite of it) in its 32-bit form;
 * undefined where upper halves matter. For `BPF_JSET` it is the operation whose result is 0 or not.
 */
export function lowComparison(w: FunctionWriter, i: number, not: boolean): number | undefined {
  const { op, dst, src, imm } = w.insn(i)
  const register = (op & o.BPF_X) !== 0
  const mine = w.upper(w.readWeb(i, dst))
  const other = register ? w.upper(w.readWeb(i, src)) : ofWords(imm, imm >> 31)
  const both = mine & other
  const operation = op & o.BPF_OP_MASK
  const wide = (op & o.BPF_CLASS_MASK) === o.BPF_JMP
  if (operation === o.BPF_JSET) {
    return wide && ((mine | other) & Upper.zero) === 0 && (both & Upper.sign) === 0 ? undefined : Op.i32And
  }
  let c = COMPARISONS[operation]
  if (not) c = COMPARISONS[c.opposite]
  if (!wide) return c.narrow
  // Where both upper halves are of one kind, the low words are in the order of the numbers.
  if ((c.signed ? both & (Upper.zero | Upper.sign) : both) === 0) return undefined
  return c.signed && (both & Upper.sign) === 0 ? c.positive : c.narrow
}

/** Whether the conditional jump at `i` is always taken (or never), as far as loops go: tests of bounds that a verifier asked for. */
function outcome(w: FunctionWriter, i: number): boolean | undefined {
  const { op, dst, imm } = w.insn(i)
  if ((op & o.BPF_X) !== 0 || imm < 0 || !w.hasLoops) return undefined
  const [least, most] = TAKEN[op & o.BPF_OP_MASK]?.(imm) ?? [1, 0]
  if (least > most || lowComparison(w, i, false) === undefined) return undefined
  const extent = w.extents.of(i, dst)
  if (extent === undefined || extent.root !== NUMBER || extent.from < 0) return undefined
  if (extent.to < least || extent.from > most) return false
  return extent.from >= least && extent.to <= most ? true : undefined
}

/** By operation: the low words for which a jump is taken, of numbers below 2³¹. */
const TAKEN: Readonly<Record<number, (imm: number) => readonly [least: number, most: number]>> = {
  [o.BPF_JGT]: imm => [imm + 1, Number.POSITIVE_INFINITY],
  [o.BPF_JGE]: imm => [imm, Number.POSITIVE_INFINITY],
  [o.BPF_JLT]: imm => [0, imm - 1],
  [o.BPF_JLE]: imm => [0, imm],
}

/**
 * Puts a number other than 0 there when the conditional jump at `i` is taken (or, with `not`, when it is not), and 0
 * otherwise. With `one` that number is 1.
 */
export function condition(w: FunctionWriter, i: number, not: boolean, one = false): void {
  const { op, dst, src, imm } = w.insn(i)
  const register = (op & o.BPF_X) !== 0
  const x = w.readWeb(i, dst)
  const operation = op & o.BPF_OP_MASK
  const decided = outcome(w, i)
  if (decided !== undefined) {
    w.i32(decided === not ? 0 : 1)
    return
  }
  const narrow = lowComparison(w, i, not)
  const all = narrow === undefined
  const put = (): void => {
    if (all) {
      w.wide(x)
      register ? w.wide(w.readWeb(i, src)) : w.i64(imm, imm >> 31)
    } else {
      w.low(x)
      register ? w.low(w.readWeb(i, src)) : w.i32(imm)
    }
  }
  if (operation === o.BPF_JSET) {
    put()
    w.op(narrow ?? Op.i64And)
    if (all) {
      w.i64(0, 0)
      w.op(not ? Op.i64Eq : Op.i64Ne)
    } else if (not) w.op(Op.i32Eqz)
    else if (one) {
      w.i32(0)
      w.op(Op.i32Ne)
    }
    return
  }
  const { wide } = COMPARISONS[not ? COMPARISONS[operation].opposite : operation]
  if (!register && imm === 0 && (wide === Op.i64Eq || wide === Op.i64Ne)) {
    all ? w.wide(x) : w.low(x)
    if (wide === Op.i64Eq) w.op(all ? Op.i64Eqz : Op.i32Eqz)
    else if (!all && one) {
      w.i32(0)
      w.op(Op.i32Ne)
    } else if (all) {
      w.i64(0, 0)
      w.op(Op.i64Ne)
    }
    return
  }
  put()
  w.op(narrow ?? wide)
}
