import type { Env } from "../env.ts"
import { EINVAL } from "../refuse.ts"

/** Sections that are still open where the program, or a part of it that is called by the kernel, ends. */
export function checkSections(env: Env, what: string): void {
  const { state } = env
  const inside = (region: string): never => env.refuse(EINVAL, `${what} cannot be used inside ${region}-ed region`)
  if (state.activeLocks > 0) inside("bpf_spin_lock")
  if (state.activeIrq !== 0) inside("bpf_local_irq_save")
  if (state.rcuLocks > 0) inside("bpf_rcu_read_lock")
  if (state.preemptLocks > 0) inside("bpf_preempt_disable")
}
