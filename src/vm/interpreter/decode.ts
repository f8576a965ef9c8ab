import * as isa from "../../isa/index.ts"
import { badCode } from "../badCode.ts"
import type { CodeImage, Helper } from "../code.ts"
import { noHelper } from "../fault.ts"

/** Words of a decoded instruction. */
export const WORDS = 4

/**
 * An operation is the opcode byte, except where other fields choose between several; these have numbers from 256 on:
 *
 *     0x100 | opcode    division with a sign, moves and loads that extend a sign (the byte sizes are told by the offset),
 *                       loads through typed pointers (LDX), byte swaps (`bswap`)
 *     0x200             call of a subprogram
 *     0x201             end of the code, which no program reaches
 *     0x202             address of a function
 *     0x203 … 0x205     moves that extend 8, 16, 32 bits to 64
 *     0x206, 0x207      moves that extend 8, 16 bits to 32
 *     0x208 … 0x20a     conversion to the other byte order of 16, 32, 64 bits
 *     0x20b … 0x20d     cut to 16, 32, 64 bits
 *     0x20e             counts a line of C; stands in front of the instruction at which its code begins
 */
export const CALL_LOCAL = 0x200
export const END_OF_CODE = 0x201
export const FUNCTION_ADDRESS = 0x202
const COUNT = 0x20e
const EXTEND: Readonly<Record<string, number>> = {
  "64 8": 0x203,
  "64 16": 0x204,
  "64 32": 0x205,
  "32 8": 0x206,
  "32 16": 0x207,
}
const SWAP: Readonly<Record<number, number>> = { 16: 0x208, 32: 0x209, 64: 0x20a }
const CUT: Readonly<Record<number, number>> = { 16: 0x20b, 32: 0x20c, 64: 0x20d }
/** Set in the operation of a load through a typed pointer. */
export const PROBE = 0x400

/**
 * A program as the interpreter takes it: four words an instruction, and no word needs to be looked up anywhere else.
 *
 *     +0   operation, and in bits 16–23 and 24–31 twice the number of the destination and the source register
 *     +4   immediate; index into `calls` for a call
 *     +8   displacement; where a jump leads to, as an index of words
 *     +12  jump back: instructions that it repeats; 64-bit load: the high word
 */
export interface Decoded {
  readonly words: Int32Array
  readonly calls: readonly Helper[]
  /** By decoded instruction: its slot. */
  readonly slots: Int32Array
  /** By slot: the index of its first word, −1 where no instruction begins. */
  readonly wordAt: Int32Array
}

/** @throws SkepError VM_BAD_CODE */
export function decode(image: CodeImage): Decoded {
  const { insns } = image
  const slots = isa.slotStarts(insns)
  const wordAt = new Int32Array(slots[insns.length] + 1).fill(-1)
  const { slotOf, own } = places(image, slots, wordAt)
  const words = new Int32Array(slotOf.length * WORDS)
  const calls: Helper[] = []
  const callIndex = new Map<Helper, number>()
  const callOf = (helper: Helper): number => {
    let index = callIndex.get(helper)
    if (index === undefined) callIndex.set(helper, (index = calls.push(helper) - 1))
    return index
  }
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i]
    const problem = isa.insnProblem(insn)
    if (problem !== undefined) throw badCode(slots[i], problem.message)
    const at = own[i]
    const counter = image.counters?.at[i] ?? -1
    if (counter >= 0) {
      words[at - WORDS] = COUNT
      words[at - WORDS + 1] = counter
    }
    const target = (distance: number): number => {
      const slot = slots[i] + 1 + distance
      const to = slot < 0 || slot >= wordAt.length - 1 ? -1 : wordAt[slot]
      if (to < 0) throw badCode(slots[i], `it leads to slot ${slot}, where no instruction begins`)
      return to
    }
    words[at] = operation(insn, image.probes[slots[i]] === 1) | (insn.dst << 17) | (insn.src << 25)
    words[at + 1] = insn.imm
    words[at + 2] = insn.off
    if (insn.op === isa.OP_LDDW) {
      words[at + 3] = insn.imm64 as number
      if (insn.src === isa.BPF_PSEUDO_FUNC) words[at + 1] = slots[i] + 1 + insn.imm
      if (insn.src === isa.BPF_PSEUDO_FUNC) target(insn.imm)
    } else if (insn.op === isa.OP_CALL) {
      if (insn.src === isa.BPF_PSEUDO_CALL) words[at + 2] = target(insn.imm)
      else words[at + 1] = callOf(callee(image, insn))
    } else if (isJump(insn)) {
      const to = target(insn.op === isa.OP_JA32 ? insn.imm : insn.off)
      words[at + 2] = to
      words[at + 3] = to <= at ? (at - to) / WORDS + 1 : 0
    }
  }
  words[own[insns.length]] = END_OF_CODE
  return { words, calls, slots: slotOf, wordAt }
}

/** Where decoded instructions go, with counters among them; fills `wordAt` in. `own` has the end of the code last. */
function places({ insns, counters }: CodeImage, slots: Int32Array, wordAt: Int32Array) {
  const slotOf: number[] = []
  const own = new Int32Array(insns.length + 1)
  for (let i = 0; i <= insns.length; i++) {
    wordAt[slots[i]] = slotOf.length * WORDS
    if (i < insns.length && (counters?.at[i] ?? -1) >= 0) slotOf.push(slots[i])
    own[i] = slotOf.length * WORDS
    slotOf.push(slots[i])
  }
  return { slotOf: Int32Array.from(slotOf), own }
}

function callee(image: CodeImage, insn: isa.Insn): Helper {
  if (insn.src === isa.BPF_PSEUDO_KFUNC_CALL) return image.kfuncs[insn.imm]
  return image.helper(insn.imm) ?? missing(insn.imm)
}

/** A call of what the machine does not have: a fault when it is made. */
function missing(number: number): Helper {
  return () => {
    throw noHelper(number)
  }
}

function isJump({ op }: isa.Insn): boolean {
  const cls = op & isa.BPF_CLASS_MASK
  return (cls === isa.BPF_JMP || cls === isa.BPF_JMP32) && op !== isa.OP_CALL && op !== isa.OP_EXIT
}

function operation(insn: isa.Insn, probe: boolean): number {
  const { op, off, imm } = insn
  switch (op & isa.BPF_CLASS_MASK) {
    case isa.BPF_LD:
      return op === isa.OP_LDDW && insn.src === isa.BPF_PSEUDO_FUNC ? FUNCTION_ADDRESS : op
    case isa.BPF_LDX:
      return probe ? op | PROBE : op
    case isa.BPF_STX:
      if ((op & isa.BPF_MODE_MASK) !== isa.BPF_ATOMIC) return op
      // Memory is not shared with other threads: what is ordered is a plain load or store.
      if (imm === isa.BPF_LOAD_ACQ) return isa.BPF_LDX | isa.BPF_MEM | (op & isa.BPF_SIZE_MASK) | (probe ? PROBE : 0)
      return imm === isa.BPF_STORE_REL ? isa.BPF_STX | isa.BPF_MEM | (op & isa.BPF_SIZE_MASK) : op
    case isa.BPF_ALU:
    case isa.BPF_ALU64:
      return alu(op, off, imm)
    default:
      return op === isa.OP_CALL && insn.src === isa.BPF_PSEUDO_CALL ? CALL_LOCAL : op
  }
}

function alu(op: number, off: number, imm: number): number {
  const bits = (op & isa.BPF_CLASS_MASK) === isa.BPF_ALU64 ? 64 : 32
  switch (op & isa.BPF_OP_MASK) {
    case isa.BPF_DIV:
    case isa.BPF_MOD:
      return off === 1 ? 0x100 | op : op
    case isa.BPF_MOV:
      return off > 1 ? EXTEND[`${bits} ${off}`] : off === 1 ? 0x100 | op : op
    case isa.BPF_END:
      return bits === 32 && (op & isa.BPF_X) === isa.BPF_TO_LE ? CUT[imm] : SWAP[imm]
    default:
      return op
  }
}
