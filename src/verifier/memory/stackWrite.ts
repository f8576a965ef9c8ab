import * as o from "../../isa/index.ts"
import { withLink } from "../alu/link.ts"
import type { Env } from "../env.ts"
import { markPrecise } from "../prune/precision.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { isPointer, Kind, NOT_INIT, type Reg, scalarReg } from "../reg.ts"
import { constant, isConstant } from "../scalar/index.ts"
import { Byte, byteOf, type Frame, Slot, setByte } from "../state.ts"
import { destroyDynptr } from "./slotObjects.ts"
import { fixedOffset, frameOf } from "./stackBounds.ts"
import { scrubbed } from "./stackRange.ts"
import { stackStep } from "./stackRead.ts"

/** A store to the stack of a register, or (undefined) of an immediate or of an unknown number. */
export function writeStack(env: Env, register: number, off: number, size: number, src: number | undefined): void {
  const frame = frameOf(env, register)
  if (isConstant(env.regs[register].scalar)) {
    writeFixed(env, frame, fixedOffset(env, register, off), size, src)
  } else writeVariable(env, frame, register, off, size, src)
}

const isZero = (reg: Reg): boolean => reg.kind === Kind.scalar && isConstant(reg.scalar) && reg.scalar.bits.value === 0n

/** The first bytes of a slot hold numbers of which nothing is known, or zero. */
function isPlain({ types }: Slot, size: number): boolean {
  for (let i = 0; i < size; i++) if (byteOf(types, i) !== Byte.misc && byteOf(types, i) !== Byte.zero) return false
  return true
}

/** The immediate that is stored; undefined for other instructions than stores of one. */
function storedImmediate(env: Env, src: number | undefined): number | undefined {
  const { code, slot } = env
  const isStore = (code.op[slot] & (o.BPF_CLASS_MASK | o.BPF_MODE_MASK)) === (o.BPF_ST | o.BPF_MEM)
  return src === undefined && isStore ? code.imm[slot] : undefined
}

function writeFixed(env: Env, frame: Frame, off: number, size: number, src: number | undefined): void {
  const lowest = -off - 1
  const index = lowest >> 3
  const old = frame.stack[index]
  if (!env.perfmon && size !== 8 && old.isSpill && isPointer(old.reg)) {
    env.refuse(EACCES, "attempt to corrupt spilled pointer on stack")
  }
  if (!env.perfmon && ((src !== undefined && isPointer(env.regs[src])) || !isPlain(old, size)))
    env.nospecResult[env.slot] = 1
  destroyDynptr(env, frame, index)
  env.told.slot(index)
  if (size === 8) env.liveness.write(frame.number, index)
  const immediate = storedImmediate(env, src)
  const reg = src === undefined ? undefined : env.regs[src]
  const step = stackStep(frame, index)
  if (off % 8 === 0 && reg?.kind === Kind.scalar && env.privileged) {
    const fits = reg.scalar.umax < 1n << BigInt(8 * size)
    const value = fits ? withLink(env, src as number) : reg.with({ id: 0, off: 0 })
    spill(frame, index, value, size)
    env.record(step, undefined)
  } else if (off % 8 === 0 && immediate !== undefined && env.privileged) {
    spill(frame, index, scalarReg(constant(BigInt(immediate))), size)
    env.record(step, undefined)
  } else if (reg !== undefined && isPointer(reg)) {
    if (size !== 8) {
      env.told.line(env.slot, "; ")
      env.refuse(EACCES, "invalid size of register spill")
    }
    if (frame !== env.frame && reg.kind === Kind.stack) {
      env.refuse(EINVAL, "cannot spill pointers to stack into stack frame of the caller")
    }
    spill(frame, index, reg, size)
    env.record(step, undefined)
  } else {
    let types = frame.stack[index].types
    if (byteOf(types, 7) !== Byte.misc && byteOf(types, 7) !== Byte.zero && byteOf(types, 7) !== Byte.invalid) {
      types = scrubbed(types)
    }
    const zero = (reg !== undefined && isZero(reg)) || immediate === 0
    // A zero that is not told of as a spilled register must be exactly that.
    if (zero && src !== undefined) markPrecise(env, src)
    for (let i = 0; i < size; i++) types = setByte(types, (lowest - i) & 7, zero ? Byte.zero : Byte.misc)
    frame.stack[index] = new Slot(types, NOT_INIT)
  }
}

/** Puts a register into the low `size` bytes of a slot. */
function spill(frame: Frame, index: number, reg: Reg, size: number): void {
  let { types } = frame.stack[index]
  for (let i = 7; i >= 0; i--) {
    const byte = byteOf(types, i)
    if (i >= 8 - size) types = setByte(types, i, Byte.spill)
    else if (byte !== Byte.zero && byte !== Byte.invalid) types = setByte(types, i, Byte.misc)
  }
  frame.stack[index] = new Slot(types, reg)
}

/** A store at an offset that is not known: every byte that it may reach is no longer what it was. */
function writeVariable(
  env: Env,
  frame: Frame,
  register: number,
  off: number,
  size: number,
  src: number | undefined,
): void {
  const { scalar } = env.regs[register]
  const from = Number(scalar.smin) + off
  const to = Number(scalar.smax) + off + size
  const zero = storedImmediate(env, src) === 0 || (src !== undefined && isZero(env.regs[src]))
  let zeroUsed = false
  for (let at = from; at < to; at++) destroyDynptr(env, frame, (-at - 1) >> 3)
  for (let at = from; at < to; at++) {
    const index = (-at - 1) >> 3
    const slot = frame.stack[index]
    const byte = byteOf(slot.types, (-at - 1) & 7)
    env.told.slot(index)
    if (!env.perfmon && byte !== Byte.misc && byte !== Byte.zero) {
      const where = `insn ${env.slot}, ${byte === Byte.invalid ? "off" : "ptr off"}: ${at}`
      const why =
        byte === Byte.invalid
          ? "uninit stack in range of var-offset write prohibited for !root"
          : "spilled ptr in range of var-offset stack write"
      env.refuse(EINVAL, `${why}; ${where}`)
    }
    if (zero && byte === Byte.spill && isZero(slot.reg)) {
      zeroUsed = true
      continue
    }
    const keepsZero = zero && byte === Byte.zero
    if (keepsZero) zeroUsed = true
    const types = setByte(slot.types, (-at - 1) & 7, keepsZero ? Byte.zero : Byte.misc)
    frame.stack[index] = new Slot(types, NOT_INIT)
  }
  if (zeroUsed && src !== undefined) markPrecise(env, src)
}
