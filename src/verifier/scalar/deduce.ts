import type { Bounds } from "./bounds.ts"
import {
  high32,
  LOW32,
  low32,
  max,
  min,
  S32_MAX,
  S32_MIN,
  S64_MAX,
  S64_MIN,
  signed64,
  U32_MAX,
  U64_MAX,
  unsigned64,
} from "./limits.ts"
import { Tnum } from "./tnum.ts"

const S32_MIN_64 = BigInt(S32_MIN)
const S32_MAX_64 = BigInt(S32_MAX)
const NOT_LOW32 = ~LOW32

/** Ranges from what is known of the bits. */
export function rangesFromBits(a: Bounds): void {
  const { value, mask } = a.bits
  // Of a number of which no bit is known there is nothing to learn.
  if (mask === U64_MAX && a.umin < a.umax) return
  a.smin = max(a.smin, signed64(value | (mask & S64_MIN)))
  a.smax = min(a.smax, signed64(value | (mask & S64_MAX)))
  a.umin = max(a.umin, value)
  a.umax = min(a.umax, value | mask)
  const only = onlyNumber(a)
  if (only !== undefined) setConstant(a, only)
  ranges32FromBits(a)
}

/**
 * The one number that is in the unsigned range and that the bits allow, if there is only one. Where there is none, on a way that is never
 * taken, it may be the greatest one that the bits allow, as in the kernel.
 */
function onlyNumber(a: Bounds): bigint | undefined {
  const { bits, umin, umax } = a
  const greatest = bits.value | bits.mask
  // Most often the unknown bits are the lowest ones, and no number of the range is missing.
  if (umin < umax && umin <= greatest && (bits.mask & (bits.mask + 1n)) === 0n) return undefined
  const next = bits.leastFrom(umin + 1n) ?? greatest
  if (bits.has(umin)) return next > umax ? umin : undefined
  if (next === greatest) return greatest
  return next <= umax && (bits.leastFrom(next + 1n) ?? greatest) > umax ? next : undefined
}

/** Makes `value`, 0 … 2⁶⁴−1, the only number. */
function setConstant(a: Bounds, value: bigint): void {
  a.bits = Tnum.constant(value)
  a.umin = a.umax = value
  a.smin = a.smax = signed64(value)
  const low = low32(value)
  a.u32min = a.u32max = low
  a.s32min = a.s32max = low | 0
}

/** The ranges of the low half from what is known of its bits. */
export function ranges32FromBits(a: Bounds): void {
  const value = low32(a.bits.value)
  const mask = low32(a.bits.mask)
  a.s32min = Math.max(a.s32min, value | (mask & S32_MIN))
  a.s32max = Math.min(a.s32max, value | (mask & S32_MAX))
  a.u32min = Math.max(a.u32min, value)
  a.u32max = Math.min(a.u32max, (value | mask) >>> 0)
}

/** Bits from the ranges: those above the first in which the ends differ are known. */
function bitsFromRanges(a: Bounds): void {
  const bits = a.bits.intersect(Tnum.range(a.umin, a.umax))
  a.bits = bits
  // Ends that differ in the first bit say nothing.
  if ((a.u32min ^ a.u32max) < 0) return
  const half = bits.low32()
  const low = half.intersect(Tnum.range(BigInt(a.u32min), BigInt(a.u32max)))
  if (low !== half) a.bits = bits.withLow32(low)
}

function narrowUnsigned32(a: Bounds, least: number, greatest: number): void {
  if (least > a.u32min) a.u32min = least
  if (greatest < a.u32max) a.u32max = greatest
}

function narrowSigned32(a: Bounds, least: number, greatest: number): void {
  if (least > a.s32min) a.s32min = least
  if (greatest < a.s32max) a.s32max = greatest
}

/** The low halves of `least` and `greatest`, ends of a range whose high halves `highLeast` and `highGreatest` are, as ends of a range. */
function ranges32From64(a: Bounds, least: bigint, greatest: bigint): void {
  const highLeast = high32(least)
  const highGreatest = high32(greatest)
  const low = low32(least)
  const high = low32(greatest)
  if (highLeast === highGreatest) {
    if (low <= high) narrowUnsigned32(a, low, high)
    if ((low | 0) <= (high | 0)) narrowSigned32(a, low | 0, high | 0)
    // From …ffffffff to …00000000 of the next: a range of low halves that goes over zero.
  } else if ((highLeast + 1) >>> 0 === highGreatest && (low | 0) < 0 && (high | 0) >= 0) {
    narrowSigned32(a, low | 0, high | 0)
  }
}

function deduce32(a: Bounds): void {
  ranges32From64(a, a.umin, a.umax)
  ranges32From64(a, a.smin, a.smax)
  // An unsigned range on one side of 2³¹ is a signed range, and the other way round.
  if ((a.u32min | 0) <= (a.u32max | 0)) narrowSigned32(a, a.u32min | 0, a.u32max | 0)
  const least = a.s32min >>> 0
  const greatest = a.s32max >>> 0
  if (least <= greatest) narrowUnsigned32(a, least, greatest)
  else if (a.u32max < least) {
    // As in deduce64: the unsigned range meets one end of the signed one only.
    a.s32min = a.u32min | 0
    a.u32max = Math.min(a.u32max, greatest)
  } else if (greatest < a.u32min) {
    a.s32max = a.u32max | 0
    a.u32min = Math.max(a.u32min, least)
  }
}

function deduce64(a: Bounds): void {
  if (signed64(a.umin) <= signed64(a.umax)) {
    a.smin = max(a.smin, signed64(a.umin))
    a.smax = min(a.smax, signed64(a.umax))
  }
  const least = unsigned64(a.smin)
  const greatest = unsigned64(a.smax)
  if (least <= greatest) {
    a.umin = max(a.umin, least)
    a.umax = min(a.umax, greatest)
  } else if (a.umax < least) {
    // The signed range goes over zero: as unsigned numbers it is both ends. The unsigned range meets only the one that begins with 0 …
    a.smin = signed64(a.umin)
    a.umax = min(a.umax, greatest)
  } else if (greatest < a.umin) {
    // … or only the one that ends with 2⁶⁴−1.
    a.smax = signed64(a.umax)
    a.umin = max(a.umin, least)
  }
}

/** 64-bit ranges from the low half, where it is narrower than the ends' own low halves. */
function deduceMixed(a: Bounds): void {
  const least = BigInt(a.u32min)
  const greatest = BigInt(a.u32max)
  if (a.u32min !== 0) {
    a.umin = max(a.umin, (a.umin & NOT_LOW32) | least)
    a.smin = max(a.smin, (a.smin & NOT_LOW32) | least)
  }
  if (a.u32max !== U32_MAX) {
    a.umax = min(a.umax, (a.umax & NOT_LOW32) | greatest)
    a.smax = min(a.smax, (a.smax & NOT_LOW32) | greatest)
  }
  // A number that fits into 32 signed bits and whose low half is not negative is its low half.
  if (a.s32min >= 0 && a.smin >= S32_MIN_64 && a.smax <= S32_MAX_64) {
    a.smin = a.umin = BigInt(a.s32min)
    a.smax = a.umax = unsigned64(BigInt(a.s32max))
    const bits = a.bits.intersect(Tnum.range(a.umin, a.umax))
    if (!bits.equals(a.bits)) a.bits = bits
  }
}

/** One round of what the ranges say of each other. Gives whether anything was learned. */
function deduceOnce(a: Bounds): boolean {
  const { bits, umin, umax, smin, smax, u32min, u32max, s32min, s32max } = a
  deduce32(a)
  deduce64(a)
  deduceMixed(a)
  const same32 = a.u32min === u32min && a.u32max === u32max && a.s32min === s32min && a.s32max === s32max
  return !(same32 && a.bits === bits && a.umin === umin && a.umax === umax && a.smin === smin && a.smax === smax)
}

const ROUNDS = 3

/**
 * Lets each of the nine say what it knows to the others, in the order and as often as `reg_bounds_sync` of the kernel (6.18) does: what
 * is deduced is a matter of what programs are accepted.
 */
export function deduce(a: Bounds): Bounds {
  rangesFromBits(a)
  let rounds = 0
  while (rounds < ROUNDS && deduceOnce(a)) rounds++
  const { bits } = a
  bitsFromRanges(a)
  if (rounds > 0 || !a.bits.equals(bits)) rangesFromBits(a)
  return a
}

/** Whether no number is possible, or the ranges and the bits contradict each other: only on a path that is never taken. */
function isContradiction(a: Readonly<Bounds>): boolean {
  if (a.umin > a.umax || a.smin > a.smax || a.u32min > a.u32max || a.s32min > a.s32max) return true
  const { bits } = a
  if (bits.isConstant) {
    const signed = signed64(bits.value)
    if (a.umin !== bits.value || a.umax !== bits.value || a.smin !== signed || a.smax !== signed) return true
  }
  if (bits.isConstant32) {
    const low = low32(bits.value)
    if (a.u32min !== low || a.u32max !== low || a.s32min !== (low | 0) || a.s32max !== (low | 0)) return true
  }
  return false
}

/** As {@link deduce}, but ranges that contradict each other or the bits are forgotten. */
export function settle(a: Bounds): Bounds {
  deduce(a)
  if (isContradiction(a)) a.forgetRanges()
  return a
}
