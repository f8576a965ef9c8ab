import * as isa from "../../../src/isa/index.ts"
import type { Random } from "../../support/random.ts"
import { moveJumps } from "./moveJumps.ts"

const SLOT = 8
const OPCODE = 0
const REGISTERS = 1
const OFFSET = 2
const IMMEDIATE = 4

/** Tells ALU (4) from ALU64 (7), and JMP (5) from JMP32 (6). */
const OTHER_WIDTH = 3

const slots = (bytes: Uint8Array): number => bytes.length / SLOT
const anySlot = (bytes: Uint8Array, random: Random): number => SLOT * random.below(slots(bytes))

/** Changes a field of a slot: one bit, another small number, or the field of another slot. */
function changeField(bytes: Uint8Array, random: Random): void {
  const at = anySlot(bytes, random)
  const field = random.pick([OPCODE, REGISTERS, REGISTERS, OFFSET, IMMEDIATE, IMMEDIATE])
  switch (random.below(4)) {
    case 0:
      bytes[at + field] ^= 1 << random.below(8)
      break
    case 1:
      bytes[at + field] = random.below(16)
      break
    case 2:
      bytes[at + field] = bytes[anySlot(bytes, random) + field]
      break
    default:
      bytes.fill(random.pick([0, 255]), at + field, at + field + (field < 2 ? 1 : field))
  }
}

/** Another register, as destination or source. */
function changeRegister(bytes: Uint8Array, random: Random): void {
  const at = anySlot(bytes, random) + REGISTERS
  const register = random.below(11)
  bytes[at] = random.chance(0.5) ? (bytes[at] & 0xf0) | register : (bytes[at] & 0x0f) | (register << 4)
}

/** An offset or a number that is a little larger or smaller, or at the edge of a range. */
function changeNumber(bytes: Uint8Array, random: Random): void {
  const at = anySlot(bytes, random)
  const view = new DataView(bytes.buffer, bytes.byteOffset + at)
  const step = random.pick([-8, -4, -2, -1, 1, 2, 4, 8])
  if (random.chance(0.4)) view.setInt16(OFFSET, view.getInt16(OFFSET, true) + step, true)
  else if (random.chance(0.6)) view.setInt32(IMMEDIATE, view.getInt32(IMMEDIATE, true) + step, true)
  else view.setInt32(IMMEDIATE, random.pick([0, 1, 31, 32, 63, 64, 255, 0x7fff, 0x7fffffff, -1, -0x80000000]), true)
}

/** Another operation of the same class, the other width, or a register in place of a constant and the other way round. */
function changeOperation(bytes: Uint8Array, random: Random): void {
  const at = anySlot(bytes, random)
  const group = bytes[at] & isa.BPF_CLASS_MASK
  const computes = group === isa.BPF_ALU || group === isa.BPF_ALU64 || group === isa.BPF_JMP || group === isa.BPF_JMP32
  if (!computes) bytes[at] = (bytes[at] & ~0x18) | random.pick([isa.BPF_B, isa.BPF_H, isa.BPF_W, isa.BPF_DW])
  else if (random.chance(0.6)) bytes[at] = (bytes[at] & 0x0f) | (random.below(14) << 4)
  else if (random.chance(0.5)) bytes[at] ^= isa.BPF_X
  else bytes[at] ^= OTHER_WIDTH
}

function exchange(bytes: Uint8Array, random: Random): void {
  const a = anySlot(bytes, random)
  const b = anySlot(bytes, random)
  const first = bytes.slice(a, a + SLOT)
  bytes.copyWithin(a, b, b + SLOT)
  bytes.set(first, b)
}

/** Takes slots out, and puts others there; jumps over the place lead where they did. */
function replace(bytes: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
  const moved = moveJumps(bytes, at, removed, slots(inserted))
  const result = new Uint8Array(bytes.length - SLOT * removed + inserted.length)
  result.set(moved.subarray(0, SLOT * at))
  result.set(inserted, SLOT * at)
  result.set(moved.subarray(SLOT * (at + removed)), SLOT * at + inserted.length)
  return result
}

/** Some slots of a program, from anywhere. */
function part(bytes: Uint8Array, random: Random): Uint8Array {
  const from = random.below(slots(bytes))
  return bytes.slice(SLOT * from, SLOT * (from + 1 + random.below(4)))
}

/** A program with one to three small changes; `other` is one that parts are taken from. */
export function mutate(program: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = program.slice()
  for (let i = random.pick([1, 1, 2, 3]); i > 0; i--) {
    const at = random.below(slots(bytes))
    const kind = random.below(100)
    if (kind < 30) changeField(bytes, random)
    else if (kind < 50) changeRegister(bytes, random)
    else if (kind < 65) changeNumber(bytes, random)
    else if (kind < 77) changeOperation(bytes, random)
    else if (kind < 82) exchange(bytes, random)
    else if (kind < 88 && slots(bytes) > 2) bytes = replace(bytes, at, 1, new Uint8Array(0))
    else if (kind < 94) bytes = replace(bytes, at, 0, part(bytes, random))
    else bytes = replace(bytes, at, 0, part(other, random))
  }
  return bytes
}
