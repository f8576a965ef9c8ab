import * as o from "../../isa/index.ts"
import { condition } from "./condition.ts"
import { jumpTarget } from "./flow.ts"
import type { FlatCode } from "./functions.ts"
import type { FunctionWriter } from "./functionWriter.ts"
import type { Words } from "./values.ts"
import { I32, I64, Op } from "./wasm/opcodes.ts"

/**
 * Moves of a constant that the jump before them skips, where the register holds another constant: by the index of the move,
 * what it holds. Both stay within a block, and no jump is left that a processor could guess wrongly.
 *
 *     r1 = 6
 *     if r3 & 1 goto +1
 *     r1 = 17               r1 = 17 ^ ((6 ^ 17) & −(r3 & 1))
 */
export type Choices = ReadonlyMap<number, Words>

/** The constant that an instruction moves to a register; undefined for all others. */
function movedConstant({ op, imm }: o.Insn): Words | undefined {
  if (op === (o.BPF_ALU64 | o.BPF_MOV)) return { low: imm, high: imm >> 31 }
  return op === (o.BPF_ALU | o.BPF_MOV) ? { low: imm, high: 0 } : undefined
}

/** Whether the instruction at an index is a conditional jump over the move of a constant behind it. */
export function skipsConstant(code: FlatCode, index: number): boolean {
  const op = code.op[index]
  const group = op & o.BPF_CLASS_MASK
  if (group !== o.BPF_JMP && group !== o.BPF_JMP32) return false
  const operation = op & o.BPF_OP_MASK
  const conditional =
    operation !== o.BPF_JA && operation !== o.BPF_CALL && operation !== o.BPF_EXIT && operation !== o.BPF_JCOND
  return conditional && movedConstant(code.insns[index + 1]) !== undefined && jumpTarget(code, index) === index + 2
}

/** The constant that the register of the move behind a jump holds at the jump, where it gets it in the same block. */
export function constantBefore(
  code: FlatCode,
  jump: number,
  first: number,
  leader: Uint8Array,
  choices: Choices,
): Words | undefined {
  const { dst } = code.insns[jump + 1]
  for (let i = jump; leader[i - first] === 0; ) {
    const insn = code.insns[--i]
    if (!writes(insn, dst)) continue
    return choices.has(i) ? undefined : movedConstant(insn)
  }
  return undefined
}

/** Whether an instruction may write a register. */
function writes(insn: o.Insn, register: number): boolean {
  switch (insn.op & o.BPF_CLASS_MASK) {
    case o.BPF_JMP:
    case o.BPF_JMP32:
      return insn.op === o.OP_CALL && register <= o.R5
    case o.BPF_ST:
      return false
    case o.BPF_STX:
      return (insn.op & o.BPF_MODE_MASK) === o.BPF_ATOMIC
    case o.BPF_LD:
      return insn.dst === register || insn.op !== o.OP_LDDW
    default:
      return insn.dst === register
  }
}

/** Writes the choice that ends with the move at `i`. */
export function translateChoice(w: FunctionWriter, i: number, before: Words): void {
  const to = w.writtenWeb(i)
  if (to < 0) return
  const after = movedConstant(w.insn(i))!
  const high = before.high ^ after.high
  if (high === 0 && before.low >>> 0 <= 1 && (before.low ^ after.low) === 1 && after.high === 0) {
    condition(w, i - 1, before.low === 0, true)
    w.set(to, I32)
    return
  }
  const narrow = w.isNarrow(to)
  w.i32(0)
  condition(w, i - 1, false, true)
  w.op(Op.i32Sub)
  if (narrow) {
    w.i32(before.low ^ after.low)
    w.op(Op.i32And)
    w.i32(after.low)
    w.op(Op.i32Xor)
  } else {
    w.op(Op.i64ExtendI32S)
    w.i64(before.low ^ after.low, high)
    w.op(Op.i64And)
    w.i64(after.low, after.high)
    w.op(Op.i64Xor)
  }
  w.set(to, narrow ? I32 : I64)
}
