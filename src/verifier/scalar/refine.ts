import {
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JNE,
  BPF_JSET,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
} from "../../isa/index.ts"
import { type Bounds, copyOf, type Scalar } from "./bounds.ts"
import { settle } from "./deduce.ts"
import { LOW32, low32, max, min, signed64 } from "./limits.ts"
import { Tnum } from "./tnum.ts"

/** What is known of both sides of a comparison on one of its ways. */
export interface Refined {
  readonly a: Scalar
  readonly b: Scalar
}

function equal64(a: Bounds, b: Bounds): void {
  a.umin = b.umin = max(a.umin, b.umin)
  a.umax = b.umax = min(a.umax, b.umax)
  a.smin = b.smin = max(a.smin, b.smin)
  a.smax = b.smax = min(a.smax, b.smax)
  a.bits = b.bits = a.bits.intersect(b.bits)
}

function equal32(a: Bounds, b: Bounds): void {
  a.u32min = b.u32min = Math.max(a.u32min, b.u32min)
  a.u32max = b.u32max = Math.min(a.u32max, b.u32max)
  a.s32min = b.s32min = Math.max(a.s32min, b.s32min)
  a.s32max = b.s32max = Math.min(a.s32max, b.s32max)
  const low = a.bits.low32().intersect(b.bits.low32())
  a.bits = a.bits.withLow32(low)
  b.bits = b.bits.withLow32(low)
}

/** `a` is not `value`: of use where that is an end of a range. */
function different64(a: Bounds, value: bigint): void {
  const signed = signed64(value)
  if (a.umin === value) a.umin++
  if (a.umax === value) a.umax--
  if (a.smin === signed) a.smin++
  if (a.smax === signed) a.smax--
}

function different32(a: Bounds, value: number): void {
  const signed = value | 0
  if (a.u32min === value) a.u32min++
  if (a.u32max === value) a.u32max--
  if (a.s32min === signed) a.s32min++
  if (a.s32max === signed) a.s32max--
}

function less64(a: Bounds, b: Bounds, gap: bigint): void {
  a.umax = min(a.umax, b.umax - gap)
  b.umin = max(a.umin + gap, b.umin)
}

function less32(a: Bounds, b: Bounds, gap: number): void {
  a.u32max = Math.min(a.u32max, b.u32max - gap)
  b.u32min = Math.max(a.u32min + gap, b.u32min)
}

function lessSigned64(a: Bounds, b: Bounds, gap: bigint): void {
  a.smax = min(a.smax, b.smax - gap)
  b.smin = max(a.smin + gap, b.smin)
}

function lessSigned32(a: Bounds, b: Bounds, gap: number): void {
  a.s32max = Math.min(a.s32max, b.s32max - gap)
  b.s32min = Math.max(a.s32min + gap, b.s32min)
}

/** The one value of the compared bits, or undefined. */
function onlyValue(a: Bounds, width: 32 | 64): bigint | undefined {
  if (width === 64) return a.bits.isConstant ? a.bits.value : undefined
  return a.bits.isConstant32 ? a.bits.value & LOW32 : undefined
}

/** `a` and `value` have a bit in common, or have none (`shared` false). */
function refineBits(a: Bounds, value: bigint, width: 32 | 64, shared: boolean): void {
  // Which of several bits it is that they share is not known.
  if (shared && (value & (value - 1n)) !== 0n) return
  const bits = width === 64 ? a.bits : a.bits.low32()
  const known = shared ? bits.or(Tnum.constant(value)) : bits.and(Tnum.constant(~value))
  a.bits = width === 64 ? known : a.bits.withLow32(known)
  // The ranges are found again from the bits: on a way that is never taken they would contradict each other.
  if (!shared) a.forgetRanges()
}

function refineByConstant(condition: number, holds: boolean, a: Bounds, b: Bounds, width: 32 | 64): void {
  const right = onlyValue(b, width)
  const value = right ?? onlyValue(a, width)
  if (value === undefined) return
  const other = right === undefined ? b : a
  if (condition === BPF_JSET) refineBits(other, value, width, holds)
  else if (width === 64) different64(other, value)
  else different32(other, low32(value))
}

/** `a < b` (gap 1) or `a <= b` (gap 0). */
function refineOrder(signed: boolean, a: Bounds, b: Bounds, gap: 0 | 1, width: 32 | 64): void {
  if (width === 64) (signed ? lessSigned64 : less64)(a, b, BigInt(gap))
  else (signed ? lessSigned32 : less32)(a, b, gap)
}

function narrow(condition: number, holds: boolean, a: Bounds, b: Bounds, width: 32 | 64): void {
  const signed = condition >= BPF_JSGT && condition !== BPF_JLT && condition !== BPF_JLE
  switch (condition) {
    case BPF_JEQ:
    case BPF_JNE:
      if (holds === (condition === BPF_JEQ)) (width === 64 ? equal64 : equal32)(a, b)
      else refineByConstant(BPF_JNE, true, a, b, width)
      break
    case BPF_JSET:
      refineByConstant(BPF_JSET, holds, a, b, width)
      break
    case BPF_JLT:
    case BPF_JSLT:
      if (holds) refineOrder(signed, a, b, 1, width)
      else refineOrder(signed, b, a, 0, width)
      break
    case BPF_JLE:
    case BPF_JSLE:
      if (holds) refineOrder(signed, a, b, 0, width)
      else refineOrder(signed, b, a, 1, width)
      break
    case BPF_JGT:
    case BPF_JSGT:
      if (holds) refineOrder(signed, b, a, 1, width)
      else refineOrder(signed, a, b, 0, width)
      break
    case BPF_JGE:
    case BPF_JSGE:
      if (holds) refineOrder(signed, b, a, 0, width)
      else refineOrder(signed, a, b, 1, width)
      break
  }
}

/**
 * What is known of `a` and `b` where `a condition b` holds, or does not. As Linux `regs_refine_cond_op` (6.18) does; where that gives a contradiction
 * the ranges are forgotten.
 */
export function refine(condition: number, holds: boolean, a: Scalar, b: Scalar, width: 32 | 64): Refined {
  const left = copyOf(a)
  const right = copyOf(b)
  narrow(condition, holds, left, right, width)
  return { a: settle(left), b: settle(right) }
}

/** The same of `a` alone, where `b` is a number that stays what it is. */
export function refineLeft(condition: number, holds: boolean, a: Scalar, b: Scalar, width: 32 | 64): Refined {
  const left = copyOf(a)
  narrow(condition, holds, left, copyOf(b), width)
  return { a: settle(left), b }
}
