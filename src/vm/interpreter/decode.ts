import * as isa from "../../isa/index.ts"
import { CODE } from "../address.ts"
import { badCode } from "../badCode.ts"
import type { CodeImage, Helper } from "../code.ts"
import { noHelper } from "../fault.ts"
import { CONVERSION } from "./convert.ts"
import { NARROW, REMAINDER, SIGNED } from "./divide.ts"

/** Words of a decoded instruction. */
export const WORDS = 4

/**
 * Operations are numbered without holes, so that the interpreter's `switch` is one jump through a table. Where there are two numbers, the first is for
 * an immediate and the second for a register; to those of arithmetic and conditions the opcode's high half is added (0 to 13).
 */
const ALU64 = [0x00, 0x10] as const
const ALU32 = [0x20, 0x30] as const
const CONVERT = 0x40
const DIVIDE = [0x41, 0x42] as const
const JUMP64 = [0x50, 0x60] as const
const JUMP32 = [0x70, 0x80] as const
/** To loads and stores their size is added: 0 for 4 bytes, 1 for 2, 2 for 1, 3 for 8. */
const LOAD = 0x90
const LOAD_SIGNED = 0x94
const LOAD_PROBE = 0x97
const STORE = [0x98, 0x9c] as const
const CONSTANT = 0xa0
const ATOMIC_4 = 0xa1
const ATOMIC_8 = 0xa2
const PACKET = 0xa3
const GOTO = 0xa4
const MAY_GOTO = 0xa5
const CALL = 0xa6
const CALL_LOCAL = 0xa7
const EXIT = 0xa8
/** Counts a line of C; stands in front of the instruction at which its code begins. */
const COUNT = 0xa9
/** What no program reaches. */
const END_OF_CODE = 0xaa

/**
 * A program as the interpreter takes it: four words an instruction, and no word needs to be looked up anywhere else.
 *
 *     +0   operation, and in bits 16–23 and 24–31 twice the number of the destination and the source register
 *     +4   immediate; index into `calls`; number of a counter; opcode of a load through a typed pointer
 *     +8   displacement; where a jump leads to, as an index of words; kind of a division or conversion
 *     +12  jump back: instructions that it repeats; constant: its high word; load from the packet: its opcode
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
    const operation = operationOf(insn, image.probes[slots[i]] === 1)
    words[at] = operation | (insn.dst << 17) | (insn.src << 25)
    words[at + 1] = insn.imm
    words[at + 2] = insn.off
    switch (operation) {
      case CONSTANT:
        words[at + 3] = insn.imm64 as number
        if (insn.src !== isa.BPF_PSEUDO_FUNC) break
        target(insn.imm)
        words[at + 1] = slots[i] + 1 + insn.imm
        words[at + 3] = CODE
        break
      case CALL:
        words[at + 1] = callOf(callee(image, insn))
        break
      case CALL_LOCAL:
        words[at + 2] = target(insn.imm)
        break
      case CONVERT:
        words[at + 2] = conversion(insn)
        break
      case DIVIDE[0]:
      case DIVIDE[1]:
        words[at + 2] = division(insn)
        break
      case LOAD_PROBE:
        words[at + 1] = insn.op
        break
      case PACKET:
        words[at + 3] = insn.op
        break
      default:
        if (!isJump(insn)) break
        words[at + 2] = target(insn.op === isa.OP_JA32 ? insn.imm : insn.off)
        words[at + 3] = Math.max(0, (at - words[at + 2]) / WORDS + 1)
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

function operationOf(insn: isa.Insn, probe: boolean): number {
  const { op, imm } = insn
  const size = (op & isa.BPF_SIZE_MASK) >> 3
  const form = (op & isa.BPF_SRC_MASK) === isa.BPF_X ? 1 : 0
  switch (op & isa.BPF_CLASS_MASK) {
    case isa.BPF_LD:
      return op === isa.OP_LDDW ? CONSTANT : PACKET
    case isa.BPF_LDX:
      if (probe) return LOAD_PROBE
      return ((op & isa.BPF_MODE_MASK) === isa.BPF_MEMSX ? LOAD_SIGNED : LOAD) + size
    case isa.BPF_ST:
      return STORE[0] + size
    case isa.BPF_STX:
      if ((op & isa.BPF_MODE_MASK) !== isa.BPF_ATOMIC || imm === isa.BPF_STORE_REL) return STORE[1] + size
      // Memory is not shared with other threads: what is ordered is a plain load or store.
      if (imm === isa.BPF_LOAD_ACQ) return probe ? LOAD_PROBE : LOAD + size
      return isa.sizeBytes(op) === 8 ? ATOMIC_8 : ATOMIC_4
    case isa.BPF_ALU:
      return arithmetic(insn, ALU32[form], form)
    case isa.BPF_ALU64:
      return arithmetic(insn, ALU64[form], form)
    default:
      return jump(insn, form)
  }
}

function arithmetic({ op, off }: isa.Insn, base: number, form: 0 | 1): number {
  switch (op & isa.BPF_OP_MASK) {
    case isa.BPF_DIV:
    case isa.BPF_MOD:
      return DIVIDE[form]
    case isa.BPF_END:
      return CONVERT
    case isa.BPF_NEG:
      return (base & ~0x10) + (isa.BPF_NEG >> 4)
    default:
      // Pointers into an arena are the same in both address spaces.
      return off === 0 || off === isa.BPF_ADDR_SPACE_CAST ? base + (op >> 4) : CONVERT
  }
}

function jump({ op, src }: isa.Insn, form: 0 | 1): number {
  switch (op) {
    case isa.OP_JA:
    case isa.OP_JA32:
      return GOTO
    case isa.OP_MAY_GOTO:
      return MAY_GOTO
    case isa.OP_EXIT:
      return EXIT
    case isa.OP_CALL:
      return src === isa.BPF_PSEUDO_CALL ? CALL_LOCAL : CALL
    default:
      return ((op & isa.BPF_CLASS_MASK) === isa.BPF_JMP ? JUMP64 : JUMP32)[form] + (op >> 4)
  }
}

function division({ op, off }: isa.Insn): number {
  const remainder = (op & isa.BPF_OP_MASK) === isa.BPF_MOD ? REMAINDER : 0
  const narrow = (op & isa.BPF_CLASS_MASK) === isa.BPF_ALU ? NARROW : 0
  return remainder | narrow | (off === 1 ? SIGNED : 0)
}

function conversion({ op, off, imm }: isa.Insn): number {
  const wide = (op & isa.BPF_CLASS_MASK) === isa.BPF_ALU64
  if ((op & isa.BPF_OP_MASK) === isa.BPF_MOV) return wide ? EXTEND_64[off] : EXTEND_32[off]
  return !wide && (op & isa.BPF_SRC_MASK) === isa.BPF_TO_LE ? CUT[imm] : SWAP[imm]
}

type Conversions = Readonly<Record<number, number>>
const EXTEND_64: Conversions = { 8: CONVERSION.s8, 16: CONVERSION.s16, 32: CONVERSION.s32 }
const EXTEND_32: Conversions = { 8: CONVERSION["s8, 32 bits"], 16: CONVERSION["s16, 32 bits"] }
const SWAP: Conversions = { 16: CONVERSION.swap16, 32: CONVERSION.swap32, 64: CONVERSION.swap64 }
const CUT: Conversions = { 16: CONVERSION.cut16, 32: CONVERSION.cut32, 64: CONVERSION.cut64 }
