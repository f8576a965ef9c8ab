import * as o from "../isa/index.ts"
import { ancillaryField, SKF_AD_OFF } from "./ancillary.ts"
import { badFilter } from "./error.ts"
import { BPF_A, BPF_MAXINSNS, BPF_MEMWORDS, BPF_RET, type ClassicInsn } from "./insn.ts"
import { isTest, opcodeOf } from "./opcodes.ts"

/** Why the kernel would refuse a filter. */
export interface ClassicProblem {
  /** The instruction, from 0. */
  readonly insn: number
  /** What is wrong, in one line. */
  readonly message: string
}

const ALL_WORDS = (1 << BPF_MEMWORDS) - 1

/**
 * What the kernel's own check (bpf_check_classic) finds wrong with a filter; undefined when it accepts it. A filter
 * without a problem ends, reads no scratch memory that it has not written, and never divides by a constant zero.
 */
export function classicProblem(insns: readonly ClassicInsn[]): ClassicProblem | undefined {
  if (insns.length === 0) return { insn: 0, message: "the filter is empty" }
  if (insns.length > BPF_MAXINSNS) {
    return {
      insn: BPF_MAXINSNS,
      message: `the filter has ${insns.length} instructions, and ${BPF_MAXINSNS} is the most`,
    }
  }
  for (let at = 0; at < insns.length; at++) {
    const message = insnProblem(insns[at], insns.length - at - 1)
    if (message !== undefined) return { insn: at, message }
  }
  const { code } = insns[insns.length - 1]
  if (code !== (BPF_RET | o.BPF_K) && code !== (BPF_RET | BPF_A)) {
    return { insn: insns.length - 1, message: "the last instruction has to be a ret" }
  }
  return scratchProblem(insns)
}

/** Throws when the kernel would refuse the filter. @throws SkepError FILTER_INVALID */
export function checkClassic(insns: readonly ClassicInsn[]): void {
  const problem = classicProblem(insns)
  if (problem !== undefined) throw badFilter(`instruction ${problem.insn}: ${problem.message}`)
}

/** `behind`: the number of instructions that follow. */
function insnProblem(insn: ClassicInsn, behind: number): string | undefined {
  const opcode = opcodeOf(insn.code)
  if (opcode === undefined) return `0x${insn.code.toString(16)} is no opcode`
  const { k } = insn
  switch (opcode.form) {
    case "mem":
      return k < BPF_MEMWORDS ? undefined : `there is no M[${k}]: scratch memory has ${BPF_MEMWORDS} words`
    case "goto":
      return k < behind ? undefined : "the jump leads out of the filter"
    case "testK":
    case "testX":
      return insn.jt < behind && insn.jf < behind ? undefined : "the jump leads out of the filter"
    case "abs":
      return k < SKF_AD_OFF || ancillaryField(k) !== undefined ? undefined : `there is no metadata at ${k | 0}`
    case "decimal":
      if (k === 0 && (opcode.name === "div" || opcode.name === "mod")) return "it divides by zero"
      if (k >= 32 && (opcode.name === "lsh" || opcode.name === "rsh")) return `it shifts 32 bits by ${k}`
      return undefined
    default:
      return undefined
  }
}

/** A read of scratch memory that some way to it has not written. */
function scratchProblem(insns: readonly ClassicInsn[]): ClassicProblem | undefined {
  // The words that every way to an instruction has written, a bit each.
  const written = new Uint16Array(insns.length).fill(ALL_WORDS)
  let here = 0
  for (const [at, { code, jt, jf, k }] of insns.entries()) {
    here &= written[at]
    if (code === o.BPF_ST || code === o.BPF_STX) here |= 1 << k
    else if (opcodeOf(code)?.form === "mem") {
      if ((here & (1 << k)) === 0) return { insn: at, message: `M[${k}] may be read before it is written` }
    } else if (code === o.OP_JA) {
      written[at + 1 + k] &= here
      here = ALL_WORDS
    } else if (isTest(code)) {
      written[at + 1 + jt] &= here
      written[at + 1 + jf] &= here
      here = ALL_WORDS
    }
  }
  return undefined
}
