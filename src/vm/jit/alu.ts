import * as o from "../../isa/index.ts"
import { divide } from "./divide.ts"
import { isMask, NUMBER } from "./extents.ts"
import type { FunctionWriter } from "./functionWriter.ts"
import { lowFromLow } from "./halves.ts"
import { Upper } from "./known.ts"
import { I32, I64, Op } from "./wasm/opcodes.ts"

const OP32: Readonly<Record<number, number>> = {
  [o.BPF_ADD]: Op.i32Add,
  [o.BPF_SUB]: Op.i32Sub,
  [o.BPF_MUL]: Op.i32Mul,
  [o.BPF_OR]: Op.i32Or,
  [o.BPF_AND]: Op.i32And,
  [o.BPF_XOR]: Op.i32Xor,
  [o.BPF_LSH]: Op.i32Shl,
  [o.BPF_RSH]: Op.i32ShrU,
  [o.BPF_ARSH]: Op.i32ShrS,
}

const OP64: Readonly<Record<number, number>> = {
  [o.BPF_ADD]: Op.i64Add,
  [o.BPF_SUB]: Op.i64Sub,
  [o.BPF_MUL]: Op.i64Mul,
  [o.BPF_OR]: Op.i64Or,
  [o.BPF_AND]: Op.i64And,
  [o.BPF_XOR]: Op.i64Xor,
  [o.BPF_LSH]: Op.i64Shl,
  [o.BPF_RSH]: Op.i64ShrU,
  [o.BPF_ARSH]: Op.i64ShrS,
}

/** Translates an arithmetic instruction. One whose result nobody reads is left out. */
export function translateAlu(w: FunctionWriter, i: number): void {
  const to = w.writtenWeb(i)
  if (to < 0) return
  const insn = w.insn(i)
  const wide = (insn.op & o.BPF_CLASS_MASK) === o.BPF_ALU64
  switch (insn.op & o.BPF_OP_MASK) {
    case o.BPF_END:
      swap(w, i, to, insn)
      return
    case o.BPF_MOV:
      move(w, i, to, insn, wide)
      return
    case o.BPF_DIV:
    case o.BPF_MOD:
      divide(w, i, to)
      return
    default:
      if (!wide) narrowOperation(w, i, to, insn)
      else if (w.isNarrow(to) && computesLow(w, i, insn)) narrowOperation(w, i, to, insn)
      else wideOperation(w, i, to, insn)
  }
}

/** Whether the low word of a 64-bit operation can be had from low words. */
function computesLow(w: FunctionWriter, i: number, { op, dst, imm }: o.Insn): boolean {
  const operation = op & o.BPF_OP_MASK
  const register = (op & o.BPF_X) !== 0
  if (operation === o.BPF_LSH) return !register && (imm & 63) < 32
  if (lowFromLow(operation, register)) return true
  if (register || (imm & 63) >= 32) return false
  const known = w.upper(w.readWeb(i, dst))
  return (known & (operation === o.BPF_RSH ? Upper.zero : Upper.sign)) !== 0
}

function narrowOperation(w: FunctionWriter, i: number, to: number, { op, dst, src, imm }: o.Insn): void {
  const operation = op & o.BPF_OP_MASK
  if (operation === o.BPF_NEG) {
    w.i32(0)
    w.low(w.readWeb(i, dst))
    w.op(Op.i32Sub)
  } else {
    w.low(w.readWeb(i, dst))
    if ((op & o.BPF_X) !== 0) w.low(w.readWeb(i, src))
    else if (operation === o.BPF_AND && isIdle(w, i, dst, imm)) {
      w.set(to, I32)
      return
    } else w.i32(imm)
    w.op(OP32[operation])
  }
  w.set(to, I32)
}

/** Whether a mask clears nothing: verifiers ask for masks where conditions say already how large a number is. */
function isIdle(w: FunctionWriter, i: number, register: number, mask: number): boolean {
  if (!isMask(mask)) return false
  const extent = w.extents.of(i, register)
  return extent !== undefined && extent.root === NUMBER && extent.from >= 0 && extent.to <= mask
}

function wideOperation(w: FunctionWriter, i: number, to: number, { op, dst, src, imm }: o.Insn): void {
  const operation = op & o.BPF_OP_MASK
  if (operation === o.BPF_NEG) {
    w.i64(0, 0)
    w.wide(w.readWeb(i, dst))
    w.op(Op.i64Sub)
  } else {
    w.wide(w.readWeb(i, dst))
    if ((op & o.BPF_X) !== 0) w.wide(w.readWeb(i, src))
    else w.i64(imm, imm >> 31)
    w.op(OP64[operation])
  }
  w.set(to, I64)
}

/** `r1 = r2`, `w1 = w2`, `r1 = 5`, `r1 = (s8)r2`. */
function move(w: FunctionWriter, i: number, to: number, { op, src, off, imm }: o.Insn, wide: boolean): void {
  if ((op & o.BPF_X) === 0) {
    if (wide && !w.isNarrow(to)) w.i64(imm, imm >> 31)
    else w.i32(imm)
    w.set(to, wide && !w.isNarrow(to) ? I64 : I32)
    return
  }
  const from = w.readWeb(i, src)
  if (wide && (off === 0 || off === o.BPF_ADDR_SPACE_CAST)) w.move(to, from)
  else if (!wide || w.isNarrow(to)) {
    w.low(from)
    if (off === 8) w.op(Op.i32Extend8S)
    else if (off === 16) w.op(Op.i32Extend16S)
    w.set(to, I32)
  } else {
    w.wide(from)
    w.op(off === 8 ? Op.i64Extend8S : off === 16 ? Op.i64Extend16S : Op.i64Extend32S)
    w.set(to, I64)
  }
}

/** Byte order: `le` cuts, as memory is little-endian; `be` and `bswap` turn the bytes round and cut. */
function swap(w: FunctionWriter, i: number, to: number, { op, dst, imm }: o.Insn): void {
  const from = w.readWeb(i, dst)
  const cuts = (op & o.BPF_CLASS_MASK) === o.BPF_ALU && (op & o.BPF_X) === o.BPF_TO_LE
  if (imm === 64) {
    w.wide(from)
    if (!cuts) swap64(w)
    w.set(to, I64)
    return
  }
  w.low(from)
  if (imm === 16) {
    if (!cuts) {
      w.i32(8)
      w.op(Op.i32ShrU)
      w.i32(0xff)
      w.op(Op.i32And)
      w.low(from)
      w.i32(8)
      w.op(Op.i32Shl)
      w.i32(0xff00)
      w.op(Op.i32And)
      w.op(Op.i32Or)
    } else {
      w.i32(0xffff)
      w.op(Op.i32And)
    }
  } else if (!cuts) {
    w.i32(8)
    w.op(Op.i32Rotl)
    w.i32(0x00ff00ff)
    w.op(Op.i32And)
    w.low(from)
    w.i32(8)
    w.op(Op.i32Rotr)
    w.i32(0xff00ff00)
    w.op(Op.i32And)
    w.op(Op.i32Or)
  }
  w.set(to, I32)
}

/** Turns the bytes of the i64 on the stack round: neighbours first, then pairs, then halves. */
function swap64(w: FunctionWriter): void {
  for (const [distance, mask] of [
    [8, 0x00ff00ff],
    [16, 0x0000ffff],
  ]) {
    w.opWith(Op.localTee, w.locals.temp64)
    w.i64(mask, mask)
    w.op(Op.i64And)
    w.i64(distance, 0)
    w.op(Op.i64Shl)
    w.opWith(Op.localGet, w.locals.temp64)
    w.i64(distance, 0)
    w.op(Op.i64ShrU)
    w.i64(mask, mask)
    w.op(Op.i64And)
    w.op(Op.i64Or)
  }
  w.i64(32, 0)
  w.op(Op.i64Rotl)
}
