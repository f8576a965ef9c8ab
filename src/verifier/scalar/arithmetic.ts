import type { Bounds, Scalar } from "./bounds.ts"
import { max, min, S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32_MAX, U64_MAX, unsigned64 } from "./limits.ts"

const BITS32 = 0x1_0000_0000

function setSigned64(a: Bounds, least: bigint, greatest: bigint): void {
  if (least < S64_MIN || greatest > S64_MAX) a.forgetSigned64()
  else {
    a.smin = least
    a.smax = greatest
  }
}

function setSigned32(a: Bounds, least: number, greatest: number): void {
  if (least < S32_MIN || greatest > S32_MAX) a.forgetSigned32()
  else {
    a.s32min = least
    a.s32max = greatest
  }
}

/**
 * The ends of a sum or difference as unsigned numbers: right where none of them left the 64 bits, or both did by the same number of turns.
 */
function setUnsigned64(a: Bounds, least: bigint, greatest: bigint): void {
  const turnsLeast = least > U64_MAX || least < 0n
  const turnsGreatest = greatest > U64_MAX || greatest < 0n
  if (turnsLeast !== turnsGreatest) a.forgetUnsigned64()
  else {
    a.umin = unsigned64(least)
    a.umax = unsigned64(greatest)
  }
}

function setUnsigned32(a: Bounds, least: number, greatest: number): void {
  const turnsLeast = least > U32_MAX || least < 0
  const turnsGreatest = greatest > U32_MAX || greatest < 0
  if (turnsLeast !== turnsGreatest) a.forgetUnsigned32()
  else {
    a.u32min = least >>> 0
    a.u32max = greatest >>> 0
  }
}

/** `a += b` of the ranges of 64 bits. */
export function addRanges64(a: Bounds, b: Scalar): void {
  setSigned64(a, a.smin + b.smin, a.smax + b.smax)
  setUnsigned64(a, a.umin + b.umin, a.umax + b.umax)
}

/** `a += b`. */
export function add(a: Bounds, b: Scalar): void {
  addRanges64(a, b)
  setSigned32(a, a.s32min + b.s32min, a.s32max + b.s32max)
  setUnsigned32(a, a.u32min + b.u32min, a.u32max + b.u32max)
  a.bits = a.bits.add(b.bits)
}

/** `a -= b` of the ranges of 64 bits. */
export function subRanges64(a: Bounds, b: Scalar): void {
  setSigned64(a, a.smin - b.smax, a.smax - b.smin)
  setUnsigned64(a, a.umin - b.umax, a.umax - b.umin)
}

/** `a -= b`. */
export function sub(a: Bounds, b: Scalar): void {
  subRanges64(a, b)
  setSigned32(a, a.s32min - b.s32max, a.s32max - b.s32min)
  setUnsigned32(a, a.u32min - b.u32max, a.u32max - b.u32min)
  a.bits = a.bits.sub(b.bits)
}

/** `a *= b`. */
export function mul(a: Bounds, b: Scalar): void {
  a.umin *= b.umin
  a.umax *= b.umax
  if (a.umax > U64_MAX) a.forgetUnsigned64()
  const first = a.smin * b.smin
  const second = a.smin * b.smax
  const third = a.smax * b.smin
  const fourth = a.smax * b.smax
  setSigned64(a, min(min(first, second), min(third, fourth)), max(max(first, second), max(third, fourth)))
  mul32(a, b)
  a.bits = a.bits.mul(b.bits)
}

/** The ranges of the low half. A product beyond 2⁵³ is not exact, but beyond 32 bits all the same. */
function mul32(a: Bounds, b: Scalar): void {
  a.u32min *= b.u32min
  a.u32max *= b.u32max
  if (a.u32max >= BITS32) a.forgetUnsigned32()
  const narrow = [a.s32min * b.s32min, a.s32min * b.s32max, a.s32max * b.s32min, a.s32max * b.s32max]
  // `+ 0` makes a zero of a negative zero.
  setSigned32(a, Math.min(...narrow) + 0, Math.max(...narrow) + 0)
}
