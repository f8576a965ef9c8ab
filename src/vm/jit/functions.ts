import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, type Insn, OP_CALL, OP_LDDW } from "../../isa/index.ts"
import { badCode } from "../badCode.ts"
import { Reused } from "./reused.ts"

/** A function of a program: the instructions from `first` up to `end`. */
export interface CodeRange {
  readonly first: number
  readonly end: number
}

/** A program with its subprograms: flat instructions, and where the functions in it are. */
export interface FlatCode {
  readonly insns: readonly Insn[]
  /** By instruction: its fields, which are quicker to get from here. */
  readonly op: Uint8Array
  readonly dst: Uint8Array
  readonly src: Uint8Array
  readonly off: Int32Array
  readonly imm: Int32Array
  /** The slot of each instruction. */
  readonly slots: Int32Array
  /** The index of the instruction that starts at a slot, −1 in the middle of one. */
  readonly indexAt: Int32Array
  /** The instructions that call a function of the program or take its address. */
  readonly calls: readonly number[]
  /** The program first, then its subprograms in the order of the text. */
  readonly functions: readonly CodeRange[]
  /** The number of the function that starts at an instruction. */
  readonly functionAt: ReadonlyMap<number, number>
}

// Of the program that was last translated.
const reused = {
  op: new Reused(Uint8Array),
  dst: new Reused(Uint8Array),
  src: new Reused(Uint8Array),
  off: new Reused(Int32Array),
  imm: new Reused(Int32Array),
  slots: new Reused(Int32Array),
}

/**
 * Finds the functions of flat code: they start where calls and addresses of subprograms lead to, and at the slots `entries`.
 * @throws SkepError VM_BAD_CODE
 */
export function codeOf(insns: readonly Insn[], entries: readonly number[] = []): FlatCode {
  if (insns.length === 0) throw badCode(0, "there is no code")
  const op = reused.op.any(insns.length)
  const dst = reused.dst.any(insns.length)
  const src = reused.src.any(insns.length)
  const off = reused.off.any(insns.length)
  const imm = reused.imm.any(insns.length)
  const slots = reused.slots.any(insns.length)
  const calls: number[] = []
  const starts = [0]
  let slot = 0
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i]
    op[i] = insn.op
    dst[i] = insn.dst
    src[i] = insn.src
    off[i] = insn.off
    imm[i] = insn.imm
    slots[i] = slot
    slot += insn.op === OP_LDDW ? 2 : 1
    if (namesFunction(op[i], src[i])) calls.push(i)
  }
  const indexAt = new Int32Array(slot).fill(-1)
  for (let i = 0; i < insns.length; i++) indexAt[slots[i]] = i
  for (const at of entries) starts.push(indexAt[at])
  for (const i of calls) starts.push(functionTarget(imm, slots, indexAt, i))
  const firsts = starts.sort((a, b) => a - b).filter((first, n) => first !== starts[n - 1])
  const functions = firsts.map((first, f) => ({ first, end: firsts[f + 1] ?? insns.length }))
  const functionAt = new Map(firsts.map((first, f) => [first, f]))
  return { insns, op, dst, src, off, imm, slots, indexAt, calls, functions, functionAt }
}

/** True for a call of a subprogram, and for the load of its address. */
const namesFunction = (op: number, src: number): boolean =>
  (op === OP_CALL && src === BPF_PSEUDO_CALL) || (op === OP_LDDW && src === BPF_PSEUDO_FUNC)

function functionTarget(imm: Int32Array, slots: Int32Array, indexAt: Int32Array, index: number): number {
  const slot = slots[index] + 1 + imm[index]
  const target = slot >= 0 && slot < indexAt.length ? indexAt[slot] : -1
  if (target < 0) throw badCode(slots[index], "a call leads to no instruction")
  return target
}

/** The number of the function that an instruction calls or takes the address of. */
export const calledFunction = (code: FlatCode, index: number): number =>
  code.functionAt.get(functionTarget(code.imm, code.slots, code.indexAt, index))!
