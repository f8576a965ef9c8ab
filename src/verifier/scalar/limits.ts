/** The ends of the 32- and 64-bit integers. 64-bit values are bigints, 32-bit values numbers. */

export const U64_MAX = 0xffff_ffff_ffff_ffffn
export const S64_MIN = -0x8000_0000_0000_0000n
export const S64_MAX = 0x7fff_ffff_ffff_ffffn
export const U32_MAX = 0xffff_ffff
export const S32_MIN = -0x8000_0000
export const S32_MAX = 0x7fff_ffff

/** The low half of 64 bits. */
export const LOW32 = 0xffff_ffffn

/** `value` modulo 2⁶⁴, from 0. */
export const unsigned64 = (value: bigint): bigint => BigInt.asUintN(64, value)

/** `value` modulo 2⁶⁴, as a signed number. */
export const signed64 = (value: bigint): bigint => BigInt.asIntN(64, value)

/** Where a bigint is taken apart: several times as fast as to shift it and make a number of it. */
const whole = new BigUint64Array(1)
const halves = new Uint32Array(whole.buffer)
const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1

/** The low half of `value`, from 0. */
export function low32(value: bigint): number {
  whole[0] = value
  return halves[LOW]
}

/** The high half of the 64 bits of `value`, from 0. */
export function high32(value: bigint): number {
  whole[0] = value
  return halves[1 - LOW]
}

export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
