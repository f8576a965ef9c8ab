import { badSnapshot } from "./bytes.ts"

/**
 * Unpacks DEFLATE (RFC 1951), at once: `DecompressionStream`, which browsers have, only does it later, and types are asked for in the middle of
 * a compilation.
 *
 *     block    last:1 type:2, then as the type says
 *     type 0   stored: the next whole byte, LEN u16, its complement, LEN bytes
 *     type 1   symbols by the codes that the RFC fixes
 *     type 2   HLIT:5 HDIST:5 HCLEN:4, code lengths, symbols by the codes that they make
 *     symbol   0…255 a byte; 256 the end of the block; from 257 the length of a copy, behind it a symbol for its distance
 *
 * `size` is the number of bytes that come out. @throws SkepError SNAPSHOT_BAD
 */
export function inflate(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size)
  let length = 0
  const bits = new Bits(packed)
  for (let last = false; !last; ) {
    last = bits.take(1) === 1
    const type = bits.take(2)
    if (type === 0) {
      const stored = bits.stored()
      if (stored.length > size - length) throw badSnapshot("more comes out than it says")
      out.set(stored, length)
      length += stored.length
    } else if (type === 3) throw badSnapshot("a block has no type")
    else {
      const [literals, distances] = type === 1 ? fixedCodes() : readCodes(bits)
      length = symbols(bits, literals, distances, out, length)
    }
  }
  if (length !== size) throw badSnapshot("less comes out than it says")
  return out
}

/** Reads bits, the low ones of a byte first. */
class Bits {
  readonly #bytes: Uint8Array
  #at = 0
  #held = 0
  #count = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The next `n` bits (at most 16) without going on; zeros behind the end. */
  peek(n: number): number {
    while (this.#count < n) {
      this.#held |= (this.#at < this.#bytes.length ? this.#bytes[this.#at] : 0) << this.#count
      this.#at++
      this.#count += 8
    }
    return this.#held & ((1 << n) - 1)
  }

  skip(n: number): void {
    this.#held >>>= n
    this.#count -= n
    // Bits behind the end that were only looked at are no error; used ones are.
    if (this.#at - (this.#count >> 3) > this.#bytes.length) throw badSnapshot("it ends too early")
  }

  take(n: number): number {
    const value = this.peek(n)
    this.skip(n)
    return value
  }

  stored(): Uint8Array {
    this.skip(this.#count & 7)
    const length = this.take(16)
    if (length !== (this.take(16) ^ 0xffff)) throw badSnapshot("a stored block has a wrong length")
    const start = this.#at - (this.#count >> 3)
    this.#held = this.#count = 0
    this.#at = start + length
    if (this.#at > this.#bytes.length) throw badSnapshot("it ends too early")
    return this.#bytes.subarray(start, this.#at)
  }
}

/** A code: for each value of the next `width` bits the symbol that begins there, shifted by 4, and the bits that it has. */
interface Code {
  readonly width: number
  readonly table: Int32Array
}

/** The canonical code of a list of code lengths: shorter ones first, those of one length in order (RFC 1951, 3.2.2). */
function makeCode(lengths: readonly number[]): Code {
  const width = Math.max(1, ...lengths)
  const table = new Int32Array(1 << width)
  let code = 0
  for (let bits = 1; bits <= width; bits++) {
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== bits) continue
      if (code >= 1 << bits) throw badSnapshot("a code has too many symbols")
      for (let at = reversed(code, bits); at < table.length; at += 1 << bits) table[at] = (symbol << 4) | bits
      code++
    }
    code <<= 1
  }
  return { width, table }
}

/** Codes are packed with their first bit lowest. */
function reversed(code: number, bits: number): number {
  let out = 0
  for (let i = 0; i < bits; i++) out |= ((code >> i) & 1) << (bits - 1 - i)
  return out
}

function symbol(bits: Bits, { width, table }: Code): number {
  const entry = table[bits.peek(width)]
  if (entry === 0) throw badSnapshot("there are bits that stand for nothing")
  bits.skip(entry & 15)
  return entry >> 4
}

let fixed: readonly [Code, Code] | undefined

function fixedCodes(): readonly [Code, Code] {
  const lengths = Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))
  fixed ??= [makeCode(lengths), makeCode(new Array(30).fill(5))]
  return fixed
}

/** Order in which the lengths of the code for code lengths stand. */
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

function readCodes(bits: Bits): [Code, Code] {
  const literals = bits.take(5) + 257
  const distances = bits.take(5) + 1
  const own = new Array<number>(19).fill(0)
  for (let i = 0, count = bits.take(4) + 4; i < count; i++) own[LENGTH_ORDER[i]] = bits.take(3)
  const code = makeCode(own)
  const lengths: number[] = []
  while (lengths.length < literals + distances) {
    const value = symbol(bits, code)
    if (value < 16) lengths.push(value)
    else {
      if (value === 16 && lengths.length === 0) throw badSnapshot("a length repeats nothing")
      const [again, times] =
        value === 16
          ? [lengths[lengths.length - 1], 3 + bits.take(2)]
          : [0, value === 17 ? 3 + bits.take(3) : 11 + bits.take(7)]
      for (let i = 0; i < times; i++) lengths.push(again)
    }
  }
  return [makeCode(lengths.slice(0, literals)), makeCode(lengths.slice(literals, literals + distances))]
}

function symbols(bits: Bits, literals: Code, distances: Code, out: Uint8Array, length: number): number {
  for (;;) {
    const value = symbol(bits, literals)
    if (value === 256) return length
    if (value < 256) {
      if (length === out.length) throw badSnapshot("more comes out than it says")
      out[length++] = value
      continue
    }
    const count = copyLength(bits, value)
    const distance = copyDistance(bits, symbol(bits, distances))
    if (distance > length || count > out.length - length) throw badSnapshot("a copy reaches too far")
    for (let end = length + count; length < end; length++) out[length] = out[length - distance]
  }
}

/** 257…264 are 3…10; from then on four symbols share a number of extra bits; 285 is 258. */
function copyLength(bits: Bits, value: number): number {
  if (value < 265) return value - 254
  if (value === 285) return 258
  if (value > 285) throw badSnapshot("a copy has no length")
  const extra = (value - 261) >> 2
  return ((4 + ((value - 261) & 3)) << extra) + 3 + bits.take(extra)
}

/** 0…3 are 1…4; from then on two symbols share a number of extra bits. */
function copyDistance(bits: Bits, value: number): number {
  if (value < 4) return value + 1
  if (value > 29) throw badSnapshot("a copy has no distance")
  const extra = (value - 2) >> 1
  return ((2 + (value & 1)) << extra) + 1 + bits.take(extra)
}
