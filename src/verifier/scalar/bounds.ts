import { LOW32, low32, S32_MAX, S32_MIN, S64_MAX, S64_MIN, signed64, U32_MAX, U64_MAX, unsigned64 } from "./limits.ts"
import { Tnum } from "./tnum.ts"

/**
 * What the verifier knows of a 64-bit number: the least and the greatest value of its 64 bits and of its low 32 bits, read as unsigned and as
 * signed, and what is known of each bit. A number is possible if all nine say so.
 *
 * Others see it as the immutable {@link Scalar}; only the functions of this folder change a `Bounds`, and only one that they made.
 * 64-bit values are bigints: pairs of 32-bit halves were 3.5 times as fast in a bench of {@link deduce}'s steps (14 against 50 ns for twenty), which
 * is not where the time of a verification goes, and took twice the code.
 */
export class Bounds {
  /** What is known of each bit. */
  bits: Tnum
  umin: bigint
  umax: bigint
  smin: bigint
  smax: bigint
  u32min: number
  u32max: number
  s32min: number
  s32max: number

  constructor(
    bits: Tnum,
    umin: bigint,
    umax: bigint,
    smin: bigint,
    smax: bigint,
    u32min: number,
    u32max: number,
    s32min: number,
    s32max: number,
  ) {
    this.bits = bits
    this.umin = umin
    this.umax = umax
    this.smin = smin
    this.smax = smax
    this.u32min = u32min
    this.u32max = u32max
    this.s32min = s32min
    this.s32max = s32max
  }

  /** Forgets the ranges, but not the bits. */
  forgetRanges(): void {
    this.forget64()
    this.forget32()
  }

  /** Forgets the ranges of 64 bits. */
  forget64(): void {
    this.forgetUnsigned64()
    this.forgetSigned64()
  }

  /** Forgets the ranges of the low 32 bits. */
  forget32(): void {
    this.forgetUnsigned32()
    this.forgetSigned32()
  }

  forgetUnsigned64(): void {
    this.umin = 0n
    this.umax = U64_MAX
  }

  forgetSigned64(): void {
    this.smin = S64_MIN
    this.smax = S64_MAX
  }

  forgetUnsigned32(): void {
    this.u32min = 0
    this.u32max = U32_MAX
  }

  forgetSigned32(): void {
    this.s32min = S32_MIN
    this.s32max = S32_MAX
  }
}

/** A {@link Bounds} that nobody changes: to copy it is to copy the reference. */
export type Scalar = Readonly<Bounds>

/** A copy to work on. */
export const copyOf = (a: Scalar): Bounds =>
  new Bounds(a.bits, a.umin, a.umax, a.smin, a.smax, a.u32min, a.u32max, a.s32min, a.s32max)

const nothingKnown = (): Bounds => new Bounds(Tnum.unknown, 0n, U64_MAX, S64_MIN, S64_MAX, 0, U32_MAX, S32_MIN, S32_MAX)

/** Any number. */
export const UNKNOWN: Scalar = nothingKnown()

function makeConstant(value: bigint): Scalar {
  const unsigned = unsigned64(value)
  const signed = signed64(value)
  const u32 = low32(unsigned)
  const s32 = u32 | 0
  return new Bounds(new Tnum(unsigned, 0n), unsigned, unsigned, signed, signed, u32, u32, s32, s32)
}

const SMALL = 256n
const small = Array.from({ length: Number(SMALL) }, (_, value) => makeConstant(BigInt(value)))

/** Exactly `value`, modulo 2⁶⁴. */
export function constant(value: bigint): Scalar {
  return value >= 0n && value < SMALL ? small[Number(value)]! : makeConstant(value)
}

const sized: Scalar[] = []

/** Any number of `bytes` bytes (1, 2, 4, 8) extended with zeros: what a load of that size gives. */
export const ofSize = (bytes: number): Scalar => (sized[bytes] ??= makeSized(bytes))

function makeSized(bytes: number): Scalar {
  if (bytes === 8) return UNKNOWN
  const top = (1n << BigInt(bytes * 8)) - 1n
  const signedTop = bytes === 4 ? S32_MAX : Number(top)
  return new Bounds(new Tnum(0n, top), 0n, top, 0n, top, 0, Number(top), bytes === 4 ? S32_MIN : 0, signedTop)
}

/** The one value, 0 … 2⁶⁴−1, if there is only one. */
export const constantOf = (a: Scalar): bigint | undefined => (a.bits.mask === 0n ? a.bits.value : undefined)

/** Whether there is only one value. */
export const isConstant = (a: Scalar): boolean => a.bits.mask === 0n

/** Whether the high half is known to be 0. */
export const fitsU32 = (a: Scalar): boolean => a.umax <= LOW32
