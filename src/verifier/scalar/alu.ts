import {
  BPF_ADD,
  BPF_AND,
  BPF_ARSH,
  BPF_LSH,
  BPF_MUL,
  BPF_NEG,
  BPF_OR,
  BPF_RSH,
  BPF_SUB,
  BPF_XOR,
} from "../../isa/index.ts"
import { add, addRanges64, mul, sub, subRanges64 } from "./arithmetic.ts"
import { and, or, xor } from "./bitwise.ts"
import { type Bounds, constant, copyOf, isConstant, type Scalar, UNKNOWN } from "./bounds.ts"
import { deduce, settle } from "./deduce.ts"
import { clearHigh } from "./extend.ts"
import {
  shiftLeft32,
  shiftLeft64,
  shiftRight32,
  shiftRight64,
  shiftRightArithmetic32,
  shiftRightArithmetic64,
} from "./shift.ts"

type Shift = (a: Bounds, by: number) => void
const shifts64 = new Map<number, Shift>([
  [BPF_LSH, shiftLeft64],
  [BPF_RSH, shiftRight64],
  [BPF_ARSH, shiftRightArithmetic64],
])
const shifts32 = new Map<number, Shift>([
  [BPF_LSH, shiftLeft32],
  [BPF_RSH, shiftRight32],
  [BPF_ARSH, shiftRightArithmetic32],
])
const operations = new Map<number, (a: Bounds, b: Scalar) => void>([
  [BPF_ADD, add],
  [BPF_SUB, sub],
  [BPF_MUL, mul],
  [BPF_AND, and],
  [BPF_OR, or],
  [BPF_XOR, xor],
])

/** Of single numbers the result is one. */
const onNumbers = new Map<number, (a: bigint, b: bigint) => bigint>([
  [BPF_ADD, (a, b) => a + b],
  [BPF_SUB, (a, b) => a - b],
  [BPF_MUL, (a, b) => a * b],
  [BPF_AND, (a, b) => a & b],
  [BPF_OR, (a, b) => a | b],
  [BPF_XOR, (a, b) => a ^ b],
])

/** By how many bits `b` shifts a number of `width` bits, or undefined if that is not one number in range. */
function shiftDistance(b: Scalar, width: 32 | 64): number | undefined {
  const { value } = b.bits
  if (width === 64) return isConstant(b) && value < 64n ? Number(value) : undefined
  const one = b.bits.isConstant32 && b.u32min === b.u32max && b.s32min === b.s32max
  return one && b.umax < 32n ? b.u32min : undefined
}

/** The result of `a operation b` before the ranges have learned of each other, or undefined where nothing is known of it. */
function apply(operation: number, a: Scalar, b: Scalar, width: 32 | 64): Bounds | undefined {
  const shift = (width === 32 ? shifts32 : shifts64).get(operation)
  if (shift) {
    const by = shiftDistance(b, width)
    if (by === undefined) return undefined
    const result = copyOf(a)
    shift(result, by)
    return result
  }
  if (operation === BPF_NEG) {
    const result = copyOf(constant(0n))
    sub(result, a)
    return result
  }
  const change = operations.get(operation)
  if (!change) return undefined
  const result = copyOf(a)
  change(result, b)
  return result
}

/**
 * What is known of `a operation b`, where `operation` is one of isa's BPF_ADD … BPF_ARSH without the bits of class and source, on 64 bits or
 * on the low 32 with the high half cleared. Of BPF_NEG `b` says nothing. Of division, remainder, byte swaps and shifts by a distance that is not one
 * number in range nothing is known, as in the kernel (6.18), not even that the high half of a 32-bit result is 0.
 */
export function alu(operation: number, a: Scalar, b: Scalar, width: 32 | 64): Scalar {
  const onNumber = isConstant(a) && isConstant(b) ? onNumbers.get(operation) : undefined
  if (onNumber) return constant(BigInt.asUintN(width, onNumber(a.bits.value, b.bits.value)))
  const result = apply(operation, a, b, width)
  if (!result) return UNKNOWN
  if (width === 32) clearHigh(result)
  return settle(result)
}

/** The variable part of a pointer plus or minus `offset`. Nothing is said of the low half of a pointer. */
export function moveBy(pointer: Scalar, offset: Scalar, operation: typeof BPF_ADD | typeof BPF_SUB): Scalar {
  const result = copyOf(pointer)
  if (operation === BPF_ADD) {
    addRanges64(result, offset)
    result.bits = pointer.bits.add(offset.bits)
  } else {
    subRanges64(result, offset)
    result.bits = pointer.bits.sub(offset.bits)
  }
  result.forget32()
  return deduce(result)
}
