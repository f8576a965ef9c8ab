/** A generator of random numbers that gives the same ones for the same seed (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 32 random bits. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return this.bits() % limit
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]
  }

  /** 64 bits, often near the edges of the integer types. */
  word(): bigint {
    const raw = (BigInt(this.bits()) << 32n) | BigInt(this.bits())
    const edge = 1n << BigInt(this.pick([0, 7, 8, 15, 16, 31, 32, 63]))
    switch (this.below(4)) {
      case 0:
        return raw
      case 1:
        return BigInt.asUintN(64, edge + BigInt(this.below(3)) - 1n)
      case 2:
        return BigInt.asUintN(64, -edge + BigInt(this.below(3)) - 1n)
      default:
        return BigInt(this.below(256))
    }
  }
}
