import type { Env } from "../env.ts"
import { exploredAt, sameCalls } from "../prune/visited.ts"
import type { State } from "../state.ts"

/** The state in which the way came to an instruction the time before: the start of the loop that it is in. */
export function previousEntry(env: Env, state: State | undefined, slot: number): State | undefined {
  if (state === undefined) return undefined
  return exploredAt(env, slot).findLast(
    old => old.slot === slot && old.branches > 0 && old.depth < state.depth && sameCalls(old, state),
  )
}
