import * as o from "../../isa/index.ts"

// What an instruction reads and writes, as bits. Calls read their arguments besides.
export const READS_DST = 1
export const READS_SRC = 2
export const READS_R0 = 4
/** The packet that the loads of classic BPF are from. */
export const READS_R6 = 8
export const WRITES_DST = 16
export const WRITES_SRC = 32
export const WRITES_R0 = 64
/** It writes something. */
export const WRITES = WRITES_DST | WRITES_SRC | WRITES_R0
/** An atomic instruction: the immediate tells, see {@link atomicOperands}. */
export const ATOMIC = 128

/** What instructions read and write, by opcode. */
export const OPERANDS = Uint8Array.from({ length: 256 }, (_, op) => operandsOf(op))

function operandsOf(op: number): number {
  const register = (op & o.BPF_X) !== 0
  switch (op & o.BPF_CLASS_MASK) {
    case o.BPF_ALU:
    case o.BPF_ALU64: {
      const operation = op & o.BPF_OP_MASK
      const alone = operation === o.BPF_END || operation === o.BPF_NEG
      return (operation !== o.BPF_MOV ? READS_DST : 0) | (register && !alone ? READS_SRC : 0) | WRITES_DST
    }
    case o.BPF_JMP:
    case o.BPF_JMP32:
      if (op === o.OP_EXIT) return READS_R0
      if (op === o.OP_CALL) return WRITES_R0
      if (op === o.OP_JA || op === o.OP_JA32 || op === o.OP_MAY_GOTO) return 0
      return READS_DST | (register ? READS_SRC : 0)
    case o.BPF_LD:
      if (op === o.OP_LDDW) return WRITES_DST
      return READS_R6 | ((op & o.BPF_MODE_MASK) === o.BPF_IND ? READS_SRC : 0) | WRITES_R0
    case o.BPF_LDX:
      return READS_SRC | WRITES_DST
    case o.BPF_ST:
      return READS_DST
    default:
      return (op & o.BPF_MODE_MASK) === o.BPF_ATOMIC ? ATOMIC : READS_DST | READS_SRC
  }
}

/** What an atomic instruction with an immediate reads and writes. */
export function atomicOperands(imm: number): number {
  if (imm === o.BPF_LOAD_ACQ) return READS_SRC | WRITES_DST
  if (imm === o.BPF_CMPXCHG) return READS_DST | READS_SRC | READS_R0 | WRITES_R0
  const fetches = imm !== o.BPF_STORE_REL && (imm & o.BPF_FETCH) !== 0
  return READS_DST | READS_SRC | (fetches ? WRITES_SRC : 0)
}
