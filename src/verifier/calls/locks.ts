import type { Env } from "../env.ts"
import { EINVAL } from "../refuse.ts"
import type { Reg } from "../reg.ts"
import { forgetNonOwning } from "./references.ts"

/** A spin lock is taken: one at a time. */
export function lock(env: Env, reg: Reg): void {
  const { state } = env
  if (state.activeLocks > 0) env.refuse(EINVAL, "Locking two bpf_spin_locks are not allowed")
  state.references = [...state.references, { kind: "lock", id: reg.id, slot: env.slot, owner: reg.ref }]
  state.activeLocks++
  state.activeLockId = reg.id
  state.activeLockOwner = reg.ref
}

/** It is given back: the one that was taken. */
export function unlock(env: Env, reg: Reg): void {
  const { state } = env
  if (state.activeLocks === 0) env.refuse(EINVAL, "bpf_spin_unlock without taking a lock")
  const held = state.references.findLast(r => r.kind === "lock")
  if (held?.id !== reg.id || held.owner !== reg.ref) env.refuse(EINVAL, "bpf_spin_unlock of different lock")
  state.references = state.references.filter(r => r !== held)
  state.activeLocks--
  state.activeLockId = 0
  state.activeLockOwner = undefined
  forgetNonOwning(env)
}
