import type { Env } from "../env.ts"
import { frameSlot, type State } from "../state.ts"
import { markAllPrecise, propagatePrecision } from "./precision.ts"

/** A loop that is being walked, from one chain of calls. */
export interface LoopVisit {
  readonly key: string
  /** The state in which the walk came into it; undefined when it has left it for good. */
  entry: State | undefined
  /** States that ended because an older one, which was not finished yet, covers them. */
  backedges: State[]
}

/** Rounds after which all numbers count as precise (`MAX_BACKEDGE_ITERS`). */
const MAX_ROUNDS = 64

/** The outermost loop that a state is in, with the calls that led there; undefined outside of loops. */
function loopKey({ marks }: Env, state: State): string | undefined {
  let key = ""
  for (let i = 0; i < state.frames.length; i++) {
    const slot = frameSlot(state, i)
    const loop = marks.loop[slot]
    if (loop !== 0) return `${key}#${loop}`
    if (i + 1 < state.frames.length) key += `${slot},`
  }
  return undefined
}

function tell({ log }: Env, what: string, key: string): void {
  if (log.full) log.add(`SCC ${what} (${key.replace("#", "")})\n`)
}

/** A state was kept: it may be the first one in its loop. */
export function enterLoop(env: Env, state: State): void {
  const key = loopKey(env, state)
  if (key === undefined) return
  let visit = env.loopVisits.get(key)
  if (visit === undefined) env.loopVisits.set(key, (visit = { key, entry: undefined, backedges: [] }))
  state.visit = visit
  if (visit.entry !== undefined) return
  tell(env, "enter", key)
  visit.entry = state
}

/** All ways from a state are walked: what mattered to those that were covered goes on to their histories. */
export function leaveLoop(env: Env, state: State): void {
  const { visit } = state
  if (visit === undefined || visit.entry !== state) return
  tell(env, "exit", visit.key)
  visit.entry = undefined
  const { backedges } = visit
  for (let round = 0, changed = true; changed; round++) {
    changed = false
    for (const backedge of backedges) {
      if (round >= MAX_ROUNDS) markAllPrecise(backedge)
      else if (propagatePrecision(env, backedge.equal as State, backedge)) changed = true
    }
    if (round >= MAX_ROUNDS) break
  }
  env.backedges -= visit.backedges.length
  visit.backedges = []
}

/** A state ends because `old`, which is in the same loop, covers it. */
export function addBackedge(env: Env, old: State, state: State): void {
  const { visit } = old
  if (visit === undefined) return
  tell(env, "backedge", visit.key)
  const backedge = state.copy()
  backedge.equal = old
  visit.backedges.push(backedge)
  env.backedges++
  countPeak(env)
}

/** Counts the states that are there at once. */
export function countPeak(env: Env): void {
  env.peakStates = Math.max(env.peakStates, env.keptStates + env.evictedStates + env.backedges)
}

/** What matters to a state is not all known yet. */
export const isIncomplete = ({ visit }: State): boolean => visit !== undefined && visit.backedges.length > 0
