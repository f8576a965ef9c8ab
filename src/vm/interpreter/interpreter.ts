import { BPF_ADD, BPF_AND, BPF_CMPXCHG, BPF_FETCH, BPF_OR, BPF_XOR } from "../../isa/index.ts"
import { CODE, FRAME_WORD, FUEL_WORD, HIGH_WORD, KERNEL, PACKET } from "../address.ts"
import type { Code, CodeImage } from "../code.ts"
import { badAddress, badCallback, badOperation, budgetSpent, endOfCode, Fault } from "../fault.ts"
import { SHADOW_BYTES } from "../memory.ts"
import type { Run } from "../run.ts"
import { type Decoded, decode, WORDS } from "./decode.ts"
import { divide, divideSigned, highWord, multiplyHigh, remainder, remainderSigned, swapWord } from "./wide.ts"

/** How often `may_goto` goes on in one call. Source: BPF_MAX_LOOPS. */
const MAX_LOOPS = 8 << 20

/** Words that a call keeps: r6 to r10, and where to go on. */
const KEPT = 11

/** Registers, two words each, and what calls under way keep. */
interface Registers {
  readonly words: Int32Array
  readonly kept: Int32Array
}

/** Registers of invocations that have ended. */
const spare: Registers[] = []

/** Translates an image for the interpreter. @throws SkepError VM_BAD_CODE */
export const interpret = (image: CodeImage): Code => new Interpreted(image)

/**
 * The reference: every access of memory is held against what programs may touch. Registers are pairs of signed words, the low one first. Operations are
 * numbered as `decode.ts` says: the opcode byte, for most.
 */
class Interpreted implements Code {
  readonly #image: CodeImage
  readonly #decoded: Decoded

  constructor(image: CodeImage) {
    this.#image = image
    this.#decoded = decode(image)
  }

  invoke(
    run: Run,
    slot: number,
    frame: number,
    a1: number,
    a1High: number,
    a2: number,
    a2High: number,
    a3: number,
    a3High: number,
    a4: number,
    a4High: number,
    a5: number,
    a5High: number,
  ): number {
    const { words: code, calls, slots, wordAt } = this.#decoded
    const registers = spare.pop() ?? { words: new Int32Array(22), kept: new Int32Array(KEPT * 16) }
    const { words: R, kept } = registers
    R[2] = a1
    R[3] = a1High
    R[4] = a2
    R[5] = a2High
    R[6] = a3
    R[7] = a3High
    R[8] = a4
    R[9] = a4High
    R[10] = a5
    R[11] = a5High
    R[20] = frame
    R[21] = KERNEL
    const { memory } = run
    let { i32, view, shadow } = memory
    let pc = wordAt[slot] ?? -1
    let depth = 0
    let loops = MAX_LOOPS
    try {
      if (pc < 0) throw badCallback(slot, CODE)
      for (;;) {
        const at = pc
        pc += WORDS
        const word = code[at]
        const imm = code[at + 1]
        const x = code[at + 2]
        const d = (word >> 16) & 31
        const s = word >>> 24
        switch (word & 0xffff) {
          case 0x07: {
            // dst += imm
            const a = R[d]
            const sum = (a + imm) | 0
            R[d + 1] = R[d + 1] + (imm >> 31) + (sum >>> 0 < a >>> 0 ? 1 : 0)
            R[d] = sum
            continue
          }
          case 0x17: {
            // dst -= imm
            const a = R[d]
            const b = imm
            R[d + 1] = R[d + 1] - (imm >> 31) - (a >>> 0 < b >>> 0 ? 1 : 0)
            R[d] = a - b
            continue
          }
          case 0x27: {
            // dst *= imm
            const a = R[d]
            const b = imm
            R[d + 1] = multiplyHigh(a, b) + Math.imul(a, imm >> 31) + Math.imul(R[d + 1], b)
            R[d] = Math.imul(a, b)
            continue
          }
          case 0x37: // dst /= imm
            R[d] = divide(R[d], R[d + 1], imm, imm >> 31)
            R[d + 1] = highWord()
            continue
          case 0x97: // dst %= imm
            R[d] = remainder(R[d], R[d + 1], imm, imm >> 31)
            R[d + 1] = highWord()
            continue
          case 0x137: // dst s/= imm
            R[d] = divideSigned(R[d], R[d + 1], imm, imm >> 31)
            R[d + 1] = highWord()
            continue
          case 0x197: // dst s%= imm
            R[d] = remainderSigned(R[d], R[d + 1], imm, imm >> 31)
            R[d + 1] = highWord()
            continue
          case 0x47: // dst |= imm
            R[d] |= imm
            R[d + 1] |= imm >> 31
            continue
          case 0x57: // dst &= imm
            R[d] &= imm
            R[d + 1] &= imm >> 31
            continue
          case 0xa7: // dst ^= imm
            R[d] ^= imm
            R[d + 1] ^= imm >> 31
            continue
          case 0x67: {
            // dst <<= imm
            const count = imm & 63
            const low = R[d]
            if (count >= 32) {
              R[d + 1] = low << (count - 32)
              R[d] = 0
            } else if (count !== 0) {
              R[d + 1] = (R[d + 1] << count) | (low >>> (32 - count))
              R[d] = low << count
            }
            continue
          }
          case 0x77: {
            // dst >>= imm
            const count = imm & 63
            const high = R[d + 1]
            if (count >= 32) {
              R[d] = high >>> (count - 32)
              R[d + 1] = 0
            } else if (count !== 0) {
              R[d] = (R[d] >>> count) | (high << (32 - count))
              R[d + 1] = high >>> count
            }
            continue
          }
          case 0xc7: {
            // dst s>>= imm
            const count = imm & 63
            const high = R[d + 1]
            if (count >= 32) {
              R[d] = high >> (count - 32)
              R[d + 1] = high >> 31
            } else if (count !== 0) {
              R[d] = (R[d] >>> count) | (high << (32 - count))
              R[d + 1] = high >> count
            }
            continue
          }
          case 0xb7: // dst = imm
            R[d] = imm
            R[d + 1] = imm >> 31
            continue
          case 0x0f: {
            // dst += src
            const a = R[d]
            const sum = (a + R[s]) | 0
            R[d + 1] = R[d + 1] + R[s + 1] + (sum >>> 0 < a >>> 0 ? 1 : 0)
            R[d] = sum
            continue
          }
          case 0x1f: {
            // dst -= src
            const a = R[d]
            const b = R[s]
            R[d + 1] = R[d + 1] - R[s + 1] - (a >>> 0 < b >>> 0 ? 1 : 0)
            R[d] = a - b
            continue
          }
          case 0x2f: {
            // dst *= src
            const a = R[d]
            const b = R[s]
            R[d + 1] = multiplyHigh(a, b) + Math.imul(a, R[s + 1]) + Math.imul(R[d + 1], b)
            R[d] = Math.imul(a, b)
            continue
          }
          case 0x3f: // dst /= src
            R[d] = divide(R[d], R[d + 1], R[s], R[s + 1])
            R[d + 1] = highWord()
            continue
          case 0x9f: // dst %= src
            R[d] = remainder(R[d], R[d + 1], R[s], R[s + 1])
            R[d + 1] = highWord()
            continue
          case 0x13f: // dst s/= src
            R[d] = divideSigned(R[d], R[d + 1], R[s], R[s + 1])
            R[d + 1] = highWord()
            continue
          case 0x19f: // dst s%= src
            R[d] = remainderSigned(R[d], R[d + 1], R[s], R[s + 1])
            R[d + 1] = highWord()
            continue
          case 0x4f: // dst |= src
            R[d] |= R[s]
            R[d + 1] |= R[s + 1]
            continue
          case 0x5f: // dst &= src
            R[d] &= R[s]
            R[d + 1] &= R[s + 1]
            continue
          case 0xaf: // dst ^= src
            R[d] ^= R[s]
            R[d + 1] ^= R[s + 1]
            continue
          case 0x6f: {
            // dst <<= src
            const count = R[s] & 63
            const low = R[d]
            if (count >= 32) {
              R[d + 1] = low << (count - 32)
              R[d] = 0
            } else if (count !== 0) {
              R[d + 1] = (R[d + 1] << count) | (low >>> (32 - count))
              R[d] = low << count
            }
            continue
          }
          case 0x7f: {
            // dst >>= src
            const count = R[s] & 63
            const high = R[d + 1]
            if (count >= 32) {
              R[d] = high >>> (count - 32)
              R[d + 1] = 0
            } else if (count !== 0) {
              R[d] = (R[d] >>> count) | (high << (32 - count))
              R[d + 1] = high >>> count
            }
            continue
          }
          case 0xcf: {
            // dst s>>= src
            const count = R[s] & 63
            const high = R[d + 1]
            if (count >= 32) {
              R[d] = high >> (count - 32)
              R[d + 1] = high >> 31
            } else if (count !== 0) {
              R[d] = (R[d] >>> count) | (high << (32 - count))
              R[d + 1] = high >> count
            }
            continue
          }
          case 0xbf: // dst = src
            R[d] = R[s]
            R[d + 1] = R[s + 1]
            continue
          case 0x87: {
            // dst = -dst
            const low = R[d]
            R[d] = -low
            R[d + 1] = ~R[d + 1] + (low === 0 ? 1 : 0)
            continue
          }
          case 0x04: // (u32) dst += imm
            R[d] = R[d] + imm
            R[d + 1] = 0
            continue
          case 0x14: // (u32) dst -= imm
            R[d] = R[d] - imm
            R[d + 1] = 0
            continue
          case 0x24: // (u32) dst *= imm
            R[d] = Math.imul(R[d], imm)
            R[d + 1] = 0
            continue
          case 0x34: // (u32) dst /= imm
            R[d] = imm === 0 ? 0 : (R[d] >>> 0) / (imm >>> 0)
            R[d + 1] = 0
            continue
          case 0x94: // (u32) dst %= imm
            R[d] = imm === 0 ? R[d] : (R[d] >>> 0) % (imm >>> 0)
            R[d + 1] = 0
            continue
          case 0x134: // (s32) dst /= imm
            R[d] = imm === 0 ? 0 : R[d] / imm
            R[d + 1] = 0
            continue
          case 0x194: // (s32) dst %= imm
            R[d] = imm === 0 ? R[d] : R[d] % imm
            R[d + 1] = 0
            continue
          case 0x44: // (u32) dst |= imm
            R[d] = R[d] | imm
            R[d + 1] = 0
            continue
          case 0x54: // (u32) dst &= imm
            R[d] = R[d] & imm
            R[d + 1] = 0
            continue
          case 0xa4: // (u32) dst ^= imm
            R[d] = R[d] ^ imm
            R[d + 1] = 0
            continue
          case 0x64: // (u32) dst <<= imm
            R[d] = R[d] << imm
            R[d + 1] = 0
            continue
          case 0x74: // (u32) dst >>= imm
            R[d] = R[d] >>> imm
            R[d + 1] = 0
            continue
          case 0xc4: // (s32) dst >>= imm
            R[d] = R[d] >> imm
            R[d + 1] = 0
            continue
          case 0xb4: // (u32) dst = imm
            R[d] = imm
            R[d + 1] = 0
            continue
          case 0x0c: // (u32) dst += src
            R[d] = R[d] + R[s]
            R[d + 1] = 0
            continue
          case 0x1c: // (u32) dst -= src
            R[d] = R[d] - R[s]
            R[d + 1] = 0
            continue
          case 0x2c: // (u32) dst *= src
            R[d] = Math.imul(R[d], R[s])
            R[d + 1] = 0
            continue
          case 0x3c: // (u32) dst /= src
            R[d] = R[s] === 0 ? 0 : (R[d] >>> 0) / (R[s] >>> 0)
            R[d + 1] = 0
            continue
          case 0x9c: // (u32) dst %= src
            R[d] = R[s] === 0 ? R[d] : (R[d] >>> 0) % (R[s] >>> 0)
            R[d + 1] = 0
            continue
          case 0x13c: // (s32) dst /= src
            R[d] = R[s] === 0 ? 0 : R[d] / R[s]
            R[d + 1] = 0
            continue
          case 0x19c: // (s32) dst %= src
            R[d] = R[s] === 0 ? R[d] : R[d] % R[s]
            R[d + 1] = 0
            continue
          case 0x4c: // (u32) dst |= src
            R[d] = R[d] | R[s]
            R[d + 1] = 0
            continue
          case 0x5c: // (u32) dst &= src
            R[d] = R[d] & R[s]
            R[d + 1] = 0
            continue
          case 0xac: // (u32) dst ^= src
            R[d] = R[d] ^ R[s]
            R[d + 1] = 0
            continue
          case 0x6c: // (u32) dst <<= src
            R[d] = R[d] << R[s]
            R[d + 1] = 0
            continue
          case 0x7c: // (u32) dst >>= src
            R[d] = R[d] >>> R[s]
            R[d + 1] = 0
            continue
          case 0xcc: // (s32) dst >>= src
            R[d] = R[d] >> R[s]
            R[d + 1] = 0
            continue
          case 0xbc: // (u32) dst = src
            R[d] = R[s]
            R[d + 1] = 0
            continue
          case 0x84: // (u32) dst = -dst
            R[d] = -R[d]
            R[d + 1] = 0
            continue
          case 0x203: // dst = (s8) src, 64 bits
            R[d] = (R[s] << 24) >> 24
            R[d + 1] = R[d] >> 31
            continue
          case 0x204: // dst = (s16) src, 64 bits
            R[d] = (R[s] << 16) >> 16
            R[d + 1] = R[d] >> 31
            continue
          case 0x205: // dst = (s32) src, 64 bits
            R[d] = R[s]
            R[d + 1] = R[d] >> 31
            continue
          case 0x206: // dst = (s8) src, 32 bits
            R[d] = (R[s] << 24) >> 24
            R[d + 1] = 0
            continue
          case 0x207: // dst = (s16) src, 32 bits
            R[d] = (R[s] << 16) >> 16
            R[d + 1] = 0
            continue
          case 0x208: // dst = bswap16 dst
            R[d] = swapWord(R[d]) >>> 16
            R[d + 1] = 0
            continue
          case 0x209: // dst = bswap32 dst
            R[d] = swapWord(R[d])
            R[d + 1] = 0
            continue
          case 0x20a: {
            // dst = bswap64 dst
            const low = R[d]
            R[d] = swapWord(R[d + 1])
            R[d + 1] = swapWord(low)
            continue
          }
          case 0x20b: // dst = le16 dst
            R[d] &= 0xffff
            R[d + 1] = 0
            continue
          case 0x20c: // dst = le32 dst
            R[d + 1] = 0
            continue
          case 0x20d: // dst = le64 dst
            continue
          case 0x05: // goto
          case 0x06: // gotol
            break
          case 0x15: // if dst == imm
            if (R[d] === imm && R[d + 1] === imm >> 31) break
            continue
          case 0x25: // if dst > imm
            if (R[d + 1] === imm >> 31 ? R[d] >>> 0 > imm >>> 0 : R[d + 1] >>> 0 > (imm >> 31) >>> 0) break
            continue
          case 0x35: // if dst >= imm
            if (R[d + 1] === imm >> 31 ? R[d] >>> 0 >= imm >>> 0 : R[d + 1] >>> 0 > (imm >> 31) >>> 0) break
            continue
          case 0x45: // if dst & imm
            if (((R[d] & imm) | (R[d + 1] & (imm >> 31))) !== 0) break
            continue
          case 0x55: // if dst != imm
            if (R[d] !== imm || R[d + 1] !== imm >> 31) break
            continue
          case 0x65: // if dst s> imm
            if (R[d + 1] === imm >> 31 ? R[d] >>> 0 > imm >>> 0 : R[d + 1] > imm >> 31) break
            continue
          case 0x75: // if dst s>= imm
            if (R[d + 1] === imm >> 31 ? R[d] >>> 0 >= imm >>> 0 : R[d + 1] > imm >> 31) break
            continue
          case 0xa5: // if dst < imm
            if (R[d + 1] === imm >> 31 ? R[d] >>> 0 < imm >>> 0 : R[d + 1] >>> 0 < (imm >> 31) >>> 0) break
            continue
          case 0xb5: // if dst <= imm
            if (R[d + 1] === imm >> 31 ? R[d] >>> 0 <= imm >>> 0 : R[d + 1] >>> 0 < (imm >> 31) >>> 0) break
            continue
          case 0xc5: // if dst s< imm
            if (R[d + 1] === imm >> 31 ? R[d] >>> 0 < imm >>> 0 : R[d + 1] < imm >> 31) break
            continue
          case 0xd5: // if dst s<= imm
            if (R[d + 1] === imm >> 31 ? R[d] >>> 0 <= imm >>> 0 : R[d + 1] < imm >> 31) break
            continue
          case 0x16: // if (32) dst == imm
            if (R[d] === imm) break
            continue
          case 0x26: // if (32) dst > imm
            if (R[d] >>> 0 > imm >>> 0) break
            continue
          case 0x36: // if (32) dst >= imm
            if (R[d] >>> 0 >= imm >>> 0) break
            continue
          case 0x46: // if (32) dst & imm
            if ((R[d] & imm) !== 0) break
            continue
          case 0x56: // if (32) dst != imm
            if (R[d] !== imm) break
            continue
          case 0x66: // if (32) dst s> imm
            if (R[d] > imm) break
            continue
          case 0x76: // if (32) dst s>= imm
            if (R[d] >= imm) break
            continue
          case 0xa6: // if (32) dst < imm
            if (R[d] >>> 0 < imm >>> 0) break
            continue
          case 0xb6: // if (32) dst <= imm
            if (R[d] >>> 0 <= imm >>> 0) break
            continue
          case 0xc6: // if (32) dst s< imm
            if (R[d] < imm) break
            continue
          case 0xd6: // if (32) dst s<= imm
            if (R[d] <= imm) break
            continue
          case 0x1d: // if dst == src
            if (R[d] === R[s] && R[d + 1] === R[s + 1]) break
            continue
          case 0x2d: // if dst > src
            if (R[d + 1] === R[s + 1] ? R[d] >>> 0 > R[s] >>> 0 : R[d + 1] >>> 0 > R[s + 1] >>> 0) break
            continue
          case 0x3d: // if dst >= src
            if (R[d + 1] === R[s + 1] ? R[d] >>> 0 >= R[s] >>> 0 : R[d + 1] >>> 0 > R[s + 1] >>> 0) break
            continue
          case 0x4d: // if dst & src
            if (((R[d] & R[s]) | (R[d + 1] & R[s + 1])) !== 0) break
            continue
          case 0x5d: // if dst != src
            if (R[d] !== R[s] || R[d + 1] !== R[s + 1]) break
            continue
          case 0x6d: // if dst s> src
            if (R[d + 1] === R[s + 1] ? R[d] >>> 0 > R[s] >>> 0 : R[d + 1] > R[s + 1]) break
            continue
          case 0x7d: // if dst s>= src
            if (R[d + 1] === R[s + 1] ? R[d] >>> 0 >= R[s] >>> 0 : R[d + 1] > R[s + 1]) break
            continue
          case 0xad: // if dst < src
            if (R[d + 1] === R[s + 1] ? R[d] >>> 0 < R[s] >>> 0 : R[d + 1] >>> 0 < R[s + 1] >>> 0) break
            continue
          case 0xbd: // if dst <= src
            if (R[d + 1] === R[s + 1] ? R[d] >>> 0 <= R[s] >>> 0 : R[d + 1] >>> 0 < R[s + 1] >>> 0) break
            continue
          case 0xcd: // if dst s< src
            if (R[d + 1] === R[s + 1] ? R[d] >>> 0 < R[s] >>> 0 : R[d + 1] < R[s + 1]) break
            continue
          case 0xdd: // if dst s<= src
            if (R[d + 1] === R[s + 1] ? R[d] >>> 0 <= R[s] >>> 0 : R[d + 1] < R[s + 1]) break
            continue
          case 0x1e: // if (32) dst == src
            if (R[d] === R[s]) break
            continue
          case 0x2e: // if (32) dst > src
            if (R[d] >>> 0 > R[s] >>> 0) break
            continue
          case 0x3e: // if (32) dst >= src
            if (R[d] >>> 0 >= R[s] >>> 0) break
            continue
          case 0x4e: // if (32) dst & src
            if ((R[d] & R[s]) !== 0) break
            continue
          case 0x5e: // if (32) dst != src
            if (R[d] !== R[s]) break
            continue
          case 0x6e: // if (32) dst s> src
            if (R[d] > R[s]) break
            continue
          case 0x7e: // if (32) dst s>= src
            if (R[d] >= R[s]) break
            continue
          case 0xae: // if (32) dst < src
            if (R[d] >>> 0 < R[s] >>> 0) break
            continue
          case 0xbe: // if (32) dst <= src
            if (R[d] >>> 0 <= R[s] >>> 0) break
            continue
          case 0xce: // if (32) dst s< src
            if (R[d] < R[s]) break
            continue
          case 0xde: // if (32) dst s<= src
            if (R[d] <= R[s]) break
            continue
          case 0x71: {
            // dst = *(u8 *)(src + off)
            const a = (R[s] + x) | 0
            const high = R[s + 1]
            if ((high !== KERNEL && high !== 0) || (shadow[a >>> 3] & SHADOW_BYTES) < (a & 7) + 1)
              reads(run, a, high, 1)
            R[d] = view.getUint8(a)
            R[d + 1] = 0
            continue
          }
          case 0x69: {
            // dst = *(u16 *)(src + off)
            const a = (R[s] + x) | 0
            const high = R[s + 1]
            if ((high !== KERNEL && high !== 0) || (shadow[a >>> 3] & SHADOW_BYTES) < (a & 7) + 2)
              reads(run, a, high, 2)
            R[d] = view.getUint16(a, true)
            R[d + 1] = 0
            continue
          }
          case 0x61: {
            // dst = *(u32 *)(src + off)
            const a = (R[s] + x) | 0
            const high = R[s + 1]
            if ((high !== KERNEL && high !== 0) || (shadow[a >>> 3] & SHADOW_BYTES) < (a & 7) + 4)
              reads(run, a, high, 4)
            R[d] = view.getInt32(a, true)
            R[d + 1] = 0
            continue
          }
          case 0x79: {
            // dst = *(u64 *)(src + off)
            const a = (R[s] + x) | 0
            const high = R[s + 1]
            if ((high !== KERNEL && high !== 0) || (shadow[a >>> 3] & SHADOW_BYTES) < (a & 7) + 8)
              reads(run, a, high, 8)
            R[d] = view.getInt32(a, true)
            R[d + 1] = view.getInt32(a + 4, true)
            continue
          }
          case 0x91: {
            // dst = *(s8 *)(src + off)
            const a = (R[s] + x) | 0
            const high = R[s + 1]
            if ((high !== KERNEL && high !== 0) || (shadow[a >>> 3] & SHADOW_BYTES) < (a & 7) + 1)
              reads(run, a, high, 1)
            R[d] = view.getInt8(a)
            R[d + 1] = R[d] >> 31
            continue
          }
          case 0x89: {
            // dst = *(s16 *)(src + off)
            const a = (R[s] + x) | 0
            const high = R[s + 1]
            if ((high !== KERNEL && high !== 0) || (shadow[a >>> 3] & SHADOW_BYTES) < (a & 7) + 2)
              reads(run, a, high, 2)
            R[d] = view.getInt16(a, true)
            R[d + 1] = R[d] >> 31
            continue
          }
          case 0x81: {
            // dst = *(s32 *)(src + off)
            const a = (R[s] + x) | 0
            const high = R[s + 1]
            if ((high !== KERNEL && high !== 0) || (shadow[a >>> 3] & SHADOW_BYTES) < (a & 7) + 4)
              reads(run, a, high, 4)
            R[d] = view.getInt32(a, true)
            R[d + 1] = R[d] >> 31
            continue
          }
          case 0x72: {
            // *(u8 *)(dst + off) = imm
            const a = (R[d] + x) | 0
            const high = R[d + 1]
            const there = shadow[a >>> 3]
            if ((high !== KERNEL && high !== 0) || !(there >= (a & 7) + 1 && there <= 8)) writes(run, a, high, 1)
            view.setInt8(a, imm)
            continue
          }
          case 0x73: {
            // *(u8 *)(dst + off) = src
            const a = (R[d] + x) | 0
            const high = R[d + 1]
            const there = shadow[a >>> 3]
            if ((high !== KERNEL && high !== 0) || !(there >= (a & 7) + 1 && there <= 8)) writes(run, a, high, 1)
            view.setInt8(a, R[s])
            continue
          }
          case 0x6a: {
            // *(u16 *)(dst + off) = imm
            const a = (R[d] + x) | 0
            const high = R[d + 1]
            const there = shadow[a >>> 3]
            if ((high !== KERNEL && high !== 0) || !(there >= (a & 7) + 2 && there <= 8)) writes(run, a, high, 2)
            view.setInt16(a, imm, true)
            continue
          }
          case 0x6b: {
            // *(u16 *)(dst + off) = src
            const a = (R[d] + x) | 0
            const high = R[d + 1]
            const there = shadow[a >>> 3]
            if ((high !== KERNEL && high !== 0) || !(there >= (a & 7) + 2 && there <= 8)) writes(run, a, high, 2)
            view.setInt16(a, R[s], true)
            continue
          }
          case 0x62: {
            // *(u32 *)(dst + off) = imm
            const a = (R[d] + x) | 0
            const high = R[d + 1]
            const there = shadow[a >>> 3]
            if ((high !== KERNEL && high !== 0) || !(there >= (a & 7) + 4 && there <= 8)) writes(run, a, high, 4)
            view.setInt32(a, imm, true)
            continue
          }
          case 0x63: {
            // *(u32 *)(dst + off) = src
            const a = (R[d] + x) | 0
            const high = R[d + 1]
            const there = shadow[a >>> 3]
            if ((high !== KERNEL && high !== 0) || !(there >= (a & 7) + 4 && there <= 8)) writes(run, a, high, 4)
            view.setInt32(a, R[s], true)
            continue
          }
          case 0x7a: {
            // *(u64 *)(dst + off) = imm
            const a = (R[d] + x) | 0
            const high = R[d + 1]
            const there = shadow[a >>> 3]
            if ((high !== KERNEL && high !== 0) || !(there >= (a & 7) + 8 && there <= 8)) writes(run, a, high, 8)
            view.setInt32(a, imm, true)
            view.setInt32(a + 4, imm >> 31, true)
            continue
          }
          case 0x7b: {
            // *(u64 *)(dst + off) = src
            const a = (R[d] + x) | 0
            const high = R[d + 1]
            const there = shadow[a >>> 3]
            if ((high !== KERNEL && high !== 0) || !(there >= (a & 7) + 8 && there <= 8)) writes(run, a, high, 8)
            view.setInt32(a, R[s], true)
            view.setInt32(a + 4, R[s + 1], true)
            continue
          }
          case 0x18: // dst = imm64
            R[d] = imm
            R[d + 1] = code[at + 3]
            continue
          case 0x202: // dst = function
            R[d] = imm
            R[d + 1] = CODE
            continue
          case 0x461: {
            // dst = *(u32 *)(src + off), 0 where nothing is
            const a = (R[s] + x) | 0
            if (R[s + 1] === KERNEL && memory.readable(a, 4)) {
              R[d] = view.getInt32(a, true)
              R[d + 1] = 0
            } else {
              R[d] = 0
              R[d + 1] = 0
            }
            continue
          }
          case 0x469: {
            // dst = *(u16 *)(src + off), 0 where nothing is
            const a = (R[s] + x) | 0
            if (R[s + 1] === KERNEL && memory.readable(a, 2)) {
              R[d] = view.getUint16(a, true)
              R[d + 1] = 0
            } else {
              R[d] = 0
              R[d + 1] = 0
            }
            continue
          }
          case 0x471: {
            // dst = *(u8 *)(src + off), 0 where nothing is
            const a = (R[s] + x) | 0
            if (R[s + 1] === KERNEL && memory.readable(a, 1)) {
              R[d] = view.getUint8(a)
              R[d + 1] = 0
            } else {
              R[d] = 0
              R[d + 1] = 0
            }
            continue
          }
          case 0x479: {
            // dst = *(u64 *)(src + off), 0 where nothing is
            const a = (R[s] + x) | 0
            if (R[s + 1] === KERNEL && memory.readable(a, 8)) {
              R[d] = view.getInt32(a, true)
              R[d + 1] = view.getInt32(a + 4, true)
            } else {
              R[d] = 0
              R[d + 1] = 0
            }
            continue
          }
          case 0x481: {
            // dst = *(s32 *)(src + off), 0 where nothing is
            const a = (R[s] + x) | 0
            if (R[s + 1] === KERNEL && memory.readable(a, 4)) {
              R[d] = view.getInt32(a, true)
              R[d + 1] = R[d] >> 31
            } else {
              R[d] = 0
              R[d + 1] = 0
            }
            continue
          }
          case 0x489: {
            // dst = *(s16 *)(src + off), 0 where nothing is
            const a = (R[s] + x) | 0
            if (R[s + 1] === KERNEL && memory.readable(a, 2)) {
              R[d] = view.getInt16(a, true)
              R[d + 1] = R[d] >> 31
            } else {
              R[d] = 0
              R[d + 1] = 0
            }
            continue
          }
          case 0x491: {
            // dst = *(s8 *)(src + off), 0 where nothing is
            const a = (R[s] + x) | 0
            if (R[s + 1] === KERNEL && memory.readable(a, 1)) {
              R[d] = view.getInt8(a)
              R[d + 1] = R[d] >> 31
            } else {
              R[d] = 0
              R[d + 1] = 0
            }
            continue
          }
          case 0xc3: {
            // atomic on 4 bytes
            const a = run.writable((R[d] + x) | 0, R[d + 1], 4)
            const old = view.getInt32(a, true)
            if (imm === BPF_CMPXCHG) {
              if (R[0] === old) view.setInt32(a, R[s], true)
              R[0] = old
              R[1] = 0
              continue
            }
            const b = R[s]
            view.setInt32(a, combine(imm, old, b), true)
            if ((imm & BPF_FETCH) !== 0) {
              R[s] = old
              R[s + 1] = 0
            }
            continue
          }
          case 0xdb: {
            // atomic on 8 bytes
            const a = run.writable((R[d] + x) | 0, R[d + 1], 8)
            const old = view.getInt32(a, true)
            const oldHigh = view.getInt32(a + 4, true)
            if (imm === BPF_CMPXCHG) {
              if (R[0] === old && R[1] === oldHigh) {
                view.setInt32(a, R[s], true)
                view.setInt32(a + 4, R[s + 1], true)
              }
              R[0] = old
              R[1] = oldHigh
              continue
            }
            const low = combine(imm, old, R[s])
            const carry = (imm & ~BPF_FETCH) === BPF_ADD && low >>> 0 < old >>> 0 ? 1 : 0
            view.setInt32(a, low, true)
            view.setInt32(a + 4, combine(imm, oldHigh, R[s + 1]) + carry, true)
            if ((imm & BPF_FETCH) !== 0) {
              R[s] = old
              R[s + 1] = oldHigh
            }
            continue
          }
          case 0x20: // r0 = packet, 4 bytes
          case 0x28: // r0 = packet, 2 bytes
          case 0x30: // r0 = packet, 1 byte
          case 0x40: // the same, behind src
          case 0x48:
          case 0x50: {
            const indirect = (word & 0x40) !== 0
            const size = (word & 0x18) === 0 ? 4 : (word & 0x18) === 8 ? 2 : 1
            const value = run.loadPacket(indirect ? (R[s] + imm) | 0 : imm, size)
            R[0] = Math.max(value, 0)
            R[1] = 0
            if (value >= 0) continue
            if (depth === 0) return finish(i32, R)
            depth--
            pc = leave(R, kept, depth)
            continue
          }
          case 0xe5: // may_goto
            if (--loops < 0) break
            continue
          case 0x85: {
            // call of a helper or a kernel function
            i32[HIGH_WORD >> 2] = 0
            i32[FRAME_WORD >> 2] = R[20]
            R[0] = calls[imm](run, R[2], R[3], R[4], R[5], R[6], R[7], R[8], R[9], R[10], R[11])
            // It may have let the memory grow.
            i32 = memory.i32
            view = memory.view
            shadow = memory.shadow
            R[1] = i32[HIGH_WORD >> 2]
            if (!run.leaves) continue
            run.leaves = false
            if (depth === 0) return finish(i32, R)
            depth--
            pc = leave(R, kept, depth)
            continue
          }
          case 0x200: {
            // call of a subprogram
            const below = run.below(R[20])
            const base = depth++ * KEPT
            for (let i = 0; i < 10; i++) kept[base + i] = R[12 + i]
            kept[base + 10] = pc
            R[20] = below
            if (--i32[FUEL_WORD >> 2] < 0) throw budgetSpent(run.core.budget)
            pc = x
            continue
          }
          case 0x95: // exit
            if (depth === 0) return finish(i32, R)
            depth--
            pc = leave(R, kept, depth)
            continue
          case 0x20e: // counts a line
            this.#image.counters!.counts[imm]++
            continue
          case 0x201:
            throw endOfCode()
          default:
            throw badOperation(word & 0xffff)
        }
        // The jump is taken.
        const again = code[at + 3]
        if (again !== 0 && (i32[FUEL_WORD >> 2] -= again) < 0) throw budgetSpent(run.core.budget)
        pc = x
      }
    } catch (error) {
      if (error instanceof Fault) error.happened(this.#image, slots[pc / WORDS - 1])
      throw error
    } finally {
      spare.push(registers)
    }
  }
}

/** What the program returns is in r0. */
function finish(i32: Int32Array, R: Int32Array): number {
  i32[HIGH_WORD >> 2] = R[1]
  return R[0]
}

/** Gives the caller its registers back: where it goes on. */
function leave(R: Int32Array, kept: Int32Array, depth: number): number {
  const base = depth * KEPT
  for (let i = 0; i < 10; i++) R[12 + i] = kept[base + i]
  return kept[base + 10]
}

/** One word of what an atomic operation leaves. */
function combine(operation: number, old: number, operand: number): number {
  switch (operation & ~BPF_FETCH) {
    case BPF_ADD:
      return (old + operand) | 0
    case BPF_OR:
      return old | operand
    case BPF_AND:
      return old & operand
    case BPF_XOR:
      return old ^ operand
    default:
      return operand
  }
}

/** An access that the shadow of its first granule did not allow: it may reach into the next. */
function reads(run: Run, low: number, high: number, size: number): void {
  if ((high !== KERNEL && high !== PACKET) || !run.memory.readable(low, size))
    throw badAddress(run.memory, low, high, size, "read")
}
function writes(run: Run, low: number, high: number, size: number): void {
  if ((high !== KERNEL && high !== PACKET) || !run.memory.writable(low, size))
    throw badAddress(run.memory, low, high, size, "write")
}
