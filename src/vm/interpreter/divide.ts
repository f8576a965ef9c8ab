import { divideSigned, divideUnsigned, highWord, remainderSigned, remainderUnsigned } from "./wide.ts"

/** What {@link divide} is asked for: the sum of those that hold. */
export const REMAINDER = 1
export const SIGNED = 2
export const NARROW = 4

/** Divides dst by `b`. A quotient by 0 is 0, and a remainder the dividend. */
export function divide(kind: number, R: Int32Array, d: number, b: number, bHigh: number): void {
  const a = R[d]
  const aHigh = R[d + 1]
  switch (kind) {
    case 0:
      R[d] = divideUnsigned(a, aHigh, b, bHigh)
      R[d + 1] = highWord()
      return
    case REMAINDER:
      R[d] = remainderUnsigned(a, aHigh, b, bHigh)
      R[d + 1] = highWord()
      return
    case SIGNED:
      R[d] = divideSigned(a, aHigh, b, bHigh)
      R[d + 1] = highWord()
      return
    case SIGNED | REMAINDER:
      R[d] = remainderSigned(a, aHigh, b, bHigh)
      R[d + 1] = highWord()
      return
    default:
      R[d] = divideNarrow(kind, a, b)
      R[d + 1] = 0
  }
}

/** The same on 32 bits. −2^31 by −1 is −2^31 again. */
function divideNarrow(kind: number, a: number, b: number): number {
  if (b === 0) return (kind & REMAINDER) !== 0 ? a : 0
  if ((kind & SIGNED) !== 0) return (kind & REMAINDER) !== 0 ? (a % b) | 0 : (a / b) | 0
  return (kind & REMAINDER) !== 0 ? ((a >>> 0) % (b >>> 0)) | 0 : ((a >>> 0) / (b >>> 0)) | 0
}
