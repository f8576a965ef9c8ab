import type { Bounds, Scalar } from "./bounds.ts"
import { low32, max, min, signed64 } from "./limits.ts"

/** Signed ranges of a result from its unsigned ones, where they do not go over the sign bit. */
function signedFromUnsigned(a: Bounds): void {
  const least = signed64(a.umin)
  const greatest = signed64(a.umax)
  if (least <= greatest) {
    a.smin = least
    a.smax = greatest
  } else a.forgetSigned64()
  signedFromUnsigned32(a)
}

function signedFromUnsigned32(a: Bounds): void {
  if ((a.u32min | 0) <= (a.u32max | 0)) {
    a.s32min = a.u32min | 0
    a.s32max = a.u32max | 0
  } else a.forgetSigned32()
}

/** `a &= b`: not more than either. */
export function and(a: Bounds, b: Scalar): void {
  a.bits = a.bits.and(b.bits)
  a.umin = a.bits.value
  a.umax = min(a.umax, b.umax)
  a.u32min = low32(a.bits.value)
  a.u32max = Math.min(a.u32max, b.u32max)
  signedFromUnsigned(a)
}

/** `a |= b`: not less than either. */
export function or(a: Bounds, b: Scalar): void {
  a.bits = a.bits.or(b.bits)
  a.umin = max(a.umin, b.umin)
  a.umax = a.bits.value | a.bits.mask
  a.u32min = Math.max(a.u32min, b.u32min)
  a.u32max = low32(a.umax)
  signedFromUnsigned(a)
}

/** `a ^= b`: only the bits say something. */
export function xor(a: Bounds, b: Scalar): void {
  a.bits = a.bits.xor(b.bits)
  a.umin = a.bits.value
  a.umax = a.bits.value | a.bits.mask
  a.u32min = low32(a.umin)
  a.u32max = low32(a.umax)
  signedFromUnsigned(a)
}
