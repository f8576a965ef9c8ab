/**
 * Constructors of instructions, one a form. Argument order is that of the kernel's own macros in
 * include/linux/filter.h: size or operation, destination, source, offset or immediate.
 * Values are not checked here; `encodeInsns` refuses what does not fit its field.
 */

import type { Insn } from "./insn.ts"
import * as o from "./opcodes.ts"

const insn = (op: number, dst: number, src: number, off: number, imm: number): Insn => ({ op, dst, src, off, imm })

// Arithmetic. `op` is BPF_ADD … BPF_ARSH (unsigned BPF_DIV and BPF_MOD; the signed ones are below).

/** `dst op= src` */
export const alu64Reg = (op: number, dst: number, src: number): Insn => insn(o.BPF_ALU64 | op | o.BPF_X, dst, src, 0, 0)
/** `dst op= imm`, the immediate sign-extended to 64 bits */
export const alu64Imm = (op: number, dst: number, imm: number): Insn => insn(o.BPF_ALU64 | op, dst, 0, 0, imm | 0)
/** `wdst op= wsrc`; the upper half of the result is zero */
export const alu32Reg = (op: number, dst: number, src: number): Insn => insn(o.BPF_ALU | op | o.BPF_X, dst, src, 0, 0)
/** `wdst op= imm`; the upper half of the result is zero */
export const alu32Imm = (op: number, dst: number, imm: number): Insn => insn(o.BPF_ALU | op, dst, 0, 0, imm | 0)

export const mov64Reg = (dst: number, src: number): Insn => alu64Reg(o.BPF_MOV, dst, src)
export const mov64Imm = (dst: number, imm: number): Insn => alu64Imm(o.BPF_MOV, dst, imm)
export const mov32Reg = (dst: number, src: number): Insn => alu32Reg(o.BPF_MOV, dst, src)
export const mov32Imm = (dst: number, imm: number): Insn => alu32Imm(o.BPF_MOV, dst, imm)

export const neg64 = (dst: number): Insn => insn(o.BPF_ALU64 | o.BPF_NEG, dst, 0, 0, 0)
export const neg32 = (dst: number): Insn => insn(o.BPF_ALU | o.BPF_NEG, dst, 0, 0, 0)

/** `dst = (s8|s16|s32)src`: sign extension from `bits` (8, 16 or 32). Cpu v4, Linux 6.6. */
export const movsx64 = (dst: number, src: number, bits: 8 | 16 | 32): Insn =>
  insn(o.BPF_ALU64 | o.BPF_MOV | o.BPF_X, dst, src, bits, 0)
/** `wdst = (s8|s16)wsrc`. Cpu v4, Linux 6.6. */
export const movsx32 = (dst: number, src: number, bits: 8 | 16): Insn =>
  insn(o.BPF_ALU | o.BPF_MOV | o.BPF_X, dst, src, bits, 0)

/** Signed division or remainder: `op` is BPF_DIV or BPF_MOD. Cpu v4, Linux 6.6. */
export const signed64Reg = (op: number, dst: number, src: number): Insn =>
  insn(o.BPF_ALU64 | op | o.BPF_X, dst, src, 1, 0)
export const signed64Imm = (op: number, dst: number, imm: number): Insn => insn(o.BPF_ALU64 | op, dst, 0, 1, imm | 0)
export const signed32Reg = (op: number, dst: number, src: number): Insn =>
  insn(o.BPF_ALU | op | o.BPF_X, dst, src, 1, 0)
export const signed32Imm = (op: number, dst: number, imm: number): Insn => insn(o.BPF_ALU | op, dst, 0, 1, imm | 0)

/** `dst = le16|le32|le64 dst`: host to little endian and back, truncated to `bits`. */
export const toLe = (dst: number, bits: 16 | 32 | 64): Insn =>
  insn(o.BPF_ALU | o.BPF_END | o.BPF_TO_LE, dst, 0, 0, bits)
/** `dst = be16|be32|be64 dst`: host to big endian and back, truncated to `bits`. */
export const toBe = (dst: number, bits: 16 | 32 | 64): Insn =>
  insn(o.BPF_ALU | o.BPF_END | o.BPF_TO_BE, dst, 0, 0, bits)
/** `dst = bswap16|bswap32|bswap64 dst`. Cpu v4, Linux 6.6. */
export const bswap = (dst: number, bits: 16 | 32 | 64): Insn => insn(o.BPF_ALU64 | o.BPF_END, dst, 0, 0, bits)

/** `dst = addr_space_cast(src, dstSpace, srcSpace)` for arenas. Linux 6.9. */
export const addrSpaceCast = (dst: number, src: number, dstSpace: number, srcSpace: number): Insn =>
  insn(o.BPF_ALU64 | o.BPF_MOV | o.BPF_X, dst, src, o.BPF_ADDR_SPACE_CAST, (dstSpace << 16) | srcSpace | 0)

// Memory. `size` is BPF_B, BPF_H, BPF_W or BPF_DW.

/** `dst = *(size *)(src + off)`, zero-extended */
export const loadMem = (size: number, dst: number, src: number, off: number): Insn =>
  insn(o.BPF_LDX | o.BPF_MEM | size, dst, src, off, 0)
/** `dst = *(s8|s16|s32 *)(src + off)`, sign-extended. Cpu v4, Linux 6.6. */
export const loadMemSx = (size: number, dst: number, src: number, off: number): Insn =>
  insn(o.BPF_LDX | o.BPF_MEMSX | size, dst, src, off, 0)
/** `*(size *)(dst + off) = src` */
export const storeReg = (size: number, dst: number, src: number, off: number): Insn =>
  insn(o.BPF_STX | o.BPF_MEM | size, dst, src, off, 0)
/** `*(size *)(dst + off) = imm` */
export const storeImm = (size: number, dst: number, off: number, imm: number): Insn =>
  insn(o.BPF_ST | o.BPF_MEM | size, dst, 0, off, imm | 0)

/**
 * Atomic operation on `*(size *)(dst + off)`: `op` is BPF_ADD, BPF_AND, BPF_OR, BPF_XOR (with BPF_FETCH or without),
 * BPF_XCHG, BPF_CMPXCHG (compares with r0), BPF_STORE_REL. Add without fetch is in every kernel, the others need 5.12,
 * store release 6.15.
 */
export const atomic = (size: number, op: number, dst: number, src: number, off: number): Insn =>
  insn(o.BPF_STX | o.BPF_ATOMIC | size, dst, src, off, op)
/** `dst = load_acquire((size *)(src + off))`. Linux 6.15. */
export const loadAcquire = (size: number, dst: number, src: number, off: number): Insn =>
  insn(o.BPF_STX | o.BPF_ATOMIC | size, dst, src, off, o.BPF_LOAD_ACQ)
/** `store_release((size *)(dst + off), src)`. Linux 6.15. */
export const storeRelease = (size: number, dst: number, src: number, off: number): Insn =>
  insn(o.BPF_STX | o.BPF_ATOMIC | size, dst, src, off, o.BPF_STORE_REL)

/** `r0 = *(size *)skb[imm]`: packet byte at a constant place; r6 is the context. Ends the program out of bounds. */
export const loadAbs = (size: number, imm: number): Insn => insn(o.BPF_LD | o.BPF_ABS | size, 0, 0, 0, imm | 0)
/** `r0 = *(size *)skb[src + imm]` */
export const loadInd = (size: number, src: number, imm: number): Insn =>
  insn(o.BPF_LD | o.BPF_IND | size, 0, src, 0, imm | 0)

// 64-bit immediate loads: one Insn, two slots.

/** A 64-bit immediate load from its two words and its pseudo source. */
export const lddw = (dst: number, src: number, low: number, high: number): Insn => ({
  op: o.OP_LDDW,
  dst,
  src,
  off: 0,
  imm: low | 0,
  imm64: high | 0,
})
/** `dst = value`: any 64-bit constant, signed or unsigned. */
export const loadImm64 = (dst: number, value: bigint): Insn =>
  lddw(dst, 0, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)))
/** `dst = map`, by the map's file descriptor. */
export const loadMapFd = (dst: number, fd: number): Insn => lddw(dst, o.BPF_PSEUDO_MAP_FD, fd, 0)
/** `dst = &value[off]` of the first value of the map of a file descriptor. Linux 5.2. */
export const loadMapValue = (dst: number, fd: number, off: number): Insn => lddw(dst, o.BPF_PSEUDO_MAP_VALUE, fd, off)
/** `dst = map`, by its index in the `fd_array` of BPF_PROG_LOAD. Linux 5.14. */
export const loadMapIdx = (dst: number, index: number): Insn => lddw(dst, o.BPF_PSEUDO_MAP_IDX, index, 0)
/** `dst = &value[off]` of the map at an index of `fd_array`. Linux 5.14. */
export const loadMapIdxValue = (dst: number, index: number, off: number): Insn =>
  lddw(dst, o.BPF_PSEUDO_MAP_IDX_VALUE, index, off)
/** `dst = &variable` of the kernel by BTF id; `btfFd` is the module's BTF, 0 for the kernel itself. Linux 5.10. */
export const loadBtfId = (dst: number, id: number, btfFd = 0): Insn => lddw(dst, o.BPF_PSEUDO_BTF_ID, id, btfFd)
/** `dst = &subprogram`, by its distance in slots from the next instruction. Linux 5.13. */
export const loadFunc = (dst: number, distance: number): Insn => lddw(dst, o.BPF_PSEUDO_FUNC, distance, 0)

// Jumps. `off` counts slots from the next instruction; `op` is BPF_JEQ … BPF_JSLE.

/** `if dst op src goto off` */
export const jumpReg = (op: number, dst: number, src: number, off: number): Insn =>
  insn(o.BPF_JMP | op | o.BPF_X, dst, src, off, 0)
/** `if dst op imm goto off`, the immediate sign-extended to 64 bits */
export const jumpImm = (op: number, dst: number, imm: number, off: number): Insn =>
  insn(o.BPF_JMP | op, dst, 0, off, imm | 0)
/** `if wdst op wsrc goto off`. Cpu v3, Linux 5.1. */
export const jump32Reg = (op: number, dst: number, src: number, off: number): Insn =>
  insn(o.BPF_JMP32 | op | o.BPF_X, dst, src, off, 0)
/** `if wdst op imm goto off`. Cpu v3, Linux 5.1. */
export const jump32Imm = (op: number, dst: number, imm: number, off: number): Insn =>
  insn(o.BPF_JMP32 | op, dst, 0, off, imm | 0)
/** `goto off` with a 16-bit distance */
export const goto = (off: number): Insn => insn(o.OP_JA, 0, 0, off, 0)
/** `gotol off` with a 32-bit distance. Cpu v4, Linux 6.6. */
export const gotol = (distance: number): Insn => insn(o.OP_JA32, 0, 0, 0, distance | 0)
/** `may_goto off`: jumps when the loop budget is spent. Linux 6.10. */
export const mayGoto = (off: number): Insn => insn(o.OP_MAY_GOTO, 0, o.BPF_MAY_GOTO, off, 0)

/** Call of a helper by its number. */
export const call = (id: number): Insn => insn(o.OP_CALL, 0, o.BPF_HELPER_CALL, 0, id)
/** Call of a subprogram by its distance in slots from the next instruction. Linux 4.16. */
export const callSub = (distance: number): Insn => insn(o.OP_CALL, 0, o.BPF_PSEUDO_CALL, 0, distance | 0)
/** Call of a kernel function by BTF id; `fdIndex` picks the module's BTF out of `fd_array`, 0 is the kernel. Linux 5.13. */
export const callKfunc = (id: number, fdIndex = 0): Insn => insn(o.OP_CALL, 0, o.BPF_PSEUDO_KFUNC_CALL, fdIndex, id)
/** Call of the address in a register; compilers emit it, the kernel refuses it. */
export const callReg = (dst: number): Insn => insn(o.OP_CALLX, dst, 0, 0, 0)
export const exit = (): Insn => insn(o.OP_EXIT, 0, 0, 0, 0)
