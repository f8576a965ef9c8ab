/**
 * One BPF instruction, as data. A 64-bit immediate load (`BPF_LD | BPF_IMM | BPF_DW`) is one `Insn` that takes two
 * slots of the encoded form: `imm` is the low word, `imm64` the high word of its constant.
 *
 *     msb                                                        lsb
 *     +------------------------+----------------+----+----+--------+
 *     |immediate               |offset          |src |dst |opcode  |
 *     +------------------------+----------------+----+----+--------+
 *
 * Source: RFC 9669 section 3.
 */
export interface Insn {
  /** Opcode byte: class, and source/operation or size/mode. */
  op: number
  /** Destination register, 0 to 10. */
  dst: number
  /** Source register, or a pseudo value (`BPF_PSEUDO_MAP_FD`, `BPF_PSEUDO_CALL`, …). */
  src: number
  /** Signed 16-bit offset; jump distances count slots of 8 bytes from the next instruction. */
  off: number
  /** Signed 32-bit immediate. */
  imm: number
  /** High 32 bits (as a signed number) of a 64-bit immediate load; present exactly for that instruction. */
  imm64?: number
}

/** Slots of 8 bytes that an instruction takes: 2 for a 64-bit immediate load, 1 otherwise. */
export function insnSlots(insn: Insn): 1 | 2 {
  return insn.op === 0x18 ? 2 : 1
}

/** Slots that a list of instructions takes. */
export function slotCount(insns: readonly Insn[]): number {
  let count = insns.length
  for (let i = 0; i < insns.length; i++) if (insns[i].op === 0x18) count++
  return count
}

/** The slot at which each instruction starts, with the slot after the last one at the end: `insns.length + 1` numbers. */
export function slotStarts(insns: readonly Insn[]): Int32Array {
  const starts = new Int32Array(insns.length + 1)
  let slot = 0
  for (let i = 0; i < insns.length; i++) {
    starts[i] = slot
    slot += insnSlots(insns[i])
  }
  starts[insns.length] = slot
  return starts
}
