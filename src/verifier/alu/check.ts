import * as o from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { markPrecise } from "../prune/precision.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { isPointer, Kind, pointerReg, type Reg, scalarReg, UNKNOWN } from "../reg.ts"
import {
  alu,
  fitsU32,
  isConstant,
  keepBytes,
  type Scalar,
  signExtend32,
  signExtend64,
  swapBytes,
  zeroExtend32,
} from "../scalar/index.ts"
import { linkAfter, withLink } from "./link.ts"
import { pointerArithmetic } from "./pointer.ts"
import { keepUnlimited } from "./sanitize.ts"

/** Operators in the words of the log, by operation >> 4. */
export const OPERATORS = ["+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "neg", "%=", "^=", "=", "s>>=", "end"]

/** Address of kernel memory that must not become a number: without CAP_PERFMON. */
export const leaks = (env: Env, reg: Reg): boolean => !env.perfmon && isPointer(reg)

/** An arithmetic instruction. */
export function checkAlu(env: Env): void {
  const { code, slot } = env
  const op = code.op[slot]
  const wide = (op & o.BPF_CLASS_MASK) === o.BPF_ALU64
  switch (op & o.BPF_OP_MASK) {
    case o.BPF_NEG:
    case o.BPF_END:
      checkUnary(env, op, wide)
      return
    case o.BPF_MOV:
      checkMove(env, op, wide)
      return
    case 0xe0:
    case 0xf0:
      env.refuse(EINVAL, `invalid BPF_ALU opcode ${(op & o.BPF_OP_MASK).toString(16)}`)
      return
    default:
      checkBinary(env, op, wide)
      return
  }
}

function checkUnary(env: Env, op: number, wide: boolean): void {
  const { code, slot } = env
  const dst = code.dst[slot]
  const imm = code.imm[slot]
  const negates = (op & o.BPF_OP_MASK) === o.BPF_NEG
  const register = (op & o.BPF_SRC_MASK) === o.BPF_X
  const unused = code.src[slot] === 0 && code.off[slot] === 0
  if (negates) {
    if (register || !unused || imm !== 0) env.refuse(EINVAL, "BPF_NEG uses reserved fields")
  } else if (!unused || (imm !== 16 && imm !== 32 && imm !== 64) || (wide && register)) {
    env.refuse(EINVAL, "BPF_END uses reserved fields")
  }
  const reg = env.read(dst)
  if (leaks(env, reg)) env.refuse(EACCES, `R${dst} pointer arithmetic prohibited`)
  env.checkWritable(dst)
  if (negates && reg.kind === Kind.scalar) {
    env.set(dst, reg.with({ scalar: alu(o.BPF_NEG, reg.scalar, reg.scalar, wide ? 64 : 32) }))
  } else if (!negates && reg.kind === Kind.scalar && env.atLeast(6, 18))
    env.set(dst, ordered(reg, imm >> 3, wide || register))
  else env.set(dst, UNKNOWN)
}

/** A number whose low bytes are put into the order of the network or of the machine, which is little-endian. */
function ordered(reg: Reg, bytes: number, swaps: boolean): Reg {
  if (!swaps && bytes === 8) return reg
  return reg.unlinked(swaps ? swapBytes(reg.scalar, bytes) : keepBytes(reg.scalar, bytes))
}

function checkMove(env: Env, op: number, wide: boolean): void {
  const { code, slot } = env
  const [dst, src, off, imm] = [code.dst[slot], code.src[slot], code.off[slot], code.imm[slot]]
  const reserved = (): never => env.refuse(EINVAL, "BPF_MOV uses reserved fields")
  if ((op & o.BPF_SRC_MASK) === o.BPF_K) {
    if (src !== 0 || off !== 0) reserved()
    env.checkWritable(dst)
    env.set(dst, env.immediate(slot, !wide))
    return
  }
  const cast = wide && off === o.BPF_ADDR_SPACE_CAST
  if (cast) {
    if (imm !== 1 && imm !== 1 << 16) {
      env.refuse(EINVAL, "addr_space_cast insn can only convert between address space 1 and 0")
    }
    if (!env.hasArena) {
      env.refuse(EINVAL, "addr_space_cast insn can only be used in a program that has an associated arena")
    }
  } else if ((off !== 0 && off !== 8 && off !== 16 && !(wide && off === 32)) || imm !== 0) reserved()
  const value = env.read(src)
  env.checkWritable(dst)
  if (cast) env.set(dst, imm === 1 ? pointerReg(Kind.arena, { scalar: UNKNOWN.scalar }) : UNKNOWN)
  else if (wide && off === 0) env.set(dst, withLink(env, src))
  else if (leaks(env, value)) {
    env.refuse(EACCES, `R${src} ${wide ? "sign-extension part" : "partial copy"} of pointer`)
  } else if (value.kind !== Kind.scalar) {
    env.set(dst, wide ? UNKNOWN : scalarReg(zeroExtend32(UNKNOWN.scalar)))
  } else if (off === 0) {
    const same = fitsU32(value.scalar)
    env.set(dst, same ? withLink(env, src) : value.unlinked(lowHalf(env, value.scalar)))
  } else {
    const same = value.scalar.umax < 1n << BigInt(off - 1)
    const from = same ? withLink(env, src) : value.with({ id: 0, off: 0 })
    const extend = wide ? signExtend64 : signExtend32
    env.set(dst, from.withScalar(extend(from.scalar, off >> 3)))
  }
}

/** The low half of a number, at the move at hand. */
function lowHalf({ numbers, slot }: Env, whole: Scalar): Scalar {
  return numbers.get(slot, whole, whole) ?? numbers.keep(slot, whole, whole, zeroExtend32(whole))
}

function checkBinary(env: Env, op: number, wide: boolean): void {
  const { code, slot } = env
  const [dst, src, off, imm] = [code.dst[slot], code.src[slot], code.off[slot], code.imm[slot]]
  const operation = op & o.BPF_OP_MASK
  const byRegister = (op & o.BPF_SRC_MASK) === o.BPF_X
  const divides = operation === o.BPF_DIV || operation === o.BPF_MOD
  if ((byRegister ? imm : src) !== 0 || (off !== 0 && !(off === 1 && divides))) {
    env.refuse(EINVAL, "BPF_ALU uses reserved fields")
  }
  const right = byRegister ? env.read(src) : undefined
  const left = env.read(dst)
  if (divides && !byRegister && imm === 0) env.refuse(EINVAL, "div by zero")
  const shifts = operation === o.BPF_LSH || operation === o.BPF_RSH || operation === o.BPF_ARSH
  if (shifts && !byRegister && (imm < 0 || imm >= (wide ? 64 : 32))) env.refuse(EINVAL, `invalid shift ${imm}`)
  env.checkWritable(dst)

  if (left.kind === Kind.arena) return
  if (right !== undefined && right.kind !== Kind.scalar) {
    if (left.kind !== Kind.scalar) {
      if (operation !== o.BPF_SUB || !env.perfmon) {
        env.refuse(EACCES, `R${dst} pointer ${OPERATORS[operation >> 4]} pointer prohibited`)
      }
      env.set(dst, UNKNOWN)
      return
    }
    markPrecise(env, dst)
    pointerArithmetic(env, { operation, wide, dst, pointer: right, offset: env.regs[dst], reversed: true })
    return
  }
  if (left.kind !== Kind.scalar) {
    if (right !== undefined) markPrecise(env, src)
    const offset = right === undefined ? env.immediate(slot) : env.regs[src]
    pointerArithmetic(env, { operation, wide, dst, pointer: left, offset, reversed: false })
    return
  }
  if (right !== undefined && left.precise) markPrecise(env, src)
  keepUnlimited(env, operation, dst)
  const by = right === undefined ? env.immediate(slot).scalar : right.scalar
  env.set(dst, scalarArithmetic(env, operation, wide, left, by))
}

/** A number and a number; a constant sum or difference is remembered as a distance from those it was copied from. */
function scalarArithmetic(env: Env, operation: number, wide: boolean, left: Reg, by: Scalar): Reg {
  const { numbers, slot } = env
  const scalar =
    numbers.get(slot, left.scalar, by) ??
    numbers.keep(slot, left.scalar, by, alu(operation, left.scalar, by, wide ? 64 : 32))
  if (left.id === 0) return scalar === UNKNOWN.scalar ? UNKNOWN : left.unlinked(scalar)
  const link = isConstant(by) ? linkAfter(env, operation, wide, left, by.bits.value) : undefined
  return link === undefined ? left.unlinked(scalar) : left.with({ scalar, ...link })
}
