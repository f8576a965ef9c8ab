import { SkepError } from "../base/index.ts"
import type { ProgramType } from "../object/index.ts"
import { canBpf } from "./features.ts"
import { callFailed, isPermission, permissionError } from "./host/index.ts"
import { capabilitiesFor } from "./refusal.ts"

/**
 * Why this process may not use bpf(2), and what would let it: no right, a filter of system calls, no way to make them. Undefined where it may, for some
 * programs at least. `what` is what was wanted, for a program of `type`.
 */
export function bpfRefusal(what = "bpf(2)", type?: ProgramType): SkepError | undefined {
  let answer: number
  try {
    answer = canBpf()
  } catch (error) {
    if (error instanceof SkepError) return error
    throw error
  }
  if (answer >= 0) return undefined
  const needs = type === undefined ? (["CAP_BPF"] as const) : capabilitiesFor(type)
  return isPermission(-answer) ? permissionError(what, -answer, needs) : callFailed(what, -answer)
}
