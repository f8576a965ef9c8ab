import type { Env } from "../env.ts"
import { formatBits } from "../formatBits.ts"
import { EACCES } from "../refuse.ts"
import { Kind, UNKNOWN } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"
import { Byte, byteOf, type Frame, Slot, setByte } from "../state.ts"
import { checkStackBounds, fixedOffset, frameOf } from "./stackBounds.ts"

/** What a helper does with a range of the stack. */
export interface RangeUse {
  /** It may write there. */
  readonly write: boolean
  /** No bytes at all are fine. */
  readonly zero: boolean
  /** It writes all of it: nothing has to be there before. Told where the range is to be marked after the call. */
  readonly uninitialized?: (register: number, size: number) => void
}

/** All bytes of a range were written; what is written to becomes plain bytes. */
export function checkStackInitialized(env: Env, register: number, off: number, size: number, use: RangeUse): void {
  const reg = env.regs[register]
  const { scalar } = reg
  const frame = frameOf(env, register)
  if (size === 0 && !use.zero) env.refuse(EACCES, "invalid zero-sized read")
  checkStackBounds(env, register, off, size, use.write)
  const fixed = isConstant(scalar)
  if (!fixed && !env.privileged) {
    env.refuse(
      EACCES,
      `R${register} variable offset stack access prohibited for !root, var_off=${formatBits(scalar.bits)}`,
    )
  }
  const from = fixed ? fixedOffset(env, register, off) : Number(scalar.smin) + off
  const to = (fixed ? from : Number(scalar.smax) + off) + size
  if (use.uninitialized !== undefined && fixed) {
    checkNoDynptr(env, frame, from, to)
    use.uninitialized(register, size)
    return
  }
  for (let at = from; at < to; at++) {
    const index = (-at - 1) >> 3
    if (!canRead(env, frame, index, (-at - 1) & 7, use.write)) {
      const where = fixed ? `off ${from}` : `var_off ${formatBits(scalar.bits)}`
      env.refuse(EACCES, `invalid read from stack R${register} ${where}+${at - from} size ${size}`)
    }
    env.liveness.read(frame.number, index)
  }
}

function checkNoDynptr(env: Env, frame: Frame, from: number, to: number): void {
  for (let at = from; at < to; at++) {
    const slot = frame.stack[(-at - 1) >> 3]
    if (slot !== undefined && byteOf(slot.types, (-at - 1) & 7) === Byte.dynptr) {
      env.refuse(EACCES, `potential write to dynptr at off=${at} disallowed`)
    }
  }
}

function canRead(env: Env, frame: Frame, index: number, byte: number, write: boolean): boolean {
  const slot = frame.stack[index]
  const kind = byteOf(slot.types, byte)
  if (kind === Byte.misc) return true
  if (kind === Byte.zero || (kind === Byte.invalid && env.perfmon)) {
    if (write) frame.stack[index] = new Slot(setByte(slot.types, byte, Byte.misc), slot.reg)
    return true
  }
  if (!slot.isSpill || (slot.reg.kind !== Kind.scalar && !env.perfmon)) return false
  if (write) frame.stack[index] = new Slot(scrubbed(slot.types), UNKNOWN)
  return true
}

/** Bytes that belonged to something become plain bytes. */
export function scrubbed(types: number): number {
  for (let i = 0; i < 8; i++) if (byteOf(types, i) !== Byte.invalid) types = setByte(types, i, Byte.misc)
  return types
}
