/** Names of the registers by width in bits; the number's fourth bit comes from the REX prefix. */
const R64 = "rax rcx rdx rbx rsp rbp rsi rdi".split(" ")
const R32 = "eax ecx edx ebx esp ebp esi edi".split(" ")
const R16 = "ax cx dx bx sp bp si di".split(" ")
const R8 = "al cl dl bl spl bpl sil dil".split(" ")
/** Without a REX prefix bytes 4 to 7 are the second ones of the first four registers. */
const OLD_R8 = "al cl dl bl ah ch dh bh".split(" ")

/** `%rax` of 0 and 64, `%r10d` of 10 and 32. */
export function register(number: number, bits: number, rex: boolean): string {
  if (number >= 8) return `%r${number}${{ 64: "", 32: "d", 16: "w", 8: "b" }[bits]}`
  const names = bits === 64 ? R64 : bits === 32 ? R32 : bits === 16 ? R16 : rex ? R8 : OLD_R8
  return `%${names[number]}`
}

/** A number in hexadecimal, with its sign. */
export const hex = (value: number | bigint): string =>
  value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`

/** A value as an instruction of so many bits has it: without a sign. */
export const immediate = (value: number | bigint, bits: number): string =>
  `$0x${BigInt.asUintN(bits, BigInt(value)).toString(16)}`

/** Reads the bytes of an instruction one after another. Behind their end it reads zeros, and says so. */
export class Bytes {
  readonly #view: DataView
  /** Place of the next byte. */
  at: number
  /** Whether the instruction goes on behind the end. */
  short = false

  constructor(bytes: Uint8Array, at: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
  }

  /** An unsigned byte, which stays. */
  peek(): number {
    return this.at < this.#view.byteLength ? this.#view.getUint8(this.at) : 0
  }

  /** An unsigned byte. */
  byte(): number {
    return Number(this.#read(1, at => BigInt(this.#view.getUint8(at))))
  }

  /** A signed number of 1, 2 or 4 bytes. */
  signed(size: number): number {
    return Number(
      this.#read(size, at =>
        BigInt(
          size === 1
            ? this.#view.getInt8(at)
            : size === 2
              ? this.#view.getInt16(at, true)
              : this.#view.getInt32(at, true),
        ),
      ),
    )
  }

  /** A number of 8 bytes. */
  wide(): bigint {
    return this.#read(8, at => this.#view.getBigUint64(at, true))
  }

  #read(size: number, get: (at: number) => bigint): bigint {
    const at = this.at
    this.at += size
    if (this.at <= this.#view.byteLength) return get(at)
    this.short = true
    return 0n
  }
}

/** The operands that a ModRM byte names: a register, and a register or memory. */
export interface ModRm {
  /** Number of the register, or what the instruction is. */
  readonly reg: number
  /** Memory as text; undefined where it is a register. */
  readonly memory: string | undefined
  /** Number of the register where it is one. */
  readonly rm: number
}

/** Prefixes that say how an instruction is read. */
export interface Prefixes {
  /** REX bits: W 8, R 4, X 2, B 1. */
  readonly rex: number
  /** Whether there is a REX prefix at all. */
  readonly hasRex: boolean
  /** 0x66: operands of 16 bits. */
  readonly narrow: boolean
  /** `%gs:`, `%fs:`, or nothing. */
  readonly segment: string
}

/**
 * Reads a ModRM byte and what follows of it.
 *
 *     mod:2 reg:3 rm:3 [scale:2 index:3 base:3] [displacement of 1 or 4 bytes]
 */
export function readModRm(bytes: Bytes, { rex, segment }: Prefixes): ModRm {
  const byte = bytes.byte()
  const mod = byte >> 6
  const reg = ((byte >> 3) & 7) | ((rex & 4) << 1)
  const low = byte & 7
  const rm = low | ((rex & 1) << 3)
  if (mod === 3) return { reg, rm, memory: undefined }
  let base: string | undefined = register(rm, 64, true)
  let index = ""
  if (low === 4) {
    const sib = bytes.byte()
    const number = ((sib >> 3) & 7) | ((rex & 2) << 2)
    const isNone = (sib & 7) === 5 && mod === 0
    base = isNone ? "" : register((sib & 7) | ((rex & 1) << 3), 64, true)
    if (number !== 4) index = `,${register(number, 64, true)},${1 << (sib >> 6)}`
    if (isNone) return { reg, rm, memory: `${segment}${address(bytes.signed(4))}${index === "" ? "" : `(${index})`}` }
  } else if (low === 5 && mod === 0) base = "%rip"
  const displacement = mod === 1 ? bytes.signed(1) : mod === 2 || base === "%rip" ? bytes.signed(4) : undefined
  const text = displacement === undefined ? "" : hex(displacement)
  return { reg, rm, memory: `${segment}${text}(${base}${index})` }
}

/** An address, as a number of 64 bits. */
export const address = (value: number): string => `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`
