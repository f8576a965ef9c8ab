import * as o from "../../isa/index.ts"
import { KERNEL, NULL_PAGE } from "../address.ts"
import type { FunctionWriter } from "./functionWriter.ts"
import { I32, I64, Op } from "./wasm/opcodes.ts"

const LOAD32: Readonly<Record<number, number>> = {
  [o.BPF_B]: Op.i32Load8U,
  [o.BPF_H]: Op.i32Load16U,
  [o.BPF_W]: Op.i32Load,
  [o.BPF_DW]: Op.i32Load,
}
const LOAD64: Readonly<Record<number, number>> = {
  [o.BPF_B]: Op.i64Load8U,
  [o.BPF_H]: Op.i64Load16U,
  [o.BPF_W]: Op.i64Load32U,
  [o.BPF_DW]: Op.i64Load,
}
const SIGNED32: Readonly<Record<number, number>> = {
  [o.BPF_B]: Op.i32Load8S,
  [o.BPF_H]: Op.i32Load16S,
  [o.BPF_W]: Op.i32Load,
}
const SIGNED64: Readonly<Record<number, number>> = {
  [o.BPF_B]: Op.i64Load8S,
  [o.BPF_H]: Op.i64Load16S,
  [o.BPF_W]: Op.i64Load32S,
}
const STORE32: Readonly<Record<number, number>> = {
  [o.BPF_B]: Op.i32Store8,
  [o.BPF_H]: Op.i32Store16,
  [o.BPF_W]: Op.i32Store,
}
const STORE64: Readonly<Record<number, number>> = {
  [o.BPF_B]: Op.i64Store8,
  [o.BPF_H]: Op.i64Store16,
  [o.BPF_W]: Op.i64Store32,
  [o.BPF_DW]: Op.i64Store,
}

/** Puts an address there, and gives the offset that the load or store adds to it. */
export function address(w: FunctionWriter, web: number, off: number): number {
  const frame = w.frameOffset(web)
  if (frame !== undefined && w.frameSize + frame + off >= 0) {
    w.opWith(Op.localGet, w.locals.bottom)
    return w.frameSize + frame + off
  }
  const constant = w.constant(web)
  if (constant !== undefined) {
    w.i32(constant.low + off)
    return 0
  }
  const sum = w.sum(web)
  const offset = sum === undefined ? off : sum.added + off
  w.low(sum === undefined ? web : sum.web)
  if (sum !== undefined && sum.second >= 0) {
    w.low(sum.second)
    w.op(Op.i32Add)
  }
  if (offset >= 0) return offset
  w.i32(offset)
  w.op(Op.i32Add)
  return 0
}

/** The load that brings a web a value from memory. */
export function loadOp(w: FunctionWriter, to: number, op: number): number {
  const size = op & o.BPF_SIZE_MASK
  if ((op & o.BPF_MODE_MASK) === o.BPF_MEMSX) return (w.isNarrow(to) ? SIGNED32 : SIGNED64)[size]
  return (w.isNarrow(to) ? LOAD32 : LOAD64)[size]
}

/** `r1 = *(u32 *)(r2 + 8)` */
export function translateLoad(w: FunctionWriter, i: number): void {
  const to = w.writtenWeb(i)
  if (to < 0) return
  const { op, src, off } = w.insn(i)
  const offset = address(w, w.readWeb(i, src), off)
  w.memory(loadOp(w, to, op), offset)
  w.set(to, w.isNarrow(to) ? I32 : I64)
}

/**
 * A load through a typed pointer of the kernel: 0 where the address is none of the machine's memory.
 *
 *     high = tag and NULL_PAGE ≤ low < size − 8 ? *(u32 *)(low + off) : 0
 */
export function translateProbe(w: FunctionWriter, i: number): void {
  const to = w.writtenWeb(i)
  if (to < 0) return
  const { op, src, off } = w.insn(i)
  const web = w.readWeb(i, src)
  const narrow = w.isNarrow(to)
  w.low(web)
  w.i32(off)
  w.op(Op.i32Add)
  w.opWith(Op.localTee, w.locals.temp32)
  w.i32(NULL_PAGE)
  w.op(Op.i32Sub)
  w.opWith(Op.memorySize, 0)
  w.i32(16)
  w.op(Op.i32Shl)
  w.i32(NULL_PAGE + 8)
  w.op(Op.i32Sub)
  w.op(Op.i32LeU)
  w.high(web)
  w.i32(KERNEL)
  w.op(Op.i32Eq)
  w.op(Op.i32And)
  w.opWith(Op.if, narrow ? I32 : I64)
  w.opWith(Op.localGet, w.locals.temp32)
  w.memory(loadOp(w, to, op), 0)
  w.op(Op.else)
  if (narrow) w.i32(0)
  else w.i64(0, 0)
  w.op(Op.end)
  w.set(to, narrow ? I32 : I64)
}

/** `*(u32 *)(r1 + 8) = r2`, and with a constant. */
export function translateStore(w: FunctionWriter, i: number): void {
  const { op, dst, src, off, imm } = w.insn(i)
  const size = op & o.BPF_SIZE_MASK
  const offset = address(w, w.readWeb(i, dst), off)
  if ((op & o.BPF_CLASS_MASK) === o.BPF_ST) {
    if (size === o.BPF_DW) w.i64(imm, imm >> 31)
    else w.i32(imm)
    w.memory(size === o.BPF_DW ? Op.i64Store : STORE32[size], offset)
  } else store(w, w.readWeb(i, src), size, offset)
}

/** Stores a web at the address on the stack. */
export function store(w: FunctionWriter, web: number, size: number, offset: number): void {
  if (size === o.BPF_DW || w.keepsWide(web)) {
    w.wide(web)
    w.memory(STORE64[size], offset)
  } else {
    w.low(web)
    w.memory(STORE32[size], offset)
  }
}

/** A load or store of a slot of the stack that became a variable. */
export function translateSlot(w: FunctionWriter, i: number, slot: number): void {
  const to = w.writtenWeb(i)
  if (to < 0) return
  const { op, src, imm } = w.insn(i)
  const size = op & o.BPF_SIZE_MASK
  switch (op & o.BPF_CLASS_MASK) {
    case o.BPF_LDX: {
      const from = w.readWeb(i, slot)
      if ((op & o.BPF_MODE_MASK) === o.BPF_MEM) w.move(to, from)
      else if (w.isNarrow(to)) {
        w.low(from)
        if (size !== o.BPF_W) w.op(size === o.BPF_B ? Op.i32Extend8S : Op.i32Extend16S)
        w.set(to, I32)
      } else {
        w.wide(from)
        w.op(size === o.BPF_B ? Op.i64Extend8S : size === o.BPF_H ? Op.i64Extend16S : Op.i64Extend32S)
        w.set(to, I64)
      }
      return
    }
    case o.BPF_STX: {
      const from = w.readWeb(i, src)
      if (size === o.BPF_DW) {
        w.move(to, from)
        return
      }
      w.low(from)
      if (size !== o.BPF_W) {
        w.i32(size === o.BPF_B ? 0xff : 0xffff)
        w.op(Op.i32And)
      }
      w.set(to, I32)
      return
    }
    default:
      if (size === o.BPF_DW && !w.isNarrow(to)) {
        w.i64(imm, imm >> 31)
        w.set(to, I64)
      } else {
        w.i32(size === o.BPF_B ? imm & 0xff : size === o.BPF_H ? imm & 0xffff : imm)
        w.set(to, I32)
      }
  }
}
