/** Gives the next of a row of numbers that look random: 32 bits, not negative. */
export type Random = () => number

/** The same numbers for the same seed: a Weyl sequence behind the finaliser of MurmurHash3. */
export function seededRandom(seed: number): Random {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let x = state
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
    return (x ^ (x >>> 16)) >>> 0
  }
}
