import type { Bounds } from "./bounds.ts"
import { ranges32FromBits, rangesFromBits } from "./deduce.ts"

/** The shifts by a constant; those by a range of numbers give an unknown number. 32-bit ones leave the 64-bit ranges to the extension with zeros. */

/** The ranges of the low half after a shift to the left: known while no bit goes out at the top. */
function shiftRanges32Left(a: Bounds, by: number): void {
  a.forgetSigned32()
  if (by > 31 || a.u32max > 2 ** (31 - by)) a.forgetUnsigned32()
  else {
    a.u32min *= 2 ** by
    a.u32max *= 2 ** by
  }
}

/** `a <<= by` of 32 bits. */
export function shiftLeft32(a: Bounds, by: number): void {
  shiftRanges32Left(a, by)
  a.bits = a.bits.low32().shiftLeft(by).low32()
  a.forget64()
  ranges32FromBits(a)
}

/** `a <<= by` of 64 bits. */
export function shiftLeft64(a: Bounds, by: number): void {
  if (by === 32) {
    // The first half of a sign extension: the low half becomes the high one.
    a.smin = BigInt(a.s32min) << 32n
    a.smax = BigInt(a.s32max) << 32n
  } else a.forgetSigned64()
  if (a.umax > 1n << BigInt(63 - by)) a.forgetUnsigned64()
  else {
    a.umin <<= BigInt(by)
    a.umax <<= BigInt(by)
  }
  shiftRanges32Left(a, by)
  a.bits = a.bits.shiftLeft(by)
  rangesFromBits(a)
}

/** `a >>= by` of 32 bits. */
export function shiftRight32(a: Bounds, by: number): void {
  a.forgetSigned32()
  a.bits = a.bits.low32().shiftRight(by)
  a.u32min >>>= by
  a.u32max >>>= by
  a.forget64()
  ranges32FromBits(a)
}

/** `a >>= by` of 64 bits. */
export function shiftRight64(a: Bounds, by: number): void {
  a.forgetSigned64()
  a.bits = a.bits.shiftRight(by)
  a.umin >>= BigInt(by)
  a.umax >>= BigInt(by)
  a.forget32()
  rangesFromBits(a)
}

/** `a s>>= by` of 32 bits. */
export function shiftRightArithmetic32(a: Bounds, by: number): void {
  a.s32min >>= by
  a.s32max >>= by
  a.bits = a.bits.low32().shiftRightArithmetic(by, 32)
  a.forgetUnsigned32()
  a.forget64()
  ranges32FromBits(a)
}

/** `a s>>= by` of 64 bits. */
export function shiftRightArithmetic64(a: Bounds, by: number): void {
  a.smin >>= BigInt(by)
  a.smax >>= BigInt(by)
  a.bits = a.bits.shiftRightArithmetic(by, 64)
  a.forgetUnsigned64()
  a.forget32()
  rangesFromBits(a)
}
