/**
 * The numbers of the BPF instruction set, under the kernel's names.
 * Sources: RFC 9669; Linux include/uapi/linux/bpf.h and bpf_common.h up to 6.18.
 *
 * An opcode byte is one of two forms:
 *
 *     arithmetic, jump          load, store
 *     +-4 bits-+1-+-3 bits-+    +-3 bits-+-2 bits-+-3 bits-+
 *     |  op    |s |class   |    | mode   | size   | class  |
 *     +--------+--+--------+    +--------+--------+--------+
 */

// Class: the low three bits.
export const BPF_LD = 0x00
export const BPF_LDX = 0x01
export const BPF_ST = 0x02
export const BPF_STX = 0x03
export const BPF_ALU = 0x04
export const BPF_JMP = 0x05
export const BPF_JMP32 = 0x06
export const BPF_ALU64 = 0x07
export const BPF_CLASS_MASK = 0x07

// Size of a load or store: 4, 2, 1 and 8 bytes.
export const BPF_W = 0x00
export const BPF_H = 0x08
export const BPF_B = 0x10
export const BPF_DW = 0x18
export const BPF_SIZE_MASK = 0x18

// Mode of a load or store.
export const BPF_IMM = 0x00
export const BPF_ABS = 0x20
export const BPF_IND = 0x40
export const BPF_MEM = 0x60
export const BPF_MEMSX = 0x80
export const BPF_ATOMIC = 0xc0
export const BPF_MODE_MASK = 0xe0

// Source of an arithmetic or jump instruction: immediate or register.
export const BPF_K = 0x00
export const BPF_X = 0x08
export const BPF_SRC_MASK = 0x08

// Operation of an arithmetic instruction.
export const BPF_ADD = 0x00
export const BPF_SUB = 0x10
export const BPF_MUL = 0x20
export const BPF_DIV = 0x30
export const BPF_OR = 0x40
export const BPF_AND = 0x50
export const BPF_LSH = 0x60
export const BPF_RSH = 0x70
export const BPF_NEG = 0x80
export const BPF_MOD = 0x90
export const BPF_XOR = 0xa0
export const BPF_MOV = 0xb0
export const BPF_ARSH = 0xc0
export const BPF_END = 0xd0
export const BPF_OP_MASK = 0xf0

// Direction of `BPF_ALU | BPF_END`, in the place of the source bit.
export const BPF_TO_LE = 0x00
export const BPF_TO_BE = 0x08

// Operation of a jump instruction.
export const BPF_JA = 0x00
export const BPF_JEQ = 0x10
export const BPF_JGT = 0x20
export const BPF_JGE = 0x30
export const BPF_JSET = 0x40
export const BPF_JNE = 0x50
export const BPF_JSGT = 0x60
export const BPF_JSGE = 0x70
export const BPF_CALL = 0x80
export const BPF_EXIT = 0x90
export const BPF_JLT = 0xa0
export const BPF_JLE = 0xb0
export const BPF_JSLT = 0xc0
export const BPF_JSLE = 0xd0
/** `may_goto`, with `BPF_MAY_GOTO` as the source register (Linux 6.10). */
export const BPF_JCOND = 0xe0
export const BPF_MAY_GOTO = 0

// Operation of an atomic instruction, in the immediate. ADD, AND, OR and XOR of above stand for themselves.
/** Or-ed to ADD, AND, OR, XOR: the source register receives the old value (Linux 5.12). */
export const BPF_FETCH = 0x01
export const BPF_XCHG = 0xe0 | BPF_FETCH
export const BPF_CMPXCHG = 0xf0 | BPF_FETCH
/** Load with acquire ordering (Linux 6.15). */
export const BPF_LOAD_ACQ = 0x100
/** Store with release ordering (Linux 6.15). */
export const BPF_STORE_REL = 0x110

// Source register of a 64-bit immediate load: what its constant stands for.
export const BPF_PSEUDO_MAP_FD = 1
export const BPF_PSEUDO_MAP_VALUE = 2
export const BPF_PSEUDO_BTF_ID = 3
export const BPF_PSEUDO_FUNC = 4
export const BPF_PSEUDO_MAP_IDX = 5
export const BPF_PSEUDO_MAP_IDX_VALUE = 6

// Source register of a call: what its immediate stands for.
/** A helper, by its number in `enum bpf_func_id`. */
export const BPF_HELPER_CALL = 0
/** A subprogram, by its distance in slots from the next instruction. */
export const BPF_PSEUDO_CALL = 1
/** A kernel function, by its BTF id. */
export const BPF_PSEUDO_KFUNC_CALL = 2

/** Offset of `BPF_ALU64 | BPF_MOV | BPF_X` that makes it a cast between address spaces (Linux 6.9). */
export const BPF_ADDR_SPACE_CAST = 1

// Whole opcode bytes that are often compared with.
export const OP_LDDW = BPF_LD | BPF_IMM | BPF_DW
export const OP_CALL = BPF_JMP | BPF_CALL | BPF_K
export const OP_CALLX = BPF_JMP | BPF_CALL | BPF_X
export const OP_EXIT = BPF_JMP | BPF_EXIT
export const OP_JA = BPF_JMP | BPF_JA
/** `gotol`: a jump whose distance is the 32-bit immediate. */
export const OP_JA32 = BPF_JMP32 | BPF_JA
export const OP_MAY_GOTO = BPF_JMP | BPF_JCOND

// Registers.
/** Return value. */
export const R0 = 0
/** First argument; the context at the entry of a program. */
export const R1 = 1
export const R2 = 2
export const R3 = 3
export const R4 = 4
/** Fifth and last argument. */
export const R5 = 5
/** First of the four registers that a call leaves alone. */
export const R6 = 6
export const R7 = 7
export const R8 = 8
export const R9 = 9
/** Frame pointer, read-only: the end of the stack, which grows down. */
export const R10 = 10
export const BPF_REG_FP = R10

/** Bytes of stack a function has (`MAX_BPF_STACK`). */
export const MAX_BPF_STACK = 512

/** Bytes that a load or store size (`BPF_B`, `BPF_H`, `BPF_W`, `BPF_DW`) moves. */
export function sizeBytes(size: number): 1 | 2 | 4 | 8 {
  switch (size & BPF_SIZE_MASK) {
    case BPF_B:
      return 1
    case BPF_H:
      return 2
    case BPF_W:
      return 4
    default:
      return 8
  }
}

/** The size bits that move `bytes` bytes: the inverse of {@link sizeBytes}; undefined for other widths. */
export function sizeBits(bytes: number): number | undefined {
  return bytes === 8 ? BPF_DW : bytes === 4 ? BPF_W : bytes === 2 ? BPF_H : bytes === 1 ? BPF_B : undefined
}
