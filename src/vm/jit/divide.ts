import * as o from "../../isa/index.ts"
import type { FunctionWriter } from "./functionWriter.ts"
import { ofWords, Upper } from "./known.ts"
import { I32, I64, Op } from "./wasm/opcodes.ts"

/** The instructions of one width. */
interface Width {
  readonly type: typeof I32 | typeof I64
  readonly div: number
  readonly rem: number
  readonly divSigned: number
  readonly remSigned: number
  readonly shift: number
  readonly and: number
  readonly sub: number
  readonly equal: number
  readonly isZero: number
}

const NARROW: Width = {
  type: I32,
  div: Op.i32DivU,
  rem: Op.i32RemU,
  divSigned: Op.i32DivS,
  remSigned: Op.i32RemS,
  shift: Op.i32ShrU,
  and: Op.i32And,
  sub: Op.i32Sub,
  equal: Op.i32Eq,
  isZero: Op.i32Eqz,
}

const WIDE: Width = {
  type: I64,
  div: Op.i64DivU,
  rem: Op.i64RemU,
  divSigned: Op.i64DivS,
  remSigned: Op.i64RemS,
  shift: Op.i64ShrU,
  and: Op.i64And,
  sub: Op.i64Sub,
  equal: Op.i64Eq,
  isZero: Op.i64Eqz,
}

/**
 * Translates a division or remainder. By zero a quotient is 0 and a remainder is the dividend; the quotient of the
 * smallest number and −1 is the smallest number. WebAssembly traps at both, so they are kept from it.
 */
export function divide(w: FunctionWriter, i: number, to: number): void {
  const { op, dst, src, off, imm } = w.insn(i)
  const register = (op & o.BPF_X) !== 0
  const wide = (op & o.BPF_CLASS_MASK) === o.BPF_ALU64
  const signed = off === 1
  const remainder = (op & o.BPF_OP_MASK) === o.BPF_MOD
  const x = w.readWeb(i, dst)
  const y = register ? w.readWeb(i, src) : -1
  const known = w.upper(x) & (register ? w.upper(y) : ofWords(imm, imm >> 31))
  const width = wide && (signed || (known & Upper.zero) === 0) ? WIDE : NARROW
  const number = (value: number): void => (width === WIDE ? w.i64(value, value >> 31) : w.i32(value))
  const dividend = (): void => (width === WIDE ? w.wide(x) : w.low(x))
  const divisor = (): void => (!register ? number(imm) : width === WIDE ? w.wide(y) : w.low(y))

  if (register) byVariable(w, width, signed, remainder, dividend, divisor, number)
  else if (imm === 0) remainder ? dividend() : number(0)
  else if (signed && imm === -1) {
    number(0)
    if (!remainder) {
      dividend()
      w.op(width.sub)
    }
  } else if (!signed && imm > 0 && (imm & (imm - 1)) === 0) {
    dividend()
    number(remainder ? imm - 1 : 31 - Math.clz32(imm))
    w.op(remainder ? width.and : width.shift)
  } else {
    dividend()
    divisor()
    w.op(signed ? (remainder ? width.remSigned : width.divSigned) : remainder ? width.rem : width.div)
  }
  w.set(to, width.type)
}

/** The quotient or remainder by a number that is not known. */
function byVariable(
  w: FunctionWriter,
  width: Width,
  signed: boolean,
  remainder: boolean,
  dividend: () => void,
  divisor: () => void,
  number: (value: number) => void,
): void {
  divisor()
  w.op(width.isZero)
  w.opWith(Op.if, width.type)
  remainder ? dividend() : number(0)
  w.op(Op.else)
  if (signed && !remainder) {
    divisor()
    number(-1)
    w.op(width.equal)
    w.opWith(Op.if, width.type)
    number(0)
    dividend()
    w.op(width.sub)
    w.op(Op.else)
  }
  dividend()
  divisor()
  w.op(signed ? (remainder ? width.remSigned : width.divSigned) : remainder ? width.rem : width.div)
  if (signed && !remainder) w.op(Op.end)
  w.op(Op.end)
}
