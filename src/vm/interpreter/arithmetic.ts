import { multiplyHigh } from "./wide.ts"

// Arithmetic on 64 bits: dst is a pair of registers, the low word at `d`; the operand is `b`. Division has a file of its own.

/** dst -= b */
export function subtract(R: Int32Array, d: number, b: number, bHigh: number): void {
  const a = R[d]
  R[d + 1] = R[d + 1] - bHigh - (a >>> 0 < b >>> 0 ? 1 : 0)
  R[d] = a - b
}

/** dst *= b */
export function multiply(R: Int32Array, d: number, b: number, bHigh: number): void {
  const a = R[d]
  R[d + 1] = multiplyHigh(a, b) + Math.imul(a, bHigh) + Math.imul(R[d + 1], b)
  R[d] = Math.imul(a, b)
}

/** dst = -dst */
export function negate(R: Int32Array, d: number): void {
  const low = R[d]
  R[d] = -low
  R[d + 1] = ~R[d + 1] + (low === 0 ? 1 : 0)
}

/** dst <<= b */
export function shiftLeft(R: Int32Array, d: number, b: number): void {
  const count = b & 63
  const low = R[d]
  if (count >= 32) {
    R[d + 1] = low << (count - 32)
    R[d] = 0
  } else if (count !== 0) {
    R[d + 1] = (R[d + 1] << count) | (low >>> (32 - count))
    R[d] = low << count
  }
}

/** dst >>= b, with zeros from above */
export function shiftRight(R: Int32Array, d: number, b: number): void {
  const count = b & 63
  const high = R[d + 1]
  if (count >= 32) {
    R[d] = high >>> (count - 32)
    R[d + 1] = 0
  } else if (count !== 0) {
    R[d] = (R[d] >>> count) | (high << (32 - count))
    R[d + 1] = high >>> count
  }
}

/** dst >>= b, with the sign from above */
export function shiftRightSigned(R: Int32Array, d: number, b: number): void {
  const count = b & 63
  const high = R[d + 1]
  if (count >= 32) {
    R[d] = high >> (count - 32)
    R[d + 1] = high >> 31
  } else if (count !== 0) {
    R[d] = (R[d] >>> count) | (high << (32 - count))
    R[d + 1] = high >> count
  }
}
