import { leaks } from "../alu/check.ts"
import type { Env } from "../env.ts"
import { formatBits } from "../formatBits.ts"
import { EACCES } from "../refuse.ts"
import { ADD_CONST, isPointer, Kind, type Reg, UNKNOWN, ZERO_REG } from "../reg.ts"
import { fitsU32, isConstant } from "../scalar/index.ts"
import { Byte, byteOf, type Frame, Slot } from "../state.ts"
import { fixedOffset, frameOf } from "./stackBounds.ts"
import { checkStackInitialized } from "./stackRange.ts"

/** Which slot of which frame an instruction moves a register to or from. */
export const stackStep = (frame: Frame, index: number): number => (frame.number << 8) | index

/** Bytes of a slot that a spilled register takes. */
export function spillSize(slot: Slot): number {
  let size = 0
  while (size < 8 && byteOf(slot.types, 7 - size) === Byte.spill) size++
  return size
}

/** Bits that a number takes, as far as is known. */
function width(reg: Reg): number {
  const { umax } = reg.scalar
  return umax === 0n ? 0 : umax.toString(2).length
}

/** Gives a spilled number an id, so that it and what is loaded from it know of each other. */
export function linkSlot(env: Env, frame: Frame, index: number): Reg {
  const slot = frame.stack[index]
  let { reg } = slot
  if (reg.kind !== Kind.scalar) return reg
  if (reg.id & ADD_CONST) reg = reg.with({ id: 0, off: 0 })
  if (reg.id === 0 && !isConstant(reg.scalar)) reg = reg.withId(env.newId())
  if (reg !== slot.reg) frame.stack[index] = new Slot(slot.types, reg)
  return reg
}

/** A load from the stack into a register, or (undefined) into none: an atomic operation. */
export function readStack(env: Env, register: number, off: number, size: number, dst: number | undefined): void {
  const { scalar } = env.regs[register]
  const frame = frameOf(env, register)
  if (isConstant(scalar)) {
    readFixed(env, frame, fixedOffset(env, register, off), size, dst)
    return
  }
  if (dst === undefined) {
    const where = `var_off=${formatBits(scalar.bits)} off=${off} size=${size}`
    env.refuse(EACCES, `variable offset stack pointer cannot be passed into helper function; ${where}`)
  }
  if (!env.privileged) {
    env.refuse(
      EACCES,
      `R${register} variable offset stack access prohibited for !root, var_off=${formatBits(scalar.bits)}`,
    )
  }
  checkStackInitialized(env, register, off, size, { write: false, zero: false })
  const least = Number(scalar.smin) + off
  readBytes(env, frame, least, Number(scalar.smax) + off + size, dst as number)
}

/** Zero where all bytes are zero, else any number. */
function readBytes(env: Env, frame: Frame, from: number, to: number, dst: number): void {
  let zeros = true
  for (let at = from; at < to && zeros; at++) {
    const byte = -at - 1
    env.told.slot(byte >> 3)
    zeros = byteOf(frame.stack[byte >> 3].types, byte & 7) === Byte.zero
  }
  env.set(dst, zeros ? ZERO_REG : UNKNOWN)
}

function readFixed(env: Env, frame: Frame, off: number, size: number, dst: number | undefined): void {
  const lowest = -off - 1
  const index = lowest >> 3
  const slot = frame.stack[index]
  env.told.slot(index)
  env.liveness.read(frame.number, index)
  if (!slot.isSpill) {
    checkReadable(env, slot, off, size)
    if (dst !== undefined) readBytes(env, frame, off, off + size, dst)
    return
  }
  const spilled = spillSize(slot)
  const step = stackStep(frame, index)
  if (size === 8 && spilled === 8) {
    if (dst !== undefined) {
      env.set(dst, env.privileged ? linkSlot(env, frame, index) : slot.reg)
      env.record(step, undefined)
    } else {
      if (leaks(env, slot.reg)) env.refuse(EACCES, `leaking pointer from stack off ${off}`)
      env.record(step, undefined)
    }
    return
  }
  if (isPointer(slot.reg)) {
    env.told.line(env.slot, "; ")
    env.refuse(EACCES, "invalid size of register fill")
  }
  if (dst === undefined) return
  // On a little-endian machine the low part of a number is at its lowest address.
  const fits = env.atLeast(6, 9) ? size <= spilled : size === spilled
  if (fits && off % 8 === 0) {
    let reg = slot.reg
    if (env.privileged && size === 4 && spilled === 4 && fitsU32(reg.scalar)) reg = linkSlot(env, frame, index)
    env.set(dst, width(reg) > size * 8 ? reg.with({ id: 0, off: 0 }) : reg)
    env.record(step, undefined)
    return
  }
  const { spills, zeros } = checkReadable(env, slot, off, size)
  if (!env.atLeast(6, 8)) {
    env.set(dst, UNKNOWN)
    return
  }
  const isZero = isConstant(slot.reg.scalar) && slot.reg.scalar.bits.value === 0n
  if (spills === size && isZero) {
    env.set(dst, ZERO_REG)
    env.record(step, undefined)
  } else env.set(dst, zeros === size ? ZERO_REG : UNKNOWN)
}

/** Every byte was written, or may be read without; counts those of a spilled register and those that are zero. */
function checkReadable(env: Env, slot: Slot, off: number, size: number): { spills: number; zeros: number } {
  let spills = 0
  let zeros = 0
  for (let i = 0; i < size; i++) {
    const byte = byteOf(slot.types, (-off - 1 - i) & 7)
    if (byte === Byte.spill && slot.isSpill) spills++
    else if (byte === Byte.zero) zeros++
    else if (byte !== Byte.misc && !(byte === Byte.invalid && env.perfmon)) {
      env.refuse(EACCES, `invalid read from stack off ${off}+${i} size ${size}`)
    }
  }
  return { spills, zeros }
}
