/** Arithmetic on 64 bits as two signed 32-bit words. The low word is returned; the high one is left in {@link highWord}. */

let high = 0

/** High word of what was computed last. */
export const highWord = (): number => high

/** High word of the product of two words without sign. */
export function multiplyHigh(a: number, b: number): number {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0
  const other = (Math.imul(a0, b1) + (middle & 0xffff)) | 0
  return (Math.imul(a1, b1) + (middle >>> 16) + (other >>> 16)) | 0
}

const join = (low: number, top: number): bigint => (BigInt(top) << 32n) | BigInt(low >>> 0)
const unsigned = (low: number, top: number): bigint => BigInt.asUintN(64, join(low, top))

function split(value: bigint): number {
  high = Number(BigInt.asIntN(32, value >> 32n))
  return Number(BigInt.asIntN(32, value))
}

/** Numbers below 2^53, and quotients of them, are exact as floating point. */
const isExact = (a: number, b: number): boolean => a >>> 0 < 0x200000 && b >>> 0 < 0x200000

/** Quotient without sign; 0 where the divisor is 0. */
export function divideUnsigned(a: number, aHigh: number, b: number, bHigh: number): number {
  if ((b | bHigh) === 0) {
    high = 0
    return 0
  }
  if ((aHigh | bHigh) === 0) {
    high = 0
    return ((a >>> 0) / (b >>> 0)) | 0
  }
  if (isExact(aHigh, bHigh)) {
    const quotient = Math.floor((aHigh * 2 ** 32 + (a >>> 0)) / (bHigh * 2 ** 32 + (b >>> 0)))
    high = Math.floor(quotient / 2 ** 32) | 0
    return quotient | 0
  }
  return split(unsigned(a, aHigh) / unsigned(b, bHigh))
}

/** Remainder without sign; the dividend where the divisor is 0. */
export function remainderUnsigned(a: number, aHigh: number, b: number, bHigh: number): number {
  if ((b | bHigh) === 0) {
    high = aHigh
    return a
  }
  if ((aHigh | bHigh) === 0) {
    high = 0
    return ((a >>> 0) % (b >>> 0)) | 0
  }
  if (isExact(aHigh, bHigh)) {
    const rest = (aHigh * 2 ** 32 + (a >>> 0)) % (bHigh * 2 ** 32 + (b >>> 0))
    high = Math.floor(rest / 2 ** 32) | 0
    return rest | 0
  }
  return split(unsigned(a, aHigh) % unsigned(b, bHigh))
}

/** Quotient with sign, cut towards 0; 0 where the divisor is 0, and the dividend itself where the quotient does not fit. */
export function divideSigned(a: number, aHigh: number, b: number, bHigh: number): number {
  if ((b | bHigh) === 0) {
    high = 0
    return 0
  }
  return split(BigInt.asIntN(64, join(a, aHigh) / join(b, bHigh)))
}

/** Remainder with the sign of the dividend; the dividend where the divisor is 0. */
export function remainderSigned(a: number, aHigh: number, b: number, bHigh: number): number {
  if ((b | bHigh) === 0) {
    high = aHigh
    return a
  }
  return split(join(a, aHigh) % join(b, bHigh))
}

/** A word with its bytes the other way round. */
export const swapWord = (word: number): number =>
  (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
