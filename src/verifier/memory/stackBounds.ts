import type { Env } from "../env.ts"
import { formatBits } from "../formatBits.ts"
import { MAX_OFFSET_BIG } from "../limits.ts"
import { EACCES, EFAULT, EINVAL } from "../refuse.ts"
import { isConstant } from "../scalar/index.ts"
import type { Frame } from "../state.ts"

const MAX_STACK = 512

/** The frame that a pointer to a stack points into. */
export const frameOf = (env: Env, register: number): Frame => env.state.frames[env.regs[register].aux]

/** A pointer's fixed offset, its variable part included, where that is known. */
export const fixedOffset = (env: Env, register: number, off: number): number =>
  Number(BigInt.asIntN(64, env.regs[register].scalar.bits.value)) + off

/**
 * An access of the stack lies between its limits; the stack grows to hold it. `off` is the fixed part of the offset.
 */
export function checkStackBounds(env: Env, register: number, off: number, size: number, write: boolean): void {
  const reg = env.regs[register]
  const { scalar } = reg
  const frame = frameOf(env, register)
  const way = write ? " write to" : " read from"
  const fixed = isConstant(scalar)
  let least: number
  let end: number
  if (fixed) {
    least = fixedOffset(env, register, off)
    end = least + size
  } else {
    if (scalar.smax >= MAX_OFFSET_BIG || scalar.smin <= -MAX_OFFSET_BIG) {
      env.refuse(EACCES, `invalid unbounded variable-offset${way} stack R${register}`)
    }
    least = Number(scalar.smin) + off
    end = Number(scalar.smax) + off + size
  }
  const lowest = write || env.perfmon ? -MAX_STACK : -8 * frame.stack.length
  const errno = least < lowest || least > -1 ? EACCES : end > 0 ? EINVAL : size < 0 ? EFAULT : 0
  if (errno !== 0) {
    env.refuse(
      errno,
      fixed
        ? `invalid${way} stack R${register} off=${least} size=${size}`
        : `invalid variable-offset${way} stack R${register} var_off=${formatBits(scalar.bits)} off=${off} size=${size}`,
    )
  }
  growStack(env, frame, -least)
}

/** Makes room for that many bytes of stack. */
export function growStack(env: Env, frame: Frame, bytes: number): void {
  const slots = (bytes + 7) >> 3
  if (frame.stack.length < slots) frame.grow(slots)
  const subprogram = env.subprograms[frame.subprogram]
  if (subprogram.stackDepth < bytes) subprogram.stackDepth = bytes
}
