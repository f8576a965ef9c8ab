import { atomicValue } from "./asmAtomic.ts"
import type { Cursor } from "./asmCursor.ts"
import { load } from "./asmMemory.ts"
import { type AsmInsn, atRegister, full, immediate, like, MAX32, MAXU32, MIN32, type Register } from "./asmOperand.ts"
import * as b from "./build.ts"
import type { Insn } from "./insn.ts"
import * as o from "./opcodes.ts"

/** Assignments: the operation, and whether it is a signed division. One that is the start of another stands after it. */
const ASSIGNMENTS: readonly (readonly [sign: string, op: number, signed?: true])[] = [
  ["s>>=", o.BPF_ARSH],
  ["s/=", o.BPF_DIV, true],
  ["s%=", o.BPF_MOD, true],
  ["<<=", o.BPF_LSH],
  [">>=", o.BPF_RSH],
  ["+=", o.BPF_ADD],
  ["-=", o.BPF_SUB],
  ["*=", o.BPF_MUL],
  ["/=", o.BPF_DIV],
  ["|=", o.BPF_OR],
  ["&=", o.BPF_AND],
  ["%=", o.BPF_MOD],
  ["^=", o.BPF_XOR],
  ["=", o.BPF_MOV],
]

const EXTENSIONS: readonly (readonly [text: string, bits: 8 | 16 | 32])[] = [
  ["s8", 8],
  ["s16", 16],
  ["s32", 32],
]

// reg op (reg | imm) | reg = value
export function assignment(c: Cursor, dst: Register, opcode: number | undefined): AsmInsn {
  const found = c.takeAny(ASSIGNMENTS)
  if (found === undefined) throw c.error("expected an assignment operator")
  const [, op, signedDivision] = found
  if (op === o.BPF_MOV) return value(c, dst, opcode)
  if (atRegister(c)) {
    const src = like(c, dst)
    if (signedDivision) {
      return { insn: dst.half ? b.signed32Reg(op, dst.number, src) : b.signed64Reg(op, dst.number, src) }
    }
    return { insn: dst.half ? b.alu32Reg(op, dst.number, src) : b.alu64Reg(op, dst.number, src) }
  }
  const imm = immediate(c, dst.half || opcode !== undefined)
  if (signedDivision) {
    return { insn: dst.half ? b.signed32Imm(op, dst.number, imm) : b.signed64Imm(op, dst.number, imm) }
  }
  return { insn: dst.half ? b.alu32Imm(op, dst.number, imm) : b.alu64Imm(op, dst.number, imm) }
}

// value = reg | "-" reg | "(s8)" reg | "*" place | swap reg | number ["ll"] | map | subprog | btf | atomic
function value(c: Cursor, dst: Register, opcode: number | undefined): AsmInsn {
  if (atRegister(c)) {
    const src = like(c, dst)
    return { insn: dst.half ? b.mov32Reg(dst.number, src) : b.mov64Reg(dst.number, src) }
  }
  if (c.atNumber()) return { insn: constant(c, dst, opcode) }
  c.skipSpace()
  const start = c.at
  if (c.take("-")) {
    if (like(c, dst) !== dst.number) throw c.error("a negation has the same register on both sides", { from: start })
    return { insn: dst.half ? b.neg32(dst.number) : b.neg64(dst.number) }
  }
  if (c.take("(")) {
    const bits = c.takeAny(EXTENSIONS)?.[1]
    c.expect(")", "after s8, s16 or s32")
    if (bits === undefined || (bits === 32 && dst.half)) throw c.error("no such sign extension", { from: start })
    const src = like(c, dst)
    return { insn: bits === 32 || !dst.half ? b.movsx64(dst.number, src, bits) : b.movsx32(dst.number, src, bits) }
  }
  if (c.take("*")) return { insn: load(c, dst) }
  const word = c.word()
  const named = symbolic(c, word, dst)
  if (named !== undefined) return named
  const insn = swap(c, word, dst) ?? cast(c, word, dst) ?? atomicValue(c, word, dst)
  if (insn !== undefined) return { insn }
  c.at = start
  throw c.error("expected a value", { hint: "a register, a number, a load, map[…], subprog[…] or an atomic operation" })
}

function constant(c: Cursor, dst: Register, opcode: number | undefined): Insn {
  c.skipSpace()
  const start = c.at
  const number = c.number("a number")
  if (c.take("ll") || opcode === o.OP_LDDW) {
    if (dst.half) throw c.error("a 64-bit constant needs a whole register", { from: start })
    if (number < -(2n ** 63n) || number >= 2n ** 64n) {
      throw c.error("the constant does not fit 64 bits", { from: start, code: "ISA_ASM_RANGE" })
    }
    return b.loadImm64(dst.number, BigInt(number))
  }
  if (number < MIN32 || number > (dst.half ? MAXU32 : MAX32)) {
    throw c.error(`${number} does not fit a signed 32-bit immediate`, {
      from: start,
      code: "ISA_ASM_RANGE",
      hint: `write \`${number} ll\` for a 64-bit load`,
    })
  }
  return dst.half ? b.mov32Imm(dst.number, Number(number) | 0) : b.mov64Imm(dst.number, Number(number))
}

// "map[" (id | idx | NAME) "]" ["[0]"] ["+" offset] | "subprog[" (±N | NAME) "]" | "btf[id:" N "]" ["[fd:" N "]"]
// | "ksym[" NAME "]" | "extern[" NAME "]" "+" offset
function symbolic(c: Cursor, word: string, dst: Register): AsmInsn | undefined {
  if (!SYMBOLIC.has(word) || !c.take("[")) return undefined
  if (dst.half) throw c.error("an address needs a whole register")
  const r = dst.number
  if (word === "subprog") {
    if (c.atNumber()) {
      const distance = c.integer(MIN32, MAX32, "a distance")
      c.expect("]", "after the distance")
      return { insn: b.loadFunc(r, distance) }
    }
    const name = c.until("]")
    return { insn: b.loadFunc(r, 0), label: name, symbol: { kind: "function", name } }
  }
  if (word === "ksym") {
    const name = c.until("]")
    return { insn: b.loadImm64(r, 0n), symbol: { kind: "ksym", name } }
  }
  if (word === "extern") {
    const name = c.until("]")
    c.expect("+", "before the offset")
    return { insn: b.loadImm64(r, 0n), symbol: { kind: "extern", name, offset: byteOffset(c) } }
  }
  if (word === "btf") {
    c.expect("id:", "after btf[")
    const id = c.integer(MIN32, MAX32, "a BTF id")
    c.expect("]", "after the id")
    if (!c.take("[fd:")) return { insn: b.loadBtfId(r, id) }
    const fd = c.integer(MIN32, MAX32, "a file descriptor")
    c.expect("]", "after the file descriptor")
    return { insn: b.loadBtfId(r, id, fd) }
  }
  const byIndex = c.take("idx:")
  if (byIndex || c.take("id:")) {
    const number = c.integer(MIN32, MAX32, byIndex ? "an index" : "a file descriptor")
    c.expect("]", "after the number of the map")
    if (byIndex) return { insn: c.take("+") ? b.loadMapIdxValue(r, number, byteOffset(c)) : b.loadMapIdx(r, number) }
    return { insn: c.take("[0]+") ? b.loadMapValue(r, number, byteOffset(c)) : b.loadMapFd(r, number) }
  }
  const name = c.until("]")
  if (!c.take("[0]+")) return { insn: b.loadMapFd(r, 0), symbol: { kind: "map", name } }
  const offset = byteOffset(c)
  return { insn: b.loadMapValue(r, 0, offset | 0), symbol: { kind: "mapValue", name, offset } }
}

const SYMBOLIC = new Set(["map", "subprog", "ksym", "extern", "btf"])

const byteOffset = (c: Cursor): number => c.integer(0, MAXU32, "an offset")

const SWAP = /^(be|le|bswap)(16|32|64)$/

function swap(c: Cursor, word: string, dst: Register): Insn | undefined {
  const match = SWAP.exec(word)
  if (match === null) return undefined
  const start = c.at
  if (like(c, dst) !== dst.number || dst.half) {
    throw c.error("a byte swap has the same whole register on both sides", { from: start })
  }
  const bits = Number(match[2]) as 16 | 32 | 64
  return match[1] === "be"
    ? b.toBe(dst.number, bits)
    : match[1] === "le"
      ? b.toLe(dst.number, bits)
      : b.bswap(dst.number, bits)
}

function cast(c: Cursor, word: string, dst: Register): Insn | undefined {
  if (word !== "addr_space_cast") return undefined
  c.expect("(", "after addr_space_cast")
  const src = like(c, dst)
  if (dst.half) throw c.error("an address needs a whole register")
  c.expect(",", "before the address space")
  const to = c.integer(0, 0xffff, "an address space")
  c.expect(",", "before the address space")
  const from = c.integer(0, 0xffff, "an address space")
  c.expect(")", "after the address spaces")
  return b.addrSpaceCast(dst.number, src, to, from)
}

/** After `ld_pseudo`: `r1, 2, 5 <+8>` */
export function pseudo(c: Cursor): Insn {
  const dst = full(c)
  c.expect(",", "before the kind")
  const kind = c.integer(1, 6, "a kind of constant")
  c.expect(",", "before the constant")
  const low = immediate(c, true)
  const high = c.take("<") ? immediate(c, false) : 0
  if (high !== 0) c.expect(">", "after the upper half")
  return b.lddw(dst, kind, low, high)
}
