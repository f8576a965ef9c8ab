import { Bounds, constant, constantOf, copyOf, type Scalar, UNKNOWN } from "./bounds.ts"
import { deduce } from "./deduce.ts"
import { LOW32, S32_MAX, signed64, U32_MAX, unsigned64 } from "./limits.ts"
import { Tnum } from "./tnum.ts"

/** Gives `a` the 64-bit ranges of its low half, as after an operation of 32 bits, which clears the high half. */
export function clearHigh(a: Bounds): void {
  a.bits = a.bits.low32()
  a.umin = BigInt(a.u32min)
  a.umax = BigInt(a.u32max)
  const positive = a.s32min >= 0 && a.s32max >= 0
  a.smin = positive ? BigInt(a.s32min) : 0n
  a.smax = positive ? BigInt(a.s32max) : LOW32
}

/** The low half extended with zeros: `w1 = w2`. */
export function zeroExtend32(a: Scalar): Scalar {
  const value = constantOf(a)
  if (value !== undefined) return value <= LOW32 ? a : constant(value & LOW32)
  const result = copyOf(a)
  clearHigh(result)
  return deduce(result)
}

/** The low `bytes` bytes (1, 2, 4) extended with zeros, as a load of that size reads them. */
export function truncate(a: Scalar, bytes: number): Scalar {
  const value = constantOf(a)
  if (value !== undefined) return constant(BigInt.asUintN(bytes * 8, value))
  const result = copyOf(a)
  result.bits = a.bits.cast(bytes)
  const mask = (1n << BigInt(bytes * 8)) - 1n
  const oneTurn = (a.umin & ~mask) === (a.umax & ~mask)
  result.umin = result.smin = oneTurn ? a.umin & mask : 0n
  result.umax = result.smax = oneTurn ? a.umax & mask : mask
  if (bytes < 4) result.forget32()
  return deduce(result)
}

/** Any number of `bytes` bytes (1, 2, 4) extended with its sign to 64 bits. */
export function signedOfSize(bytes: number): Scalar {
  const greatest = bytes === 4 ? S32_MAX : (1 << (bytes * 8 - 1)) - 1
  const least = -greatest - 1
  const { bits, umin, umax } = UNKNOWN
  return new Bounds(bits, umin, umax, BigInt(least), BigInt(greatest), 0, U32_MAX, least, greatest)
}

/** The low `bytes` bytes (1, 2, 4) extended with their sign to 64 bits: `r1 = (s8)r2`, and loads that extend the sign. */
export function signExtend64(a: Scalar, bytes: number): Scalar {
  const width = bytes * 8
  const value = constantOf(a)
  if (value !== undefined) return constant(BigInt.asIntN(width, value))
  const by = BigInt(width)
  if (a.smin >> by === a.smax >> by) {
    const first = BigInt.asIntN(width, a.smin)
    const last = BigInt.asIntN(width, a.smax)
    const least = first < last ? first : last
    const greatest = first < last ? last : first
    if (least >= 0n === greatest >= 0n) {
      const umin = unsigned64(least)
      const umax = unsigned64(greatest)
      const least32 = Number(least)
      const greatest32 = Number(greatest)
      return new Bounds(
        Tnum.range(umin, umax),
        umin,
        umax,
        signed64(least),
        signed64(greatest),
        least32 >>> 0,
        greatest32 >>> 0,
        least32,
        greatest32,
      )
    }
  }
  return signedOfSize(bytes)
}

/** The low `bytes` bytes (1, 2) extended with their sign to 32 bits, the high half 0: `w1 = (s8)w2`. */
export function signExtend32(a: Scalar, bytes: number): Scalar {
  const width = bytes * 8
  const value = constantOf(a)
  if (value !== undefined) return constant(BigInt.asUintN(32, BigInt.asIntN(width, value)))
  const result = copyOf(a)
  const narrow = (whole: number) => (whole << (32 - width)) >> (32 - width)
  const first = narrow(a.s32min)
  const last = narrow(a.s32max)
  if (a.s32min >> width === a.s32max >> width && first >= 0 === last >= 0) {
    result.s32min = Math.min(first, last)
    result.s32max = Math.max(first, last)
    result.u32min = result.s32min >>> 0
    result.u32max = result.s32max >>> 0
    result.bits = Tnum.range(unsigned64(BigInt(result.s32min)), unsigned64(BigInt(result.s32max)))
  } else {
    result.s32max = 2 ** (width - 1) - 1
    result.s32min = -result.s32max - 1
    result.forgetUnsigned32()
    result.bits = Tnum.unknown
  }
  clearHigh(result)
  return deduce(result)
}
