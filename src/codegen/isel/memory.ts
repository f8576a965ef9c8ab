import {
  constant,
  type GlobalRelocation,
  type GlobalVar,
  type Inst,
  type Value,
  type ValueType,
} from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import { type MInst, NO_REG, type Reg } from "../mir/mir.ts"
import { type Address, alignAt, selectAddress, selectPlace } from "./address.ts"
import { storedValue } from "./match.ts"
import type { Selector } from "./selector.ts"

const SIZE: Record<number, number> = { 1: o.BPF_B, 2: o.BPF_H, 4: o.BPF_W, 8: o.BPF_DW }

const ORDERED = o.BPF_STX | o.BPF_ATOMIC
const isOrdered = (s: Selector): boolean => s.cpu >= 4 && s.context.options.acquireRelease === true

function place(inst: MInst, at: Address): void {
  inst.slot = at.slot
  inst.core = at.core
}

/** `dst = *(width *)(at + off)`, zeros above. */
export function loadAt(s: Selector, dst: Reg, at: Address, off: number, width: number, mode = o.BPF_MEM): void {
  place(s.emit(o.BPF_LDX | mode | SIZE[width], dst, at.base, at.off + off, 0), at)
}

export function storeAt(s: Selector, at: Address, off: number, width: number, src: Reg): void {
  place(s.emit(o.BPF_STX | o.BPF_MEM | SIZE[width], at.base, src, at.off + off, 0), at)
}

function storeImmAt(s: Selector, at: Address, off: number, width: number, imm: number): void {
  place(s.emit(o.BPF_ST | o.BPF_MEM | SIZE[width], at.base, NO_REG, at.off + off, imm), at)
}

/** Position of the piece that holds the bits from `shift` on, in an access of `width` bytes in pieces of `piece`. */
const pieceOffset = (s: Selector, width: number, piece: number, i: number): number =>
  s.context.options.bigEndian ? width - piece * (i + 1) : piece * i

/**
 * A load. Narrow ones leave zeros above; signed ones are extended to the type's width (to all 64 bits, for a load that does the work of a
 * `sext`). A misaligned one is put together from aligned pieces.
 */
export function selectLoad(s: Selector, v: Inst & { op: "load" }): void {
  const { width } = v
  const address = v.volatile ? undefined : constantAddress(s, v.args[0], width)
  if (address !== undefined) {
    const r = s.newReg()
    s.address(r, address)
    s.bind(v, r)
    return
  }
  const known = v.volatile ? undefined : constantBytes(s, v.args[0], width)
  if (known !== undefined) {
    const raw = wordOf(s, known, 0, width)
    const type = s.plan.isExtended(v) ? "i64" : (v.type as ValueType)
    const value = (v.signed && !s.plan.plain.has(v)) || s.plan.isExtended(v) ? BigInt.asIntN(width * 8, raw) : raw
    const r = s.newReg()
    s.moveInto(r, constant(type, value))
    s.bind(v, r)
    return
  }
  const at = selectPlace(s, v.args[0], width, v.align)
  const extended = s.plan.isExtended(v)
  const signed = width < 8 && !s.plan.plain.has(v) && (extended || (v.signed && !(v.type === "i32" && width === 4)))
  const r = s.newReg()
  if (at.align < width) loadPieces(s, r, at, width)
  else if (v.ordered && isOrdered(s)) place(s.emit(ORDERED | SIZE[width], r, at.base, at.off, o.BPF_LOAD_ACQ), at)
  else if (signed && s.cpu >= 4 && !(v.type === "i32" && s.plan.needsZero(v))) {
    loadAt(s, r, at, 0, width, o.BPF_MEMSX)
    s.bind(v, r)
    return
  } else loadAt(s, r, at, 0, width)
  if (!signed) {
    s.bind(v, r)
    return
  }
  const bits = (width * 8) as 8 | 16 | 32
  if (v.type === "i64" || extended || s.cpu < 3) {
    s.bindResult(v, s.signExtended(r, bits), false)
    return
  }
  s.bind(v, signExtended32(s, r, bits))
}

function signExtended32(s: Selector, r: Reg, bits: number): Reg {
  const dst = s.newReg()
  if (s.cpu >= 4) s.emit(o.BPF_ALU | o.BPF_MOV | o.BPF_X, dst, r, bits, 0)
  else {
    s.move(dst, r)
    s.aluImm(o.BPF_ALU, o.BPF_LSH, dst, 32 - bits)
    s.aluImm(o.BPF_ALU, o.BPF_ARSH, dst, 32 - bits)
  }
  return dst
}

function loadPieces(s: Selector, dst: Reg, at: Address, width: number): void {
  const piece = at.align
  for (let i = 0; i < width / piece; i++) {
    const off = pieceOffset(s, width, piece, i)
    if (i === 0) {
      loadAt(s, dst, at, off, piece)
      continue
    }
    const part = s.newReg()
    loadAt(s, part, at, off, piece)
    s.aluImm(o.BPF_ALU64, o.BPF_LSH, part, piece * 8 * i)
    s.alu(o.BPF_ALU64, o.BPF_OR, dst, part)
  }
}

export function selectStore(s: Selector, v: Inst & { op: "store" }): void {
  const { width } = v
  const at = selectPlace(s, v.args[0], width, v.align)
  const value = storedValue(v.args[1], width)
  if (v.ordered && isOrdered(s) && at.align >= width) {
    place(s.emit(ORDERED | SIZE[width], at.base, s.reg(value), at.off, o.BPF_STORE_REL), at)
    return
  }
  if (value.kind === "undef" && !v.volatile) {
    storeConstant(s, at, 0, width, 0n, at.core !== undefined)
    return
  }
  if (value.kind === "const" && !at.context) {
    storeConstant(s, at, 0, width, value.value, v.volatile || at.core !== undefined)
    return
  }
  const r = s.reg(value)
  if (at.align >= width) {
    storeAt(s, at, 0, width, r)
    return
  }
  const piece = at.align
  for (let i = 0; i < width / piece; i++) {
    let part = r
    if (i > 0) {
      part = s.copy(r)
      s.aluImm(o.BPF_ALU64, o.BPF_RSH, part, piece * 8 * i)
    }
    storeAt(s, at, pieceOffset(s, width, piece, i), piece, part)
  }
}

/** Stores a constant as immediates, 8 bytes that do not fit one as two halves; `whole` keeps it one access. */
function storeConstant(s: Selector, at: Address, off: number, width: number, value: bigint, whole: boolean): void {
  const bits = width * 8
  const align = alignAt(at, off)
  const signed = BigInt.asIntN(bits, value)
  const fits = signed >= -0x80000000n && signed <= 0x7fffffffn
  if (align >= width && fits) {
    storeImmAt(s, at, off, width, Number(signed))
    return
  }
  if (align >= width && whole) {
    const r = s.newReg()
    s.constant64(r, value)
    storeAt(s, at, off, width, r)
    return
  }
  const piece = Math.min(align, width / 2)
  for (let i = 0; i < width / piece; i++) {
    const part = BigInt.asIntN(piece * 8, value >> BigInt(piece * 8 * i))
    storeImmAt(s, at, off + pieceOffset(s, width, piece, i), piece, Number(part))
  }
}

/** Calls `each` with the pieces of a block of memory, each as wide as all the places allow. */
function forPieces(size: number, places: readonly Address[], each: (off: number, width: number) => void): void {
  for (let off = 0; off < size; ) {
    let width = 8
    for (const at of places) width = Math.min(width, alignAt(at, off))
    while (width > size - off) width /= 2
    each(off, width)
    off += width
  }
}

/** A copy of memory by loads and stores. What comes from a constant global is stored as immediates: no global is left to load. */
export function selectCopy(s: Selector, v: Inst & { op: "memcpy" }): void {
  const { size } = v
  const to = selectAddress(s, v.args[0], size, v.align)
  const known = constantBytes(s, v.args[1], size)
  if (known !== undefined && !to.context) {
    forPieces(size, [to], (off, width) => storeConstant(s, to, off, width, wordOf(s, known, off, width), false))
    return
  }
  const from = selectAddress(s, v.args[1], size, v.align)
  forPieces(size, [to, from], (off, width) => {
    const r = s.newReg()
    loadAt(s, r, from, off, width)
    storeAt(s, to, off, width, r)
  })
}

/** A global that no program writes, and the place in it that a pointer is known to lead to. */
function constantPlace(s: Selector, pointer: Value): { readonly g: GlobalVar; readonly off: number } | undefined {
  let off = 0
  let base = pointer
  while (base.kind === "inst" && base.op === "ptradd" && base.args[1].kind === "const") {
    off += Number(BigInt.asIntN(64, base.args[1].value))
    base = base.args[0]
  }
  if (base.kind !== "inst" || base.op !== "globaladdr") return undefined
  const g = s.context.globals.get(base.global)
  return g === undefined || !g.constant || off < 0 || off >= g.size ? undefined : { g, off }
}

/** The address that such a global holds at the place. */
function constantAddress(s: Selector, pointer: Value, size: number): GlobalRelocation | undefined {
  const found = constantPlace(s, pointer)
  return size === 8 ? found?.g.relocations?.find(r => r.offset === found.off) : undefined
}

/** The bytes at an address inside a global that no program writes; past its end, where nothing is promised, zeros. */
function constantBytes(s: Selector, pointer: Value, size: number): Uint8Array | undefined {
  const found = constantPlace(s, pointer)
  if (found === undefined) return undefined
  const { g, off } = found
  if (g.relocations?.some(r => r.offset < off + size && off < r.offset + 8)) return undefined
  const bytes = new Uint8Array(size)
  if (g.init !== undefined) bytes.set(g.init.subarray(off, Math.min(off + size, g.size)))
  return bytes
}

function wordOf(s: Selector, bytes: Uint8Array, off: number, width: number): bigint {
  let value = 0n
  for (let i = 0; i < width; i++) {
    const byte = bytes[off + (s.context.options.bigEndian ? i : width - 1 - i)]
    value = (value << 8n) | BigInt(byte)
  }
  return value
}

export function selectFill(s: Selector, v: Inst & { op: "memset" }): void {
  const { size } = v
  const at = selectAddress(s, v.args[0], size, v.align)
  const [, byte] = v.args
  const constant = byte.kind === "undef" ? 0n : byte.kind === "const" ? byte.value & 0xffn : undefined
  const pattern = constant === undefined ? undefined : constant * 0x0101010101010101n
  const words = Math.floor(size / 8)
  const inRegister =
    at.context ||
    pattern === undefined ||
    (pattern !== 0n && pattern !== 0xffffffffffffffffn && alignAt(at, 0) === 8 && words > 2)
  if (!inRegister) {
    forPieces(size, [at], (off, width) => storeConstant(s, at, off, width, BigInt.asUintN(width * 8, pattern!), false))
    return
  }
  const r = s.newReg()
  if (pattern !== undefined) s.moveInto(r, { kind: "const", type: "i64", value: pattern })
  else {
    s.moveInto(r, byte)
    s.aluImm(o.BPF_ALU64, o.BPF_AND, r, 0xff)
    if (size > 1) s.alu(o.BPF_ALU64, o.BPF_MUL, r, s.reg({ kind: "const", type: "i64", value: 0x0101010101010101n }))
  }
  forPieces(size, [at], (off, width) => storeAt(s, at, off, width, r))
}

/** LD_ABS and LD_IND: the context in r6, the result in r0, r1 to r5 gone. */
export function selectPacketLoad(s: Selector, v: Inst & { op: "ldpacket" }): void {
  const [context, index] = v.args
  const indexReg = index === undefined ? NO_REG : s.reg(index)
  s.moveInto(o.R6, context)
  const mode = index === undefined ? o.BPF_ABS : o.BPF_IND
  s.emit(o.BPF_LD | mode | SIZE[v.width], NO_REG, indexReg, 0, v.offset)
  s.forget()
  if (!s.plan.inRegister(v)) return
  s.bind(v, s.copy(o.R0))
}
