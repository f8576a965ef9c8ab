/**
 * The whole seconds in a time of 64 bits, exactly, without a BigInt: long division by pieces that stay below 2^53.
 * The rest is {@link remainder}.
 */
export function wholeSeconds(high: number, low: number, unitsPerSecond: number): number {
  if (unitsPerSecond > 2 ** 44) return Number(((BigInt(high) << 32n) | BigInt(low)) / BigInt(unitsPerSecond))
  const bits = unitsPerSecond > 2 ** 36 ? 8 : 16
  let quotient = Math.floor(high / unitsPerSecond)
  let rest = high % unitsPerSecond
  for (let shift = 32 - bits; shift >= 0; shift -= bits) {
    const part = rest * 2 ** bits + ((low >>> shift) & (2 ** bits - 1))
    quotient = quotient * 2 ** bits + Math.floor(part / unitsPerSecond)
    rest = part % unitsPerSecond
  }
  return quotient
}

/** Units behind the whole seconds, as nanoseconds, rounded down. */
export function nanoseconds(high: number, low: number, unitsPerSecond: number): number {
  const units = remainder(high, low, unitsPerSecond)
  if (unitsPerSecond === 1_000_000) return units * 1000
  if (unitsPerSecond === 1_000_000_000) return units
  return Number((BigInt(units) * 1_000_000_000n) / BigInt(unitsPerSecond))
}

function remainder(high: number, low: number, unitsPerSecond: number): number {
  if (unitsPerSecond > 2 ** 44) return Number(((BigInt(high) << 32n) | BigInt(low)) % BigInt(unitsPerSecond))
  const bits = unitsPerSecond > 2 ** 36 ? 8 : 16
  let rest = high % unitsPerSecond
  for (let shift = 32 - bits; shift >= 0; shift -= bits) {
    rest = (rest * 2 ** bits + ((low >>> shift) & (2 ** bits - 1))) % unitsPerSecond
  }
  return rest
}
