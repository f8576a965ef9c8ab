import type { Cursor } from "./asmCursor.ts"
import { atRegister, checkHalf, full, immediate, MAX32, MIN32, operand, type Register } from "./asmOperand.ts"
import * as b from "./build.ts"
import type { Insn } from "./insn.ts"
import * as o from "./opcodes.ts"

export interface Place {
  readonly size: number
  readonly sign: boolean
  readonly base: number
  readonly off: number
}

const SIZES: readonly (readonly [text: string, size: number, sign: boolean])[] = [
  ["u8", o.BPF_B, false],
  ["u16", o.BPF_H, false],
  ["u32", o.BPF_W, false],
  ["u64", o.BPF_DW, false],
  ["s8", o.BPF_B, true],
  ["s16", o.BPF_H, true],
  ["s32", o.BPF_W, true],
]

/** `(u64 *)`, the first half of a place. */
function cell(c: Cursor): { size: number; sign: boolean } {
  c.expect("(", "before the type of the memory")
  c.skipSpace()
  const start = c.at
  const word = c.word()
  const found = SIZES.find(([text]) => text === word)
  if (found === undefined) {
    c.at = start
    throw c.error("expected u8, u16, u32, u64, s8, s16 or s32")
  }
  c.expect("*", "after the type of the memory")
  c.expect(")", "after the type of the memory")
  return { size: found[1], sign: found[2] }
}

/** `r1 +8`, `r1 + 8` */
export function address(c: Cursor): { base: number; off: number } {
  const base = full(c)
  const negative = c.take("-")
  if (!negative && !c.take("+")) return { base, off: 0 }
  const off = c.integer(negative ? 0 : -0x8000, negative ? 0x8000 : 0x7fff, "an offset")
  return { base, off: negative ? 0 - off : off }
}

/** `(u64 *)(r1 +8)` */
export function pointer(c: Cursor): Place {
  const { size, sign } = cell(c)
  c.expect("(", "before the address")
  const { base, off } = address(c)
  c.expect(")", "after the address")
  return { size, sign, base, off }
}

/** After the star: a load from memory, or from a packet. */
export function load(c: Cursor, dst: Register): Insn {
  const start = c.at
  const { size, sign } = cell(c)
  if (c.take("skb")) {
    if (dst.number !== 0 || dst.half || sign || size === o.BPF_DW) {
      throw c.error("a packet load gives 8, 16 or 32 bits in r0", { from: start })
    }
    c.expect("[", "after skb")
    const src = atRegister(c) ? full(c) : undefined
    const imm = src === undefined || c.atSign() ? packetOffset(c) : 0
    c.expect("]", "after the offset")
    return src === undefined ? b.loadAbs(size, imm) : b.loadInd(size, src, imm)
  }
  c.expect("(", "before the address")
  const { base, off } = address(c)
  c.expect(")", "after the address")
  checkHalf(c, dst, size)
  if (!sign) return b.loadMem(size, dst.number, base, off)
  if (dst.half) throw c.error("a sign-extending load needs a whole register", { from: start })
  return b.loadMemSx(size, dst.number, base, off)
}

/** `5`, `-5`, `+ 5`, `- 5` */
function packetOffset(c: Cursor): number {
  if (c.take("-")) return 0 - c.integer(0, -MIN32, "an offset")
  c.take("+")
  return c.integer(MIN32, MAX32, "an offset")
}

/** After the star: `(u64 *)(r1 +8) = r2`, and the same with an immediate. */
export function store(c: Cursor, opcode: number | undefined): Insn {
  const { size, base, off } = unsignedPlace(c)
  c.expect("=", "after the place that is stored to")
  if (atRegister(c)) return b.storeReg(size, base, operand(c, size), off)
  return b.storeImm(size, base, off, immediate(c, size !== o.BPF_DW || opcode !== undefined))
}

export function unsignedPlace(c: Cursor): Place {
  const start = c.at
  const place = pointer(c)
  if (place.sign) throw c.error("what is stored has no sign: u8, u16, u32 or u64", { from: start })
  return place
}
