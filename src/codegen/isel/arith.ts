import { type BinaryOp, bitsOf, type Inst, isConst, type Value } from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import type { Reg } from "../mir/mir.ts"
import { selectDivision } from "./division.ts"
import { immediate, type Selector } from "./selector.ts"

const OPERATION: Partial<Record<BinaryOp, number>> = {
  add: o.BPF_ADD,
  sub: o.BPF_SUB,
  mul: o.BPF_MUL,
  and: o.BPF_AND,
  or: o.BPF_OR,
  xor: o.BPF_XOR,
  shl: o.BPF_LSH,
  lshr: o.BPF_RSH,
  ashr: o.BPF_ARSH,
}

const UNSIGNED = { udiv: "udiv", urem: "urem", sdiv: "udiv", srem: "urem" } as const

/** `%d = op %a, %b`  becomes  `d = a; d op= b`; the copy goes away when `a` is not needed any more. */
export function selectBinary(s: Selector, v: Inst & { op: BinaryOp }): void {
  const { op } = v
  const [a, b] = v.args
  switch (op) {
    case "udiv":
    case "urem":
    case "sdiv":
    case "srem":
      selectDivision(s, v, op[0] === "s" && s.plan.isUnsigned(v) ? UNSIGNED[op] : op)
      return
    case "shl":
    case "lshr":
    case "ashr":
      s.bindResult(v, selectShift(s, v, op === "ashr" && s.plan.isUnsigned(v) ? "lshr" : op), isClearAfter(s, v))
      return
    case "sub": {
      const r = s.newReg()
      if (isConst(a, 0)) {
        s.moveInto(r, b)
        s.aluImm(s.classOf(v), o.BPF_NEG, r, 0)
      } else {
        s.moveInto(r, a)
        const imm = immediate(b)
        if (imm === undefined) s.alu(s.classOf(v), o.BPF_SUB, r, s.reg(b))
        else s.aluImm(s.classOf(v), imm === -0x80000000 ? o.BPF_SUB : o.BPF_ADD, r, imm === -0x80000000 ? imm : -imm)
      }
      s.bindResult(v, r, isClearAfter(s, v))
      return
    }
    default: {
      if (op === "and" && selectLowMask(s, v)) return
      const [left, right] = order(s, v)
      const r = s.newReg()
      s.moveInto(r, left)
      operate(s, s.classOf(v), OPERATION[op]!, r, right)
      s.bindResult(v, r, isClearAfter(s, v))
    }
  }
}

/** `and` of 64 bits with a constant of 32 bits that is no immediate: the 32-bit instruction clears the upper half anyway. */
function selectLowMask(s: Selector, v: Inst): boolean {
  const [a, b] = v.args[0].kind === "const" ? [v.args[1], v.args[0]] : v.args
  if (v.type !== "i64" || b.kind !== "const" || b.value < 0x80000000n || b.value > 0xffffffffn) return false
  if (b.value === 0xffffffffn) {
    s.bind(v, s.zeroExtended(s.reg(a)))
    return true
  }
  if (s.cpu < 3) return false
  const r = s.newReg()
  s.moveInto(r, a)
  s.aluImm(o.BPF_ALU, o.BPF_AND, r, Number(BigInt.asIntN(32, b.value)))
  s.bind(v, r)
  return true
}

/** `r op= v` */
export function operate(s: Selector, cls: number, op: number, r: Reg, v: Value): void {
  const imm = immediate(v)
  if (imm === undefined) s.alu(cls, op, r, s.reg(v))
  else s.aluImm(cls, op, r, imm)
}

/**
 * Operands of an operation in which they can be exchanged, the one that is overwritten first: not an immediate; the phi that gets the result;
 * else one that is not used again.
 */
function order(s: Selector, v: Inst): [Value, Value] {
  const [a, b] = v.args
  if (s.hasReg(a) !== s.hasReg(b)) {
    const [value, made] = s.hasReg(a) ? [a, b] : [b, a]
    // A constant that needs a register is made in that of the result.
    return immediate(made) === undefined && !s.isCached(made) ? [made, value] : [value, made]
  }
  const carried = (p: Value) => p.kind === "phi" && p.args.includes(v)
  if (carried(a) !== carried(b)) return carried(a) ? [a, b] : [b, a]
  const once = (p: Value) => p.kind === "inst" && s.plan.uses(p) === 1
  return once(b) && !once(a) ? [b, a] : [a, b]
}

/** Whether the result of an i32 operation has a clear upper half without further ado. */
function isClearAfter(s: Selector, v: Inst): boolean {
  if (s.cpu >= 3) return true
  const [a, b] = v.args
  switch (v.op) {
    case "and":
      return isClearOperand(s, a) || isClearOperand(s, b)
    case "or":
    case "xor":
      return isClearOperand(s, a) && isClearOperand(s, b)
    case "lshr":
      return true
    default:
      return false
  }
}

/** An immediate is extended by its sign. */
const isClearOperand = (s: Selector, v: Value): boolean => s.isClear(v) && (immediate(v) ?? 0) >= 0

function selectShift(s: Selector, v: Inst, op: "shl" | "lshr" | "ashr"): Reg {
  const [a, b] = v.args
  const cls = s.classOf(v)
  const loose = s.isLoose(v)
  const amount = b.kind === "const" ? Number(b.value & BigInt(bitsOf(v.type) - 1)) : undefined
  if (amount === 0) return v.type === "i32" ? s.zeroExtended(s.reg(a)) : s.reg(a)
  let r: Reg
  if (loose && op === "ashr") r = s.signExtended(s.reg(a), 32)
  else {
    r = s.newReg()
    s.moveInto(r, a)
  }
  if (amount !== undefined) {
    s.aluImm(cls, OPERATION[op]!, r, amount)
    return r
  }
  let count = s.reg(b)
  if (loose) {
    count = s.copy(count)
    s.aluImm(o.BPF_ALU64, o.BPF_AND, count, 31)
  }
  s.alu(cls, OPERATION[op]!, r, count)
  return r
}

/** `sextin`: the sign of the low 8, 16 or 32 bits. */
export function selectSignExtendInReg(s: Selector, v: Inst & { op: "sextin" }): void {
  const r = s.reg(v.args[0])
  if (v.type === "i64" || s.cpu < 3) {
    s.bindResult(v, s.signExtended(r, v.bits), false)
    return
  }
  const dst = s.newReg()
  if (s.cpu >= 4) s.emit(o.BPF_ALU | o.BPF_MOV | o.BPF_X, dst, r, v.bits, 0)
  else {
    s.move(dst, r)
    s.aluImm(o.BPF_ALU, o.BPF_LSH, dst, 32 - v.bits)
    s.aluImm(o.BPF_ALU, o.BPF_ARSH, dst, 32 - v.bits)
  }
  s.bind(v, dst)
}

/** The byte swap of level 4; below, the conversion to the byte order that the machine does not have. */
export function selectByteSwap(s: Selector, v: Inst & { op: "bswap" }): void {
  const dst = s.newReg()
  s.moveInto(dst, v.args[0])
  const op =
    s.cpu >= 4
      ? o.BPF_ALU64 | o.BPF_END
      : o.BPF_ALU | o.BPF_END | (s.context.options.bigEndian ? o.BPF_TO_LE : o.BPF_TO_BE)
  s.emit(op, dst, -1, 0, v.bits)
  s.bind(v, dst)
}

/** zext, sext, trunc and the pointer casts: mostly another name for the same register. */
export function selectConvert(s: Selector, v: Inst): void {
  const [a] = v.args
  switch (v.op) {
    case "sext":
      if (s.plan.isNotNegative(a) || (a.kind === "inst" && a.op === "load" && s.plan.isExtended(a))) s.bind(v, s.reg(a))
      else {
        s.bind(v, s.signExtended(s.reg(a), 32))
        s.recordExtension(a, v)
      }
      return
    case "trunc":
      s.bindResult(v, s.reg(a), s.isClearByNature(v))
      return
    default:
      // The operand of a zext has a clear upper half: the plan saw to it.
      s.bind(v, s.reg(a))
  }
}
