import type { Scalar } from "./bounds.ts"

/** Whether every number that `inner` allows is allowed by `outer`, as far as each of the ranges and the bits say. */
export function includes(outer: Scalar, inner: Scalar): boolean {
  if (outer === inner) return true
  return (
    outer.umin <= inner.umin &&
    outer.umax >= inner.umax &&
    outer.smin <= inner.smin &&
    outer.smax >= inner.smax &&
    outer.u32min <= inner.u32min &&
    outer.u32max >= inner.u32max &&
    outer.s32min <= inner.s32min &&
    outer.s32max >= inner.s32max &&
    outer.bits.contains(inner.bits)
  )
}

/** Whether both say the same. */
export function same(a: Scalar, b: Scalar): boolean {
  if (a === b) return true
  return (
    a.umin === b.umin &&
    a.umax === b.umax &&
    a.smin === b.smin &&
    a.smax === b.smax &&
    a.u32min === b.u32min &&
    a.u32max === b.u32max &&
    a.s32min === b.s32min &&
    a.s32max === b.s32max &&
    a.bits.equals(b.bits)
  )
}

/** Whether `value`, 0 … 2⁶⁴−1, is possible. */
export function allows(a: Scalar, value: bigint): boolean {
  const signed = BigInt.asIntN(64, value)
  const u32 = Number(BigInt.asUintN(32, value))
  const s32 = u32 | 0
  return (
    a.bits.has(value) &&
    a.umin <= value &&
    value <= a.umax &&
    a.smin <= signed &&
    signed <= a.smax &&
    a.u32min <= u32 &&
    u32 <= a.u32max &&
    a.s32min <= s32 &&
    s32 <= a.s32max
  )
}
