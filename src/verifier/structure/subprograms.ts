import * as o from "../../isa/index.ts"
import type { Code } from "../program.ts"
import { E2BIG, EINVAL, EPERM, Refused } from "../refuse.ts"

/** Most functions of a program (`BPF_MAX_SUBPROGS`). */
const MAX_SUBPROGRAMS = 256

/** A function of the program. */
export class Subprogram {
  readonly index: number
  /** First slot. */
  readonly start: number
  /** Slot after the last. */
  readonly end: number
  /** The last instruction by which it returns; -1 for none. */
  exit = -1
  /** Bytes of stack that its instructions use, as far as the walk has got. */
  stackDepth = 0
  hasTailCall = false
  hasLdAbs = false
  changesPacket = false
  mightSleep = false
  /** It is called by the kernel, from a timer or a work queue. */
  asyncCallback = false
  exceptionCallback = false
  /** A function that instructions call, or pass the address of, before the walk. */
  called = false

  constructor(index: number, start: number, end: number) {
    this.index = index
    this.start = start
    this.end = end
  }
}

/** Distance of a jump, in slots from the next instruction: `gotol` has it in its immediate. */
export const jumpOffset = (code: Code, slot: number): number =>
  code.op[slot] === o.OP_JA32 ? code.imm[slot] : code.off[slot]

export const isPseudoFunc = (code: Code, slot: number): boolean =>
  code.op[slot] === o.OP_LDDW && code.src[slot] === o.BPF_PSEUDO_FUNC
export const isSubprogramCall = (code: Code, slot: number): boolean =>
  code.op[slot] === o.OP_CALL && code.src[slot] === o.BPF_PSEUDO_CALL
export const isKfuncCall = (code: Code, slot: number): boolean =>
  code.op[slot] === o.OP_CALL && code.src[slot] === o.BPF_PSEUDO_KFUNC_CALL
export const isHelperCall = (code: Code, slot: number): boolean =>
  code.op[slot] === o.OP_CALL && code.src[slot] === o.BPF_HELPER_CALL

/**
 * Splits a program into its functions: the first slot, what is called or whose address is taken, and `extra` starts.
 */
export function findSubprograms(code: Code, privileged: boolean, extra: readonly number[]): Subprogram[] {
  const starts = new Set([0])
  const add = (start: number): void => {
    if (start < 0 || start >= code.count) throw new Refused(EINVAL, "call to invalid destination")
    if (!starts.has(start) && starts.size >= MAX_SUBPROGRAMS) throw new Refused(E2BIG, "too many subprograms")
    starts.add(start)
  }
  for (let slot = 0; slot < code.count; slot++) {
    const internal = isPseudoFunc(code, slot) || isSubprogramCall(code, slot)
    if (!internal && !isKfuncCall(code, slot)) continue
    if (!privileged) {
      const why = "loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN"
      throw new Refused(EPERM, why)
    }
    if (internal) add(slot + code.imm[slot] + 1)
  }
  for (const start of extra) add(start)
  const sorted = [...starts].sort((a, b) => a - b)
  return sorted.map((start, i) => new Subprogram(i, start, sorted[i + 1] ?? code.count))
}

/** Jumps stay inside of their function, and no function runs into the next one. */
export function checkSubprograms(code: Code, subprograms: readonly Subprogram[]): void {
  for (const subprogram of subprograms) {
    const { start, end } = subprogram
    for (let slot = start; slot < end; slot++) {
      const op = code.op[slot]
      const kind = op & o.BPF_CLASS_MASK
      if (isTailCall(code, slot)) subprogram.hasTailCall = true
      if (isPacketLoad(code, slot)) subprogram.hasLdAbs = true
      if (kind !== o.BPF_JMP && kind !== o.BPF_JMP32) continue
      const operation = op & o.BPF_OP_MASK
      if (operation === o.BPF_EXIT) subprogram.exit = slot
      if (operation === o.BPF_CALL || operation === o.BPF_EXIT) continue
      const distance = kind === o.BPF_JMP32 && operation === o.BPF_JA ? code.imm[slot] : code.off[slot]
      const target = slot + distance + 1
      if (target < start || target >= end) {
        throw new Refused(EINVAL, `jump out of range from insn ${slot} to ${target}`, slot)
      }
    }
    const last = code.op[end - 1]
    if (last !== o.OP_EXIT && last !== o.OP_JA && last !== o.OP_JA32) {
      throw new Refused(EINVAL, "last insn is not an exit or jmp", end - 1)
    }
  }
}

/** Number of bpf_tail_call. */
export const TAIL_CALL = 12

export const isTailCall = (code: Code, slot: number): boolean =>
  isHelperCall(code, slot) && code.imm[slot] === TAIL_CALL

/** A load of classic BPF: from the packet, whose end ends the function. */
export function isPacketLoad(code: Code, slot: number): boolean {
  const mode = code.op[slot] & o.BPF_MODE_MASK
  return (code.op[slot] & o.BPF_CLASS_MASK) === o.BPF_LD && (mode === o.BPF_ABS || mode === o.BPF_IND)
}

/** The function that starts at a slot. */
export const subprogramAt = (all: readonly Subprogram[], start: number): Subprogram | undefined =>
  all.find(s => s.start === start)

/** The function that a slot belongs to. */
export function subprogramOf(all: readonly Subprogram[], slot: number): Subprogram {
  let low = 0
  let high = all.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (all[middle].start <= slot) low = middle
    else high = middle - 1
  }
  return all[low]
}
