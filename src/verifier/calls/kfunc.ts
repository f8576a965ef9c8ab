import type { Env } from "../env.ts"
import { EINVAL } from "../refuse.ts"
import type { CallTraits } from "../structure/flow.ts"

/** What a call of a kernel function does to the flow of the program. */
export function kfuncTraits(_env: Env, _slot: number): CallTraits {
  return {}
}

/** A call of a kernel function. */
export function checkKfuncCall(env: Env): void {
  env.refuse(EINVAL, "calling kernel function is not allowed")
}

/** The call ends the program (`bpf_throw`). */
export function isThrow(_env: Env): boolean {
  return false
}

/** Kernel functions that may be called while a lock is held. */
export function mayCallWithLock(_env: Env): boolean {
  return false
}
