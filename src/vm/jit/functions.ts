import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, type Insn, OP_CALL, OP_LDDW } from "../../isa/index.ts"
import { badCode } from "../badCode.ts"

/** A function of a program: the instructions from `first` up to `end`. */
export interface CodeRange {
  readonly first: number
  readonly end: number
}

/** A program with its subprograms: flat instructions, and where the functions in it are. */
export interface FlatCode {
  readonly insns: readonly Insn[]
  /** The slot of each instruction. */
  readonly slots: Int32Array
  /** The index of the instruction that starts at a slot, −1 in the middle of one. */
  readonly indexAt: Int32Array
  /** The program first, then its subprograms in the order of the text. */
  readonly functions: readonly CodeRange[]
  /** The number of the function that starts at an instruction. */
  readonly functionAt: ReadonlyMap<number, number>
}

/**
 * Finds the functions of flat code: they start where calls and addresses of subprograms lead to, and at the slots `entries`.
 * @throws SkepError VM_BAD_CODE
 */
export function codeOf(insns: readonly Insn[], entries: readonly number[] = []): FlatCode {
  if (insns.length === 0) throw badCode(0, "there is no code")
  const slots = new Int32Array(insns.length)
  let slot = 0
  for (let i = 0; i < insns.length; i++) {
    slots[i] = slot
    slot += insns[i].op === OP_LDDW ? 2 : 1
  }
  const indexAt = new Int32Array(slot).fill(-1)
  for (let i = 0; i < insns.length; i++) indexAt[slots[i]] = i
  const starts = new Set([0, ...entries.map(at => indexAt[at])])
  for (let i = 0; i < insns.length; i++)
    if (namesFunction(insns[i])) starts.add(functionTarget(insns, slots, indexAt, i))
  const sorted = [...starts].sort((a, b) => a - b)
  const functions = sorted.map((first, k) => ({ first, end: sorted[k + 1] ?? insns.length }))
  return { insns, slots, indexAt, functions, functionAt: new Map(sorted.map((first, k) => [first, k])) }
}

/** True for a call of a subprogram, and for the load of its address. */
const namesFunction = ({ op, src }: Insn): boolean =>
  (op === OP_CALL && src === BPF_PSEUDO_CALL) || (op === OP_LDDW && src === BPF_PSEUDO_FUNC)

function functionTarget(insns: readonly Insn[], slots: Int32Array, indexAt: Int32Array, index: number): number {
  const slot = slots[index] + 1 + insns[index].imm
  const target = slot >= 0 && slot < indexAt.length ? indexAt[slot] : -1
  if (target < 0) throw badCode(slots[index], "a call leads to no instruction")
  return target
}

/** The number of the function that an instruction calls or takes the address of. */
export const calledFunction = (code: FlatCode, index: number): number =>
  code.functionAt.get(functionTarget(code.insns, code.slots, code.indexAt, index))!
