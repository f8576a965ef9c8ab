import { constantOf, type Scalar } from "./bounds.ts"
import { S32_MAX, S32_MIN, S64_MAX, S64_MIN, signed64, U32_MAX, U64_MAX, unsigned64 } from "./limits.ts"

/** A signed number as the kernel's log has it: decimal if it fits into 16 bits, else the 64 bits in hexadecimal. */
export function printSigned(value: bigint): string {
  return value >= -0x8000n && value <= 0x7fffn ? value.toString() : `0x${unsigned64(value).toString(16)}`
}

/** An unsigned number as the kernel's log has it: decimal if it fits into 16 bits. */
export function printUnsigned(value: bigint): string {
  return value <= 0xffffn ? value.toString() : `0x${value.toString(16)}`
}

/** Small negative numbers keep their sign in 64 bits; others show their own 32 bits. */
const widen = (s32: number): bigint => BigInt(s32 >= -0x8000 && s32 <= 0x7fff ? s32 : s32 >>> 0)

/**
 * What is known of a number that is not a constant, in the words of the kernel's log: `smin=0,smax=umax=255,var_off=(0x0; 0xff)`. Ends that
 * say nothing are left out, and those of the same value share it. Empty if nothing is known.
 */
export function printRanges(a: Scalar): string {
  const ends: { name: string; value: bigint; silent: boolean }[] = [
    { name: "smin", value: a.smin, silent: a.smin === S64_MIN },
    { name: "smax", value: a.smax, silent: a.smax === S64_MAX },
    { name: "umin", value: a.umin, silent: a.umin === 0n },
    { name: "umax", value: a.umax, silent: a.umax === U64_MAX },
    { name: "smin32", value: widen(a.s32min), silent: a.s32min === S32_MIN },
    { name: "smax32", value: widen(a.s32max), silent: a.s32max === S32_MAX },
    { name: "umin32", value: BigInt(a.u32min), silent: a.u32min === 0 },
    { name: "umax32", value: BigInt(a.u32max), silent: a.u32max === U32_MAX },
  ]
  const parts: string[] = []
  const isNegative = (end: { name: string; value: bigint }) => end.name[0] === "s" && signed64(end.value) < 0n
  ends.forEach((end, at) => {
    if (end.silent) return
    let names = `${end.name}=`
    for (let other = at + 2; other < ends.length; other += 2) {
      const twin = ends[other]!
      if (twin.silent || unsigned64(twin.value) !== unsigned64(end.value) || isNegative(twin) !== isNegative(end))
        continue
      twin.silent = true
      names += `${twin.name}=`
    }
    parts.push(names + (end.name[0] === "s" ? printSigned(signed64(end.value)) : printUnsigned(end.value)))
  })
  if (!a.bits.isUnknown) parts.push(`var_off=${a.bits}`)
  return parts.join(",")
}

/** A number as the kernel's log has it: `5`, `scalar()`, `scalar(umin=1,umax=4)`. */
export function printScalar(a: Scalar): string {
  const value = constantOf(a)
  return value === undefined ? `scalar(${printRanges(a)})` : printSigned(signed64(value))
}
