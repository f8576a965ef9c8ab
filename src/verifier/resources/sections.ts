import type { Env } from "../env.ts"
import { EINVAL } from "../refuse.ts"
import { Flag } from "../reg.ts"
import { Byte, byteOf, changeRegs, Slot } from "../state.ts"

/** Opens a read section. Source: `check_kfunc_call`, Linux 6.2 to 6.18. */
export function enterReadSection(env: Env, name: string): void {
  if (env.state.rcuLocks > 0) env.refuse(EINVAL, `nested rcu read lock (kernel function ${name})`)
  env.state.rcuLocks++
}

/** Ends a read section: what was read under it is no longer good. */
export function leaveReadSection(env: Env, name: string): void {
  const { state } = env
  if (state.rcuLocks === 0) env.refuse(EINVAL, `unmatched rcu read unlock (kernel function ${name})`)
  if (--state.rcuLocks > 0) return
  changeRegs(state, reg =>
    reg.flags & Flag.rcu ? reg.with({ flags: (reg.flags & ~(Flag.rcu | Flag.maybeNull)) | Flag.untrusted }) : reg,
  )
  // Iterators that go with the section are on the stack, and not in registers.
  for (const { stack } of state.frames) {
    for (const [index, { types, reg }] of stack.entries()) {
      if (byteOf(types, 7) !== Byte.iter || !(reg.flags & Flag.rcu)) continue
      stack[index] = new Slot(types, reg.with({ flags: (reg.flags & ~Flag.rcu) | Flag.untrusted }))
    }
  }
}

export function disablePreemption(env: Env): void {
  env.state.preemptLocks++
}

export function enablePreemption(env: Env, name: string): void {
  if (env.state.preemptLocks === 0) {
    env.refuse(EINVAL, `unmatched attempt to enable preemption (kernel function ${name})`)
  }
  env.state.preemptLocks--
}
