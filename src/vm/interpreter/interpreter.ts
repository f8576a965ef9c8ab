import { BPF_IND, sizeBytes } from "../../isa/index.ts"
import { CODE, FRAME_WORD, FUEL_WORD, HIGH_WORD, KERNEL } from "../address.ts"
import type { ArgumentWords, Code, CodeImage } from "../code.ts"
import { badCallback, badOperation, budgetSpent, endOfCode, Fault } from "../fault.ts"
import type { Run } from "../run.ts"
import { multiply, negate, shiftLeft, shiftRight, shiftRightSigned, subtract } from "./arithmetic.ts"
import { atomic } from "./atomic.ts"
import { isBelow, isLess } from "./conditions.ts"
import { convert } from "./convert.ts"
import { type Decoded, decode, WORDS } from "./decode.ts"
import { divide } from "./divide.ts"
import { mayRead, mayWrite, probe, reads, writes } from "./memory.ts"

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
 * numbered as `decode.ts` says. What takes more than a line or two is a function, in a file for each class of instructions. The loop itself stays in
 * one piece: V8 keeps its state in registers then, and a program takes a fifth longer where it is called with that state.
 */
class Interpreted implements Code {
  readonly #image: CodeImage
  readonly #decoded: Decoded

  constructor(image: CodeImage) {
    this.#image = image
    this.#decoded = decode(image)
  }

  invoke(run: Run, slot: number, frame: number, ...words: ArgumentWords): number {
    const { words: code, calls, slots, wordAt } = this.#decoded
    const registers = spare.pop() ?? { words: new Int32Array(22), kept: new Int32Array(KEPT * 16) }
    const { words: R, kept } = registers
    for (let i = 0; i < 10; i++) R[2 + i] = words[i]
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
        switch (word & 0xff) {
          case 0x00: {
            // dst += imm
            const a = R[d]
            const sum = (a + imm) | 0
            R[d + 1] = R[d + 1] + (imm >> 31) + (sum >>> 0 < a >>> 0 ? 1 : 0)
            R[d] = sum
            continue
          }
          case 0x01: // dst -= imm
            subtract(R, d, imm, imm >> 31)
            continue
          case 0x02: // dst *= imm
            multiply(R, d, imm, imm >> 31)
            continue
          case 0x04: // dst |= imm
            R[d] |= imm
            R[d + 1] |= imm >> 31
            continue
          case 0x05: // dst &= imm
            R[d] &= imm
            R[d + 1] &= imm >> 31
            continue
          case 0x06: // dst <<= imm
            shiftLeft(R, d, imm)
            continue
          case 0x07: // dst >>= imm
            shiftRight(R, d, imm)
            continue
          case 0x08: // dst = -dst
            negate(R, d)
            continue
          case 0x0a: // dst ^= imm
            R[d] ^= imm
            R[d + 1] ^= imm >> 31
            continue
          case 0x0b: // dst = imm
            R[d] = imm
            R[d + 1] = imm >> 31
            continue
          case 0x0c: // dst s>>= imm
            shiftRightSigned(R, d, imm)
            continue
          case 0x10: {
            // dst += src
            const a = R[d]
            const sum = (a + R[s]) | 0
            R[d + 1] = R[d + 1] + R[s + 1] + (sum >>> 0 < a >>> 0 ? 1 : 0)
            R[d] = sum
            continue
          }
          case 0x11: // dst -= src
            subtract(R, d, R[s], R[s + 1])
            continue
          case 0x12: // dst *= src
            multiply(R, d, R[s], R[s + 1])
            continue
          case 0x14: // dst |= src
            R[d] |= R[s]
            R[d + 1] |= R[s + 1]
            continue
          case 0x15: // dst &= src
            R[d] &= R[s]
            R[d + 1] &= R[s + 1]
            continue
          case 0x16: // dst <<= src
            shiftLeft(R, d, R[s])
            continue
          case 0x17: // dst >>= src
            shiftRight(R, d, R[s])
            continue
          case 0x1a: // dst ^= src
            R[d] ^= R[s]
            R[d + 1] ^= R[s + 1]
            continue
          case 0x1b: // dst = src
            R[d] = R[s]
            R[d + 1] = R[s + 1]
            continue
          case 0x1c: // dst s>>= src
            shiftRightSigned(R, d, R[s])
            continue
          case 0x20: // dst += imm, 32 bits
            R[d] = R[d] + imm
            R[d + 1] = 0
            continue
          case 0x21: // dst -= imm, 32 bits
            R[d] = R[d] - imm
            R[d + 1] = 0
            continue
          case 0x22: // dst *= imm, 32 bits
            R[d] = Math.imul(R[d], imm)
            R[d + 1] = 0
            continue
          case 0x24: // dst |= imm, 32 bits
            R[d] = R[d] | imm
            R[d + 1] = 0
            continue
          case 0x25: // dst &= imm, 32 bits
            R[d] = R[d] & imm
            R[d + 1] = 0
            continue
          case 0x26: // dst <<= imm, 32 bits
            R[d] = R[d] << imm
            R[d + 1] = 0
            continue
          case 0x27: // dst >>= imm, 32 bits
            R[d] = R[d] >>> imm
            R[d + 1] = 0
            continue
          case 0x28: // dst = -dst, 32 bits
            R[d] = -R[d]
            R[d + 1] = 0
            continue
          case 0x2a: // dst ^= imm, 32 bits
            R[d] = R[d] ^ imm
            R[d + 1] = 0
            continue
          case 0x2b: // dst = imm, 32 bits
            R[d] = imm
            R[d + 1] = 0
            continue
          case 0x2c: // dst s>>= imm, 32 bits
            R[d] = R[d] >> imm
            R[d + 1] = 0
            continue
          case 0x30: // dst += src, 32 bits
            R[d] = R[d] + R[s]
            R[d + 1] = 0
            continue
          case 0x31: // dst -= src, 32 bits
            R[d] = R[d] - R[s]
            R[d + 1] = 0
            continue
          case 0x32: // dst *= src, 32 bits
            R[d] = Math.imul(R[d], R[s])
            R[d + 1] = 0
            continue
          case 0x34: // dst |= src, 32 bits
            R[d] = R[d] | R[s]
            R[d + 1] = 0
            continue
          case 0x35: // dst &= src, 32 bits
            R[d] = R[d] & R[s]
            R[d + 1] = 0
            continue
          case 0x36: // dst <<= src, 32 bits
            R[d] = R[d] << R[s]
            R[d + 1] = 0
            continue
          case 0x37: // dst >>= src, 32 bits
            R[d] = R[d] >>> R[s]
            R[d + 1] = 0
            continue
          case 0x3a: // dst ^= src, 32 bits
            R[d] = R[d] ^ R[s]
            R[d + 1] = 0
            continue
          case 0x3b: // dst = src, 32 bits
            R[d] = R[s]
            R[d + 1] = 0
            continue
          case 0x3c: // dst s>>= src, 32 bits
            R[d] = R[d] >> R[s]
            R[d + 1] = 0
            continue
          case 0x40: // moves that extend the sign, byte swaps
            convert(x, R, d, s)
            continue
          case 0x41: // dst /= imm, dst %= imm
            divide(x, R, d, imm, imm >> 31)
            continue
          case 0x42: // dst /= src, dst %= src
            divide(x, R, d, R[s], R[s + 1])
            continue
          case 0x51: // if dst == imm
            if (R[d] === imm && R[d + 1] === imm >> 31) break
            continue
          case 0x52: // if dst > imm
            if (isBelow(imm, imm >> 31, R[d], R[d + 1])) break
            continue
          case 0x53: // if dst >= imm
            if (!isBelow(R[d], R[d + 1], imm, imm >> 31)) break
            continue
          case 0x54: // if dst & imm
            if (((R[d] & imm) | (R[d + 1] & (imm >> 31))) !== 0) break
            continue
          case 0x55: // if dst != imm
            if (R[d] !== imm || R[d + 1] !== imm >> 31) break
            continue
          case 0x56: // if dst s> imm
            if (isLess(imm, imm >> 31, R[d], R[d + 1])) break
            continue
          case 0x57: // if dst s>= imm
            if (!isLess(R[d], R[d + 1], imm, imm >> 31)) break
            continue
          case 0x5a: // if dst < imm
            if (isBelow(R[d], R[d + 1], imm, imm >> 31)) break
            continue
          case 0x5b: // if dst <= imm
            if (!isBelow(imm, imm >> 31, R[d], R[d + 1])) break
            continue
          case 0x5c: // if dst s< imm
            if (isLess(R[d], R[d + 1], imm, imm >> 31)) break
            continue
          case 0x5d: // if dst s<= imm
            if (!isLess(imm, imm >> 31, R[d], R[d + 1])) break
            continue
          case 0x61: // if dst == src
            if (R[d] === R[s] && R[d + 1] === R[s + 1]) break
            continue
          case 0x62: // if dst > src
            if (isBelow(R[s], R[s + 1], R[d], R[d + 1])) break
            continue
          case 0x63: // if dst >= src
            if (!isBelow(R[d], R[d + 1], R[s], R[s + 1])) break
            continue
          case 0x64: // if dst & src
            if (((R[d] & R[s]) | (R[d + 1] & R[s + 1])) !== 0) break
            continue
          case 0x65: // if dst != src
            if (R[d] !== R[s] || R[d + 1] !== R[s + 1]) break
            continue
          case 0x66: // if dst s> src
            if (isLess(R[s], R[s + 1], R[d], R[d + 1])) break
            continue
          case 0x67: // if dst s>= src
            if (!isLess(R[d], R[d + 1], R[s], R[s + 1])) break
            continue
          case 0x6a: // if dst < src
            if (isBelow(R[d], R[d + 1], R[s], R[s + 1])) break
            continue
          case 0x6b: // if dst <= src
            if (!isBelow(R[s], R[s + 1], R[d], R[d + 1])) break
            continue
          case 0x6c: // if dst s< src
            if (isLess(R[d], R[d + 1], R[s], R[s + 1])) break
            continue
          case 0x6d: // if dst s<= src
            if (!isLess(R[s], R[s + 1], R[d], R[d + 1])) break
            continue
          case 0x71: // if dst == imm, 32 bits
            if (R[d] === imm) break
            continue
          case 0x72: // if dst > imm, 32 bits
            if (R[d] >>> 0 > imm >>> 0) break
            continue
          case 0x73: // if dst >= imm, 32 bits
            if (R[d] >>> 0 >= imm >>> 0) break
            continue
          case 0x74: // if dst & imm, 32 bits
            if ((R[d] & imm) !== 0) break
            continue
          case 0x75: // if dst != imm, 32 bits
            if (R[d] !== imm) break
            continue
          case 0x76: // if dst s> imm, 32 bits
            if (R[d] > imm) break
            continue
          case 0x77: // if dst s>= imm, 32 bits
            if (R[d] >= imm) break
            continue
          case 0x7a: // if dst < imm, 32 bits
            if (R[d] >>> 0 < imm >>> 0) break
            continue
          case 0x7b: // if dst <= imm, 32 bits
            if (R[d] >>> 0 <= imm >>> 0) break
            continue
          case 0x7c: // if dst s< imm, 32 bits
            if (R[d] < imm) break
            continue
          case 0x7d: // if dst s<= imm, 32 bits
            if (R[d] <= imm) break
            continue
          case 0x81: // if dst == src, 32 bits
            if (R[d] === R[s]) break
            continue
          case 0x82: // if dst > src, 32 bits
            if (R[d] >>> 0 > R[s] >>> 0) break
            continue
          case 0x83: // if dst >= src, 32 bits
            if (R[d] >>> 0 >= R[s] >>> 0) break
            continue
          case 0x84: // if dst & src, 32 bits
            if ((R[d] & R[s]) !== 0) break
            continue
          case 0x85: // if dst != src, 32 bits
            if (R[d] !== R[s]) break
            continue
          case 0x86: // if dst s> src, 32 bits
            if (R[d] > R[s]) break
            continue
          case 0x87: // if dst s>= src, 32 bits
            if (R[d] >= R[s]) break
            continue
          case 0x8a: // if dst < src, 32 bits
            if (R[d] >>> 0 < R[s] >>> 0) break
            continue
          case 0x8b: // if dst <= src, 32 bits
            if (R[d] >>> 0 <= R[s] >>> 0) break
            continue
          case 0x8c: // if dst s< src, 32 bits
            if (R[d] < R[s]) break
            continue
          case 0x8d: // if dst s<= src, 32 bits
            if (R[d] <= R[s]) break
            continue
          case 0x90: {
            // dst = *(u32 *)(src + off)
            const a = (R[s] + x) | 0
            if (!mayRead(shadow, a, R[s + 1], 4)) reads(memory, a, R[s + 1], 4)
            R[d] = view.getInt32(a, true)
            R[d + 1] = 0
            continue
          }
          case 0x91: {
            // dst = *(u16 *)(src + off)
            const a = (R[s] + x) | 0
            if (!mayRead(shadow, a, R[s + 1], 2)) reads(memory, a, R[s + 1], 2)
            R[d] = view.getUint16(a, true)
            R[d + 1] = 0
            continue
          }
          case 0x92: {
            // dst = *(u8 *)(src + off)
            const a = (R[s] + x) | 0
            if (!mayRead(shadow, a, R[s + 1], 1)) reads(memory, a, R[s + 1], 1)
            R[d] = view.getUint8(a)
            R[d + 1] = 0
            continue
          }
          case 0x93: {
            // dst = *(u64 *)(src + off)
            const a = (R[s] + x) | 0
            if (!mayRead(shadow, a, R[s + 1], 8)) reads(memory, a, R[s + 1], 8)
            R[d] = view.getInt32(a, true)
            R[d + 1] = view.getInt32(a + 4, true)
            continue
          }
          case 0x94: {
            // dst = *(s32 *)(src + off)
            const a = (R[s] + x) | 0
            if (!mayRead(shadow, a, R[s + 1], 4)) reads(memory, a, R[s + 1], 4)
            R[d] = view.getInt32(a, true)
            R[d + 1] = R[d] >> 31
            continue
          }
          case 0x95: {
            // dst = *(s16 *)(src + off)
            const a = (R[s] + x) | 0
            if (!mayRead(shadow, a, R[s + 1], 2)) reads(memory, a, R[s + 1], 2)
            R[d] = view.getInt16(a, true)
            R[d + 1] = R[d] >> 31
            continue
          }
          case 0x96: {
            // dst = *(s8 *)(src + off)
            const a = (R[s] + x) | 0
            if (!mayRead(shadow, a, R[s + 1], 1)) reads(memory, a, R[s + 1], 1)
            R[d] = view.getInt8(a)
            R[d + 1] = R[d] >> 31
            continue
          }
          case 0x97: // a load through a typed pointer
            probe(imm, R, d, s, x, run)
            continue
          case 0x98: {
            // *(u32 *)(dst + off) = imm
            const a = (R[d] + x) | 0
            if (!mayWrite(shadow, a, R[d + 1], 4)) writes(memory, a, R[d + 1], 4)
            view.setInt32(a, imm, true)
            continue
          }
          case 0x99: {
            // *(u16 *)(dst + off) = imm
            const a = (R[d] + x) | 0
            if (!mayWrite(shadow, a, R[d + 1], 2)) writes(memory, a, R[d + 1], 2)
            view.setInt16(a, imm, true)
            continue
          }
          case 0x9a: {
            // *(u8 *)(dst + off) = imm
            const a = (R[d] + x) | 0
            if (!mayWrite(shadow, a, R[d + 1], 1)) writes(memory, a, R[d + 1], 1)
            view.setInt8(a, imm)
            continue
          }
          case 0x9b: {
            // *(u64 *)(dst + off) = imm
            const a = (R[d] + x) | 0
            if (!mayWrite(shadow, a, R[d + 1], 8)) writes(memory, a, R[d + 1], 8)
            view.setInt32(a, imm, true)
            view.setInt32(a + 4, imm >> 31, true)
            continue
          }
          case 0x9c: {
            // *(u32 *)(dst + off) = src
            const a = (R[d] + x) | 0
            if (!mayWrite(shadow, a, R[d + 1], 4)) writes(memory, a, R[d + 1], 4)
            view.setInt32(a, R[s], true)
            continue
          }
          case 0x9d: {
            // *(u16 *)(dst + off) = src
            const a = (R[d] + x) | 0
            if (!mayWrite(shadow, a, R[d + 1], 2)) writes(memory, a, R[d + 1], 2)
            view.setInt16(a, R[s], true)
            continue
          }
          case 0x9e: {
            // *(u8 *)(dst + off) = src
            const a = (R[d] + x) | 0
            if (!mayWrite(shadow, a, R[d + 1], 1)) writes(memory, a, R[d + 1], 1)
            view.setInt8(a, R[s])
            continue
          }
          case 0x9f: {
            // *(u64 *)(dst + off) = src
            const a = (R[d] + x) | 0
            if (!mayWrite(shadow, a, R[d + 1], 8)) writes(memory, a, R[d + 1], 8)
            view.setInt32(a, R[s], true)
            view.setInt32(a + 4, R[s + 1], true)
            continue
          }
          case 0xa0: // dst = imm64
            R[d] = imm
            R[d + 1] = code[at + 3]
            continue
          case 0xa1: // atomic on 4 bytes
            atomic(4, imm, R, d, s, x, run)
            continue
          case 0xa2: // atomic on 8 bytes
            atomic(8, imm, R, d, s, x, run)
            continue
          case 0xa3: {
            // legacy load from the packet
            const value = run.loadPacket(
              (code[at + 3] & BPF_IND) !== 0 ? (R[s] + imm) | 0 : imm,
              sizeBytes(code[at + 3]),
            )
            R[0] = Math.max(value, 0)
            R[1] = 0
            if (value >= 0) continue
            if (depth === 0) return finish(i32, R)
            pc = leave(R, kept, --depth)
            continue
          }
          case 0xa4: // goto
            break
          case 0xa5: // may_goto
            if (--loops < 0) break
            continue
          case 0xa6: {
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
            pc = leave(R, kept, --depth)
            continue
          }
          case 0xa7: {
            // call of a subprogram
            const below = run.below(R[20])
            enter(R, kept, depth++, pc)
            R[20] = below
            if (--i32[FUEL_WORD >> 2] < 0) throw budgetSpent(run.core.budget)
            pc = x
            continue
          }
          case 0xa8: // exit
            if (depth === 0) return finish(i32, R)
            pc = leave(R, kept, --depth)
            continue
          case 0xa9: // counts a line
            this.#image.counters!.counts[imm]++
            continue
          case 0xaa:
            throw endOfCode()
          default:
            throw badOperation(word & 0xff)
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

/** Keeps the registers of a caller that goes on at `pc`. */
function enter(R: Int32Array, kept: Int32Array, depth: number, pc: number): void {
  const base = depth * KEPT
  for (let i = 0; i < 10; i++) kept[base + i] = R[12 + i]
  kept[base + 10] = pc
}

/** Gives the caller its registers back: where it goes on. */
function leave(R: Int32Array, kept: Int32Array, depth: number): number {
  const base = depth * KEPT
  for (let i = 0; i < 10; i++) R[12 + i] = kept[base + i]
  return kept[base + 10]
}
