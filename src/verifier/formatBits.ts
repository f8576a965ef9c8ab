import { printUnsigned, type Tnum } from "./scalar/index.ts"

/** What is known of the bits of an offset, as messages have it: one number where all of them are known. */
export const formatBits = (bits: Tnum): string => (bits.mask === 0n ? printUnsigned(bits.value) : `${bits}`)
