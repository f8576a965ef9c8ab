/**
 * Unpacks .xz, of which small debug information (`.gnu_debugdata`) is made: one or more blocks of LZMA2, without filters.
 *
 *     stream   header 12: FD "7zXZ" 00, flags u16, CRC-32 | blocks | index (begins with 00) | footer 12
 *     block    size u8 (of the header, in words, less one), flags u8, [packed size], [unpacked size], filters, padding, CRC-32 | data | padding | check
 *     LZMA2    00 end; 01, 02 plain: size u16 − 1; 80 and above packed: 21 bits of unpacked size − 1, u16 packed size − 1, [properties]
 *
 * Sources: xz's file format 1.1.0; LZMA specification of Igor Pavlov. Undefined for what is no such stream, is damaged, or unpacks to more than
 * `most` bytes. Checks are not compared: what is wrong inside gives wrong names, no more.
 */
export function unpackXz(bytes: Uint8Array, most = 1 << 28): Uint8Array | undefined {
  if (bytes.length < 32 || [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0].some((byte, i) => bytes[i] !== byte)) return undefined
  const check = CHECK_SIZES[bytes[7] & 15]
  const output = new Output(most)
  try {
    let at = 12
    while (bytes[at] !== 0 && at < bytes.length) {
      const header = (bytes[at] + 1) * 4
      // One filter, and it is LZMA2: flags say the number less one, and which sizes are told.
      const flags = bytes[at + 1]
      if ((flags & 3) !== 0) return undefined
      let field = at + 2
      for (const told of [flags & 0x40, flags & 0x80]) if (told) while (bytes[field++] & 0x80) {}
      if (bytes[field] !== LZMA2) return undefined
      const start = at + header
      const end = new Lzma2(bytes, start, output).run()
      at = start + Math.ceil((end - start) / 4) * 4 + check
    }
    return output.bytes()
  } catch (error) {
    if (error instanceof Damaged) return undefined
    throw error
  }
}

const LZMA2 = 0x21
const CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64]

class Damaged extends Error {}

/** What was unpacked so far: the dictionary, too. */
class Output {
  #bytes = new Uint8Array(1 << 16)
  readonly #most: number
  length = 0
  /** Where the dictionary was begun anew: nothing before it counts. */
  start = 0

  constructor(most: number) {
    this.#most = most
  }

  push(byte: number): void {
    if (this.length === this.#bytes.length) this.#grow()
    this.#bytes[this.length++] = byte
  }

  /** The byte that many behind the end, 1 the last one. */
  back(distance: number): number {
    if (distance > this.length - this.start) throw new Damaged()
    return this.#bytes[this.length - distance]
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  #grow(): void {
    if (this.length >= this.#most) throw new Damaged()
    const larger = new Uint8Array(this.length * 2)
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}

const HALF = 1024
const STATES = 12
/** Bits of a position that choose among probabilities. */
const POSITIONS = 16

const probabilities = (count: number): Uint16Array => new Uint16Array(count).fill(HALF)

/** Lengths of matches: 2 to 273. */
class Lengths {
  readonly choice = probabilities(2)
  readonly low = probabilities(POSITIONS * 8)
  readonly middle = probabilities(POSITIONS * 8)
  readonly high = probabilities(256)
}

class Lzma2 {
  readonly #input: Uint8Array
  readonly #output: Output
  #at: number
  #range = 0
  #code = 0
  // What the properties say: bits of context of a literal, bits of its position, bits of any position.
  #lc = 0
  #lp = 0
  #pb = 0
  #state = 0
  #distances = [1, 1, 1, 1]
  #literals = probabilities(0)
  #isMatch = probabilities(0)
  #isRep = probabilities(0)
  #isRep0 = probabilities(0)
  #isRep1 = probabilities(0)
  #isRep2 = probabilities(0)
  #isRep0Long = probabilities(0)
  #slots = probabilities(0)
  #special = probabilities(0)
  #align = probabilities(0)
  #matchLengths = new Lengths()
  #repLengths = new Lengths()

  constructor(input: Uint8Array, at: number, output: Output) {
    this.#input = input
    this.#at = at
    this.#output = output
  }

  /** Unpacks all chunks; where the input goes on. */
  run(): number {
    for (;;) {
      const control = this.#byte()
      if (control === 0) return this.#at
      if (control < 0x80) {
        if (control > 2) throw new Damaged()
        if (control === 1) this.#output.start = this.#output.length
        for (let n = this.#u16() + 1; n > 0; n--) this.#output.push(this.#byte())
        continue
      }
      const unpacked = ((control & 0x1f) << 16) + this.#u16() + 1
      const packed = this.#u16() + 1
      const reset = (control >> 5) & 3
      if (reset === 3) this.#output.start = this.#output.length
      if (reset >= 2) this.#properties(this.#byte())
      if (reset >= 1) this.#reset()
      const end = this.#at + packed
      this.#chunk(unpacked)
      this.#at = end
    }
  }

  #properties(byte: number): void {
    if (byte >= 225) throw new Damaged()
    this.#lc = byte % 9
    this.#lp = Math.floor(byte / 9) % 5
    this.#pb = Math.floor(byte / 45)
    if (this.#lc + this.#lp > 4) throw new Damaged()
  }

  #reset(): void {
    this.#state = 0
    this.#distances = [1, 1, 1, 1]
    this.#literals = probabilities(0x300 << (this.#lc + this.#lp))
    this.#isMatch = probabilities(STATES * POSITIONS)
    this.#isRep = probabilities(STATES)
    this.#isRep0 = probabilities(STATES)
    this.#isRep1 = probabilities(STATES)
    this.#isRep2 = probabilities(STATES)
    this.#isRep0Long = probabilities(STATES * POSITIONS)
    this.#slots = probabilities(4 * 64)
    this.#special = probabilities(128)
    this.#align = probabilities(16)
    this.#matchLengths = new Lengths()
    this.#repLengths = new Lengths()
  }

  #chunk(size: number): void {
    this.#at++
    this.#range = 0xffffffff
    this.#code = 0
    for (let i = 0; i < 4; i++) this.#code = ((this.#code << 8) | this.#byte()) >>> 0
    const end = this.#output.length + size
    while (this.#output.length < end) {
      const position = (this.#output.length - this.#output.start) & ((1 << this.#pb) - 1)
      if (this.#bit(this.#isMatch, this.#state * POSITIONS + position) === 0) this.#literal()
      else this.#match(position, end)
    }
  }

  #literal(): void {
    const output = this.#output
    const done = output.length - output.start
    const before = done === 0 ? 0 : output.back(1)
    const context = ((done & ((1 << this.#lp) - 1)) << this.#lc) + (before >> (8 - this.#lc))
    const base = 0x300 * context
    let symbol = 1
    if (this.#state >= 7) {
      // After a match the byte that the match would go on with tells something.
      let match = output.back(this.#distances[0])
      while (symbol < 0x100) {
        const expected = (match >> 7) & 1
        match <<= 1
        const bit = this.#bit(this.#literals, base + ((1 + expected) << 8) + symbol)
        symbol = (symbol << 1) | bit
        if (bit !== expected) break
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(this.#literals, base + symbol)
    output.push(symbol & 0xff)
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6
  }

  #match(position: number, end: number): void {
    const state = this.#state
    const [first, second, third, fourth] = this.#distances
    let lengths = this.#repLengths
    if (this.#bit(this.#isRep, state) === 0) {
      lengths = this.#matchLengths
    } else if (this.#bit(this.#isRep0, state) === 0) {
      if (this.#bit(this.#isRep0Long, state * POSITIONS + position) === 0) {
        this.#state = state < 7 ? 9 : 11
        this.#output.push(this.#output.back(first))
        return
      }
    } else if (this.#bit(this.#isRep1, state) === 0) this.#distances = [second, first, third, fourth]
    else if (this.#bit(this.#isRep2, state) === 0) this.#distances = [third, first, second, fourth]
    else this.#distances = [fourth, first, second, third]
    const length = this.#length(lengths, position)
    if (lengths === this.#matchLengths) {
      this.#distances = [this.#distance(length), first, second, third]
      this.#state = state < 7 ? 7 : 10
    } else this.#state = state < 7 ? 8 : 11
    for (let n = Math.min(length, end - this.#output.length); n > 0; n--) {
      this.#output.push(this.#output.back(this.#distances[0]))
    }
  }

  #length(lengths: Lengths, position: number): number {
    if (this.#bit(lengths.choice, 0) === 0) return 2 + this.#tree(lengths.low, position * 8, 3)
    if (this.#bit(lengths.choice, 1) === 0) return 10 + this.#tree(lengths.middle, position * 8, 3)
    return 18 + this.#tree(lengths.high, 0, 8)
  }

  /** How far back a match of a length begins, 1 for the last byte. */
  #distance(length: number): number {
    const slot = this.#tree(this.#slots, Math.min(length - 2, 3) * 64, 6)
    if (slot < 4) return slot + 1
    const bits = (slot >> 1) - 1
    const base = (2 | (slot & 1)) * 2 ** bits
    if (slot < 14) return base + this.#reverse(this.#special, base - slot, bits) + 1
    let direct = 0
    for (let n = bits - 4; n > 0; n--) {
      this.#range >>>= 1
      const bit = this.#code >= this.#range ? 1 : 0
      if (bit === 1) this.#code -= this.#range
      direct = direct * 2 + bit
      this.#normalise()
    }
    return base + direct * 16 + this.#reverse(this.#align, 0, 4) + 1
  }

  #tree(model: Uint16Array, base: number, bits: number): number {
    let symbol = 1
    for (let n = 0; n < bits; n++) symbol = (symbol << 1) | this.#bit(model, base + symbol)
    return symbol - (1 << bits)
  }

  /** Bits of a number from the lowest on. */
  #reverse(model: Uint16Array, base: number, bits: number): number {
    let symbol = 1
    let value = 0
    for (let n = 0; n < bits; n++) {
      const bit = this.#bit(model, base + symbol)
      symbol = (symbol << 1) | bit
      value |= bit << n
    }
    return value
  }

  /** The next bit, by the probability that it is 0, which it makes fit better. */
  #bit(model: Uint16Array, at: number): number {
    const probability = model[at]
    const bound = (this.#range >>> 11) * probability
    let bit = 0
    if (this.#code < bound) {
      this.#range = bound
      model[at] = probability + ((2048 - probability) >> 5)
    } else {
      this.#range -= bound
      this.#code -= bound
      model[at] = probability - (probability >> 5)
      bit = 1
    }
    this.#normalise()
    return bit
  }

  #normalise(): void {
    if (this.#range >= 0x1000000) return
    this.#range = (this.#range << 8) >>> 0
    this.#code = ((this.#code << 8) | this.#byte()) >>> 0
  }

  /** The next byte; behind the end of all a zero, once: the last step of a chunk may look one further. */
  #byte(): number {
    if (this.#at > this.#input.length + 4) throw new Damaged()
    return this.#input[this.#at++] ?? 0
  }

  #u16(): number {
    return this.#byte() * 256 + this.#byte()
  }
}
