import { swapWord } from "./wide.ts"

/** Changes of width and byte order, in 64 bits but for those that say 32. */
export const CONVERSION = {
  s8: 0,
  s16: 1,
  s32: 2,
  "s8, 32 bits": 3,
  "s16, 32 bits": 4,
  swap16: 5,
  swap32: 6,
  swap64: 7,
  cut16: 8,
  cut32: 9,
  cut64: 10,
} as const

/** Moves src to dst with the sign extended, or changes dst itself: one of {@link CONVERSION}. */
export function convert(kind: number, R: Int32Array, d: number, s: number): void {
  const low = R[s]
  switch (kind) {
    case CONVERSION.s8:
      set(R, d, (low << 24) >> 24, low << 24)
      break
    case CONVERSION.s16:
      set(R, d, (low << 16) >> 16, low << 16)
      break
    case CONVERSION.s32:
      set(R, d, low, low)
      break
    case CONVERSION["s8, 32 bits"]:
      set(R, d, (low << 24) >> 24, 0)
      break
    case CONVERSION["s16, 32 bits"]:
      set(R, d, (low << 16) >> 16, 0)
      break
    case CONVERSION.swap16:
      set(R, d, swapWord(R[d]) >>> 16, 0)
      break
    case CONVERSION.swap32:
      set(R, d, swapWord(R[d]), 0)
      break
    case CONVERSION.swap64: {
      const swapped = swapWord(R[d])
      R[d] = swapWord(R[d + 1])
      R[d + 1] = swapped
      break
    }
    case CONVERSION.cut16:
      set(R, d, R[d] & 0xffff, 0)
      break
    case CONVERSION.cut32:
      set(R, d, R[d], 0)
      break
    case CONVERSION.cut64:
      break
  }
}

/** Sets a register, with the sign of a word as its high one. */
function set(R: Int32Array, d: number, low: number, sign: number): void {
  R[d] = low
  R[d + 1] = sign >> 31
}
