import { type Insn, OP_LDDW } from "../isa/index.ts"

/**
 * The instructions of a program, field by field. Every slot has an entry, the second half of a 64-bit load too.
 */
export class Code {
  /** Slots. */
  readonly count: number
  readonly op: Uint8Array
  readonly dst: Uint8Array
  readonly src: Uint8Array
  readonly off: Int16Array
  readonly imm: Int32Array

  /** `bytes` are encoded instructions, little-endian; bytes after the last whole slot are not looked at. */
  constructor(bytes: Uint8Array) {
    const count = bytes.length >>> 3
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.count = count
    this.op = new Uint8Array(count)
    this.dst = new Uint8Array(count)
    this.src = new Uint8Array(count)
    this.off = new Int16Array(count)
    this.imm = new Int32Array(count)
    for (let i = 0; i < count; i++) {
      this.op[i] = bytes[8 * i]
      this.dst[i] = bytes[8 * i + 1] & 15
      this.src[i] = bytes[8 * i + 1] >> 4
      this.off[i] = view.getInt16(8 * i + 2, true)
      this.imm[i] = view.getInt32(8 * i + 4, true)
    }
  }

  /** The instruction that starts at a slot, for the disassembler. */
  insn(slot: number): Insn {
    const { op, dst, src, off, imm } = this
    const insn = { op: op[slot], dst: dst[slot], src: src[slot], off: off[slot], imm: imm[slot] }
    return insn.op === OP_LDDW ? { ...insn, imm64: imm[slot + 1] ?? 0 } : insn
  }
}
