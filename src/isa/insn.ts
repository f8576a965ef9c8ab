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
