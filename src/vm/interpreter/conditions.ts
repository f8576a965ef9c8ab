/** Whether a is less than b, both 64 bits without a sign. */
export const isBelow = (a: number, aHigh: number, b: number, bHigh: number): boolean =>
  aHigh === bHigh ? a >>> 0 < b >>> 0 : aHigh >>> 0 < bHigh >>> 0

/** Whether a is less than b, both 64 bits with a sign. */
export const isLess = (a: number, aHigh: number, b: number, bHigh: number): boolean =>
  aHigh === bHigh ? a >>> 0 < b >>> 0 : aHigh < bHigh
