import * as o from "../../isa/index.ts"
import { CALL_CLOBBERS, type MInst, type MTerm, NO_REG, OP_FRAME_ADDR, type Reg } from "./mir.ts"

/** What an instruction does with its two register fields; an or of these. */
export const USE_DST = 1
export const USE_SRC = 2
export const DEF_DST = 4
export const DEF_SRC = 8

/** Which of its register fields an instruction reads and writes. Implicit registers are in `implicitUses` and `clobbers`. */
export function roles(i: MInst): number {
  const { op } = i
  if (op === OP_FRAME_ADDR) return DEF_DST
  switch (op & o.BPF_CLASS_MASK) {
    case o.BPF_LD:
      if (op === o.OP_LDDW) return DEF_DST
      return (op & o.BPF_MODE_MASK) === o.BPF_IND ? USE_SRC : 0
    case o.BPF_LDX:
      return DEF_DST | USE_SRC
    case o.BPF_ST:
      return USE_DST
    case o.BPF_STX:
      if (isAtomic(i) && i.imm === o.BPF_LOAD_ACQ) return DEF_DST | USE_SRC
      return isAtomic(i) && (i.imm & o.BPF_FETCH) !== 0 && i.imm !== o.BPF_CMPXCHG
        ? USE_DST | USE_SRC | DEF_SRC
        : USE_DST | USE_SRC
    case o.BPF_JMP:
    case o.BPF_JMP32:
      return 0
    default: {
      const operation = op & o.BPF_OP_MASK
      const source = (op & o.BPF_X) !== 0 && operation !== o.BPF_END ? USE_SRC : 0
      return operation === o.BPF_MOV ? DEF_DST | source : USE_DST | DEF_DST | source
    }
  }
}

export const isAtomic = (i: MInst): boolean => (i.op & ~o.BPF_SIZE_MASK) === (o.BPF_STX | o.BPF_ATOMIC)
export const isCall = (i: MInst): boolean => i.op === o.OP_CALL
/** LD_ABS and LD_IND: they behave as calls with the context in r6. */
export const isPacketLoad = (i: MInst): boolean => i.op < OP_FRAME_ADDR && (i.op & 7) === o.BPF_LD && i.op !== o.OP_LDDW
/** `dst = src`, all 64 bits, nothing else. */
export const isCopy = (i: MInst): boolean => i.op === OP_COPY && i.off === 0
export const OP_COPY: number = o.BPF_ALU64 | o.BPF_MOV | o.BPF_X
export const OP_MOV_IMM: number = o.BPF_ALU64 | o.BPF_MOV | o.BPF_K
export const OP_MOV32_IMM: number = o.BPF_ALU | o.BPF_MOV | o.BPF_K

/** Machine registers read without being named, as a bit set. */
export function implicitUses(i: MInst): number {
  if (isCall(i)) return ((1 << i.nargs) - 1) << o.R1
  if (isAtomic(i) && i.imm === o.BPF_CMPXCHG) return 1 << o.R0
  return isPacketLoad(i) ? 1 << o.R6 : 0
}

/** Machine registers written without being named, as a bit set. */
export function clobbers(i: MInst): number {
  if (isCall(i) || isPacketLoad(i)) return CALL_CLOBBERS
  return isAtomic(i) && i.imm === o.BPF_CMPXCHG ? 1 << o.R0 : 0
}

/** The register that an instruction names and writes, or `NO_REG`. */
export function definedReg(i: MInst): Reg {
  const r = roles(i)
  return (r & DEF_DST) !== 0 ? i.dst : (r & DEF_SRC) !== 0 ? i.src : NO_REG
}

/** Whether an instruction, whose operands nothing else may have changed, gives the same when it is repeated elsewhere: constants and addresses. */
export const isConstantLike = (i: MInst): boolean =>
  i.op === OP_FRAME_ADDR ||
  ((i.op === o.OP_LDDW || i.op === OP_MOV_IMM || i.op === OP_MOV32_IMM) && i.core === undefined)

/** Registers that a terminator reads: at most two. */
export const termUses = (t: MTerm, index: 0 | 1): Reg => (index === 0 ? t.dst : t.src)
