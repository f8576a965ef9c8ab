import { SkepError } from "../base/index.ts"
import { type ByteOrder, SLOT_BYTES } from "./encode.ts"
import type { Insn } from "./insn.ts"
import { OP_LDDW } from "./opcodes.ts"
import { insnProblem } from "./validity.ts"

/**
 * Reads encoded instructions and refuses what is not one: unknown opcodes (`ISA_UNKNOWN_OPCODE`), registers above
 * r10 (`ISA_BAD_REGISTER`), reserved fields that are not zero (`ISA_RESERVED_FIELD`), meaningless values
 * (`ISA_BAD_PSEUDO`, `ISA_BAD_OFFSET`, `ISA_BAD_IMMEDIATE`), a 64-bit load that is cut off (`ISA_TRUNCATED`), bytes
 * that are no whole number of slots (`ISA_BAD_LENGTH`). Messages start with the slot.
 */
export function decodeInsns(bytes: Uint8Array, order: ByteOrder = {}): Insn[] {
  if (bytes.length % SLOT_BYTES !== 0) {
    throw new SkepError({
      code: "ISA_BAD_LENGTH",
      message: `${bytes.length} bytes of code are not a whole number of 8-byte slots`,
      hint: "the code is cut off, or is not BPF",
    })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = order.bigEndian !== true
  const insns: Insn[] = []
  for (let at = 0; at < bytes.length; at += SLOT_BYTES) {
    const op = bytes[at]
    const registers = bytes[at + 1]
    const insn: Insn = {
      op,
      dst: little ? registers & 15 : registers >> 4,
      src: little ? registers >> 4 : registers & 15,
      off: view.getInt16(at + 2, little),
      imm: view.getInt32(at + 4, little),
    }
    const slot = at / SLOT_BYTES
    if (op === OP_LDDW) {
      at += SLOT_BYTES
      if (at >= bytes.length) throw truncated(slot)
      if (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 0 || bytes[at + 3] !== 0) {
        throw secondSlot(slot + 1)
      }
      insn.imm64 = view.getInt32(at + 4, little)
    }
    const problem = insnProblem(insn)
    if (problem !== undefined) throw new SkepError({ ...problem, message: `slot ${slot}: ${problem.message}` })
    insns.push(insn)
  }
  return insns
}

const truncated = (slot: number): SkepError =>
  new SkepError({
    code: "ISA_TRUNCATED",
    message: `slot ${slot}: a 64-bit immediate load has no second slot`,
    hint: "the code is cut off",
  })

const secondSlot = (slot: number): SkepError =>
  new SkepError({
    code: "ISA_RESERVED_FIELD",
    message: `slot ${slot}: the second slot of a 64-bit immediate load has fields other than its immediate`,
    hint: "opcode, registers and offset of the second slot must be 0",
  })
