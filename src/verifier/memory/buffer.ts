import type { Env } from "../env.ts"
import { formatBits } from "../formatBits.ts"
import { EACCES } from "../refuse.ts"
import { isConstant } from "../scalar/index.ts"

/** A buffer of the kernel whose size is known when the program is attached: only its start is held against the offset. */
function checkBufferStart(env: Env, name: string, register: number, off: number, size: number): void {
  const { scalar } = env.regs[register]
  if (off < 0) env.refuse(EACCES, `R${register} invalid ${name} buffer access: off=${off}, size=${size}`)
  if (!isConstant(scalar) || scalar.bits.value !== 0n) {
    env.refuse(EACCES, `R${register} invalid variable buffer offset: off=${off}, var_off=${formatBits(scalar.bits)}`)
  }
}

export function checkBuffer(env: Env, register: number, off: number, size: number): void {
  const readOnly = env.regs[register].flags & 2
  checkBufferStart(env, readOnly ? "rdonly" : "rdwr", register, off, size)
}

export const checkTracepointBuffer = (env: Env, register: number, off: number, size: number): void =>
  checkBufferStart(env, "tracepoint", register, off, size)
