import { isZero } from "../branch/condition.ts"
import { notNull } from "../branch/nulls.ts"
import { checkHelperMemory } from "../calls/helperMemory.ts"
import type { Env } from "../env.ts"
import { markPrecise } from "../prune/precision.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { Kind, mayBeNull } from "../reg.ts"

const MAX_SIZE = 1n << 29n

/** Memory that a function of the kernel is handed: it may read and write all of it. Source: `check_mem_reg`, Linux 6.1 to 6.18. */
export function checkMemoryRegister(env: Env, register: number, size: number): void {
  const reg = env.regs[register]
  if (isZero(reg)) return
  if (mayBeNull(reg)) env.regs[register] = notNull(reg)
  for (const write of [false, true]) checkHelperMemory(env, register, size, { write, zero: true })
  env.regs[register] = reg
}

/** Memory whose size is in the next register. Source: `check_kfunc_mem_size_reg`, Linux 6.1 to 6.18. */
export function checkMemorySize(env: Env, register: number): void {
  const size = env.read(register + 1)
  const pair = `arg#${register - 1} arg#${register} memory, len pair leads to invalid memory access`
  if (size.kind !== Kind.scalar) env.refuse(EINVAL, `R${register + 1} is not a scalar`)
  const { smin, umax } = size.scalar
  if (smin < 0n) {
    env.refuse(EACCES, `R${register + 1} min value is negative, either use unsigned or 'var &= const'\n${pair}`)
  }
  if (umax >= MAX_SIZE) {
    env.refuse(EACCES, `R${register + 1} unbounded memory access, use 'var &= const' or 'if (var < const)'\n${pair}`)
  }
  checkMemoryRegister(env, register, Number(umax))
  markPrecise(env, register + 1)
}
