import { SkepError } from "../base/index.ts"
import { type Insn, slotCount } from "./insn.ts"
import { OP_LDDW } from "./opcodes.ts"

/** Bytes of one slot. */
export const SLOT_BYTES = 8

export interface ByteOrder {
  /** True for the byte order of big-endian machines; little-endian otherwise. */
  readonly bigEndian?: boolean
}

/**
 * Instructions as the kernel takes them. Throws `ISA_FIELD_RANGE` when a field does not fit its bits; whether the
 * instruction means something is not asked (`insnProblem` tells).
 */
export function encodeInsns(insns: readonly Insn[], order: ByteOrder = {}): Uint8Array {
  const bytes = new Uint8Array(slotCount(insns) * SLOT_BYTES)
  const view = new DataView(bytes.buffer)
  const big = order.bigEndian === true
  let at = 0
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i]
    if (!fits(insn)) throw rangeError(insn, i)
    bytes[at] = insn.op
    bytes[at + 1] = big ? (insn.dst << 4) | insn.src : (insn.src << 4) | insn.dst
    view.setInt16(at + 2, insn.off, !big)
    view.setInt32(at + 4, insn.imm, !big)
    at += SLOT_BYTES
    if (insn.op === OP_LDDW) {
      view.setInt32(at + 4, insn.imm64 ?? 0, !big)
      at += SLOT_BYTES
    }
  }
  return bytes
}

const isInt32 = (n: number): boolean => (n | 0) === n

function fits(insn: Insn): boolean {
  const { op, dst, src, off, imm, imm64 } = insn
  return (
    (op & 0xff) === op &&
    (dst & 15) === dst &&
    (src & 15) === src &&
    (off << 16) >> 16 === off &&
    isInt32(imm) &&
    (imm64 === undefined ? op !== OP_LDDW : op === OP_LDDW && isInt32(imm64))
  )
}

function rangeError(insn: Insn, index: number): SkepError {
  const { op, dst, src, off, imm, imm64 } = insn
  const high = imm64 === undefined ? "" : ` imm64=${imm64}`
  return new SkepError({
    code: "ISA_FIELD_RANGE",
    message: `instruction ${index} does not fit its encoding: op=${op} dst=${dst} src=${src} off=${off} imm=${imm}${high}`,
    hint: "off is a signed 16-bit number, imm and imm64 signed 32-bit ones; imm64 belongs to lddw (0x18) and to it alone",
  })
}
