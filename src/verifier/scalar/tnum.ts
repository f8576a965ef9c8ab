import { high32, LOW32, low32, U64_MAX, unsigned64 } from "./limits.ts"

/** How many bits `value` (not negative) takes, up to 65. */
function bitLength(value: bigint): number {
  if (value > U64_MAX) return 65
  const high = high32(value)
  return high ? 64 - Math.clz32(high) : 32 - Math.clz32(low32(value))
}

/** The lowest bits, by how many they are. */
const LOWEST = Array.from({ length: 65 }, (_, bits) => (1n << BigInt(bits)) - 1n)

/**
 * A tracked number: what is known of each of 64 bits. A bit that is set in `mask` is unknown; of the others `value` says what they are, and in
 * `value` unknown bits are 0. Immutable. The operations are those of Linux kernel/bpf/tnum.c (6.18): each gives a tnum that holds the
 * result for every pair of numbers that the operands hold.
 */
export class Tnum {
  readonly value: bigint
  readonly mask: bigint

  constructor(value: bigint, mask: bigint) {
    this.value = value
    this.mask = mask
  }

  /** Nothing is known. */
  static readonly unknown = new Tnum(0n, U64_MAX)

  /** Nothing is known of the low half; the high one is 0. */
  static readonly unknown32 = new Tnum(0n, LOW32)

  static readonly zero = new Tnum(0n, 0n)

  /** Exactly `value`, modulo 2⁶⁴. */
  static constant(value: bigint): Tnum {
    return value === 0n ? Tnum.zero : new Tnum(unsigned64(value), 0n)
  }

  /** The bits that all unsigned numbers from `low` to `high` share, both in 0 … 2⁶⁴−1. */
  static range(low: bigint, high: bigint): Tnum {
    const bits = bitLength(low ^ high)
    // A range that goes over the middle says nothing.
    if (bits > 63) return Tnum.unknown
    const delta = LOWEST[bits]!
    return new Tnum(low & ~delta, delta)
  }

  get isConstant(): boolean {
    return this.mask === 0n
  }

  get isUnknown(): boolean {
    return this.mask === U64_MAX
  }

  /** Whether the low half is one number. */
  get isConstant32(): boolean {
    return (this.mask & LOW32) === 0n
  }

  add(other: Tnum): Tnum {
    const masks = this.mask + other.mask
    const values = this.value + other.value
    const changed = (masks + values) ^ values
    const mask = unsigned64(changed | this.mask | other.mask)
    return new Tnum(unsigned64(values) & ~mask, mask)
  }

  sub(other: Tnum): Tnum {
    const difference = this.value - other.value
    const changed = (difference + this.mask) ^ (difference - other.mask)
    const mask = unsigned64(changed | this.mask | other.mask)
    return new Tnum(unsigned64(difference) & ~mask, mask)
  }

  neg(): Tnum {
    return Tnum.zero.sub(this)
  }

  and(other: Tnum): Tnum {
    const value = this.value & other.value
    return new Tnum(value, (this.value | this.mask) & (other.value | other.mask) & ~value)
  }

  or(other: Tnum): Tnum {
    const value = this.value | other.value
    return new Tnum(value, (this.mask | other.mask) & ~value)
  }

  xor(other: Tnum): Tnum {
    const mask = this.mask | other.mask
    return new Tnum((this.value ^ other.value) & ~mask, mask)
  }

  /** Long multiplication: for each bit of this that may be 1, `other` shifted is added, or may be. */
  mul(other: Tnum): Tnum {
    if (this.isConstant && other.isConstant) return Tnum.constant(this.value * other.value)
    let { value, mask } = this
    let sum = Tnum.zero
    let addend = other
    while (value !== 0n || mask !== 0n) {
      if (value & 1n) sum = sum.add(addend)
      else if (mask & 1n) sum = sum.union(sum.add(addend))
      value >>= 1n
      mask >>= 1n
      addend = addend.shiftLeft(1)
    }
    return sum
  }

  shiftLeft(bits: number): Tnum {
    const by = BigInt(bits)
    return new Tnum(unsigned64(this.value << by), unsigned64(this.mask << by))
  }

  shiftRight(bits: number): Tnum {
    const by = BigInt(bits)
    return new Tnum(this.value >> by, this.mask >> by)
  }

  /** An arithmetic shift of the low `width` bits; of 32 the high half of the result is 0. */
  shiftRightArithmetic(bits: number, width: 32 | 64): Tnum {
    const by = BigInt(bits)
    const shifted = (part: bigint) => BigInt.asUintN(width, BigInt.asIntN(width, part) >> by)
    return new Tnum(shifted(this.value), shifted(this.mask))
  }

  /** What this and `other` both say. Where they contradict each other the result is one of many. */
  intersect(other: Tnum): Tnum {
    const mask = this.mask & other.mask
    const value = (this.value | other.value) & ~mask
    return mask === this.mask && value === this.value ? this : new Tnum(value, mask)
  }

  /** Holds every number that this or `other` holds. */
  union(other: Tnum): Tnum {
    const mask = (this.value ^ other.value) | this.mask | other.mask
    return new Tnum(this.value & other.value & ~mask, mask)
  }

  /** Whether some number is in both. */
  overlaps(other: Tnum): boolean {
    const known = ~this.mask & ~other.mask
    return (this.value & known) === (other.value & known)
  }

  /** Whether every number of `other` is in this. */
  contains(other: Tnum): boolean {
    return (other.mask & ~this.mask) === 0n && (other.value & ~this.mask) === this.value
  }

  /** Whether `value` (0 … 2⁶⁴−1) is one of the numbers. */
  has(value: bigint): boolean {
    return (value & ~this.mask) === this.value
  }

  /** The least of the numbers that is `from` or greater, or undefined if there is none; `from` is not negative. */
  leastFrom(from: bigint): bigint | undefined {
    const wrong = (from ^ this.value) & ~this.mask
    if (wrong === 0n) return from > U64_MAX ? undefined : from
    const first = 1n << BigInt(bitLength(wrong) - 1)
    if (first > U64_MAX) return undefined
    let step = first
    if ((from & first) !== 0n) {
      // That bit has to be 0, so an unknown one above it that is 0 must become 1.
      const free = this.mask & ~from & ~(2n * first - 1n)
      if (free === 0n) return undefined
      step = free & -free
    }
    return (from & ~(2n * step - 1n)) | step | (this.value & (step - 1n))
  }

  /** Whether every number is a multiple of `size`, a power of two. */
  isAligned(size: bigint): boolean {
    return ((this.value | this.mask) & (size - 1n)) === 0n
  }

  /** The low `bytes` bytes; the bits above are 0. */
  cast(bytes: number): Tnum {
    return new Tnum(BigInt.asUintN(bytes * 8, this.value), BigInt.asUintN(bytes * 8, this.mask))
  }

  /** The low half; the high one is 0. */
  low32(): Tnum {
    return this.value <= LOW32 && this.mask <= LOW32 ? this : new Tnum(this.value & LOW32, this.mask & LOW32)
  }

  /** This with the low half of `low`, whose own high half is 0. */
  withLow32(low: Tnum): Tnum {
    return new Tnum((this.value & ~LOW32) | low.value, (this.mask & ~LOW32) | low.mask)
  }

  equals(other: Tnum): boolean {
    return this.value === other.value && this.mask === other.mask
  }

  /** As the kernel prints it: `(value; mask)`. */
  toString(): string {
    return `(0x${this.value.toString(16)}; 0x${this.mask.toString(16)})`
  }
}
