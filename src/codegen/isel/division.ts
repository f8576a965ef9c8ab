import { type Inst, signedValue, type Value } from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import type { Reg } from "../mir/mir.ts"
import { immediate, type Selector } from "./selector.ts"

/**
 * Division and remainder. The kernel refuses a division by the immediate 0, which the IR defines: x / 0 is 0 and x % 0 is x. Before level 4
 * signed division is unsigned division of the absolute values:
 *
 *     s = x s>> 63;  u = (x ^ s) - s          s is 0 or -1, u = |x|
 *     q = u / |y|;   result = (q ^ t) - t      t = s ^ (y s>> 63) for the quotient, s for the remainder
 */
export function selectDivision(s: Selector, v: Inst, op: "udiv" | "urem" | "sdiv" | "srem"): void {
  const [a, b] = v.args
  const quotient = op === "udiv" || op === "sdiv"
  if (b.kind === "const" && b.value === 0n) {
    if (!quotient) s.bind(v, v.type === "i32" ? s.zeroExtended(s.reg(a)) : s.reg(a))
    else {
      const r = s.newReg()
      s.aluImm(o.BPF_ALU64, o.BPF_MOV, r, 0)
      s.bind(v, r)
    }
    return
  }
  const operation = quotient ? o.BPF_DIV : o.BPF_MOD
  if (op === "udiv" || op === "urem") {
    const r = s.newReg()
    s.moveInto(r, a)
    divide(s, s.classOf(v), operation, r, b)
    s.bind(v, r)
    return
  }
  s.bindResult(v, s.cpu >= 4 ? native(s, v, operation) : software(s, v, quotient), s.cpu >= 3)
}

/** Unsigned `r op= v`; an immediate would be extended by its sign. */
function divide(s: Selector, cls: number, operation: number, r: Reg, v: Value): void {
  const imm = immediate(v)
  if (imm !== undefined && imm > 0) s.aluImm(cls, operation, r, imm)
  else s.alu(cls, operation, r, s.reg(v))
}

function native(s: Selector, v: Inst, operation: number): Reg {
  const [a, b] = v.args
  const cls = s.classOf(v)
  const r = s.newReg()
  s.moveInto(r, a)
  const imm = immediate(b)
  if (imm === undefined) s.emit(cls | operation | o.BPF_X, r, s.reg(b), 1, 0)
  else s.emit(cls | operation | o.BPF_K, r, -1, 1, imm)
  return r
}

function software(s: Selector, v: Inst, quotient: boolean): Reg {
  const [a, b] = v.args
  const cls = s.classOf(v)
  const loose = s.isLoose(v)
  const signShift = cls === o.BPF_ALU ? 31 : 63
  const x = loose ? s.signExtended(s.reg(a), 32) : s.reg(a)
  if (quotient && b.kind === "const") {
    const shift = powerOfTwo(signedValue(b))
    if (shift !== undefined) return shiftDivide(s, cls, x, shift)
  }
  const sign = s.copy(x)
  s.aluImm(cls, o.BPF_ARSH, sign, signShift)
  const r = absolute(s, cls, x, sign)
  const operation = quotient ? o.BPF_DIV : o.BPF_MOD
  let resultSign = sign
  if (b.kind === "const") {
    const value = signedValue(b)
    const positive = value < 0n ? -value : value
    divide(s, cls, operation, r, { kind: "const", type: loose ? "i64" : (b.type as "i32" | "i64"), value: positive })
    if (quotient && value < 0n) {
      resultSign = s.copy(sign)
      s.aluImm(cls, o.BPF_XOR, resultSign, -1)
    }
  } else {
    const y = loose ? s.signExtended(s.reg(b), 32) : s.reg(b)
    const otherSign = s.copy(y)
    s.aluImm(cls, o.BPF_ARSH, otherSign, signShift)
    s.alu(cls, operation, r, absolute(s, cls, y, otherSign))
    if (quotient) {
      resultSign = otherSign
      s.alu(cls, o.BPF_XOR, resultSign, sign)
    }
  }
  s.alu(cls, o.BPF_XOR, r, resultSign)
  s.alu(cls, o.BPF_SUB, r, resultSign)
  return r
}

/** |x|, with the sign of x as 0 or -1. */
function absolute(s: Selector, cls: number, x: Reg, sign: Reg): Reg {
  const r = s.copy(x)
  s.alu(cls, o.BPF_XOR, r, sign)
  s.alu(cls, o.BPF_SUB, r, sign)
  return r
}

/** x / 2^shift towards zero: a negative x is rounded up by adding 2^shift - 1 first. */
function shiftDivide(s: Selector, cls: number, x: Reg, shift: number): Reg {
  const width = cls === o.BPF_ALU ? 32 : 64
  const r = s.copy(x)
  if (shift === 0) return r
  if (shift > 1) s.aluImm(cls, o.BPF_ARSH, r, width - 1)
  s.aluImm(cls, o.BPF_RSH, r, width - shift)
  s.alu(cls, o.BPF_ADD, r, x)
  s.aluImm(cls, o.BPF_ARSH, r, shift)
  return r
}

function powerOfTwo(value: bigint): number | undefined {
  if (value <= 0n || (value & (value - 1n)) !== 0n) return undefined
  return value.toString(2).length - 1
}
