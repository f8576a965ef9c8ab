import type { Env } from "../env.ts"
import { frameOf } from "../memory/stackBounds.ts"
import { EINVAL } from "../refuse.ts"
import type { Reg } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"
import { allBytes, type Byte, byteOf, EMPTY_SLOT, type Frame, Slot } from "../state.ts"

/** Slots of the stack that an object lies in: `first` is the one with the lowest address, the others follow below in number. */
export interface SlotRange {
  readonly frame: Frame
  readonly first: number
  readonly count: number
  /** Whether the stack reaches there already. */
  readonly exists: boolean
}

/**
 * Where the object is that a register points to; the kernel wants it at a fixed and aligned offset. `what` is the object's name in messages,
 * `then` a second line of those.
 */
export function slotRange(env: Env, register: number, what: string, count: number, then: string): SlotRange {
  const reg = env.regs[register]
  if (!isConstant(reg.scalar)) env.refuse(EINVAL, `${what} has to be at a constant offset\n${then}`)
  const off = reg.off + Number(BigInt.asIntN(64, reg.scalar.bits.value))
  const first = (-off - 1) >> 3
  if (off % 8 !== 0 || first + 1 < count) env.refuse(EINVAL, `cannot pass in ${what} at an offset=${off}\n${then}`)
  const frame = frameOf(env, register)
  return { frame, first, count, exists: first < frame.stack.length }
}

/** Whether every byte of the slots is of a kind. */
export function areAll({ frame, first, count, exists }: SlotRange, byte: Byte): boolean {
  if (!exists) return false
  for (let i = 0; i < count; i++) if (frame.stack[first - i].types !== allBytes(byte)) return false
  return true
}

/** Whether any byte of the slots is of a kind. */
export function isAny({ frame, first, count, exists }: SlotRange, byte: Byte): boolean {
  if (!exists) return false
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < 8; j++) if (byteOf(frame.stack[first - i].types, j) === byte) return true
  }
  return false
}

/** Puts an object into the slots; `regAt` says what each of them tells of it. */
export function fill(env: Env, range: SlotRange, byte: Byte, regAt: (isFirst: boolean) => Reg): void {
  const { frame, first, count } = range
  for (let i = 0; i < count; i++) {
    frame.stack[first - i] = new Slot(allBytes(byte), regAt(i === 0))
    env.told.slot(first - i)
    env.liveness.write(frame.number, first - i)
  }
}

/** Takes an object out of the slots. */
export function clear(env: Env, { frame, first, count }: SlotRange): void {
  for (let i = 0; i < count; i++) {
    frame.stack[first - i] = EMPTY_SLOT
    env.told.slot(first - i)
  }
}
