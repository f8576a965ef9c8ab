import { copyOf, type Scalar } from "./bounds.ts"
import { settle } from "./deduce.ts"
import { truncate } from "./extend.ts"
import { Tnum } from "./tnum.ts"

/** The low `bytes` bytes (2, 4, 8) in the opposite order, the bytes above 0: `r1 = bswap32 r1`. Of the ranges nothing is left but what the bits say. */
export function swapBytes(a: Scalar, bytes: number): Scalar {
  const result = copyOf(a)
  result.bits = new Tnum(reversed(a.bits.value, bytes), reversed(a.bits.mask, bytes))
  result.forgetRanges()
  return settle(result)
}

/** What is left of a number on a machine whose order it is in: its low `bytes` bytes (2, 4, 8): `r1 = le16 r1`. */
export const keepBytes = (a: Scalar, bytes: number): Scalar => (bytes === 8 ? a : truncate(a, bytes))

function reversed(value: bigint, bytes: number): bigint {
  let result = 0n
  for (let i = 0; i < bytes; i++) result = (result << 8n) | ((value >> BigInt(8 * i)) & 0xffn)
  return result
}
