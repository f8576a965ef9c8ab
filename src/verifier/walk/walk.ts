import { OP_EXIT } from "../../isa/index.ts"
import { type Env, MAX_PROCESSED } from "../env.ts"
import { leaveLoop } from "../prune/loopVisits.ts"
import { isVisited } from "../prune/visited.ts"
import { E2BIG, EACCES, EFAULT, EINVAL, EPERM, Refused } from "../refuse.ts"
import type { State } from "../state.ts"
import { checkInstruction } from "./instruction.ts"

/** Walks all ways from a state at a slot to their ends. */
export function walk(env: Env, start: State, slot: number): void {
  const { log, marks, code } = env
  env.state = start
  env.slot = slot
  let previous = -1
  let tell = false
  env.liveness.moved()
  for (;;) {
    env.previousSlot = previous
    env.step = undefined
    if (env.slot >= code.count) env.refuse(EFAULT, `invalid insn idx ${env.slot} insn_cnt ${code.count}`)
    if (++env.processed > MAX_PROCESSED) {
      env.refuse(E2BIG, `BPF program is too large. Processed ${env.processed} insn`)
    }
    env.state.last = previous
    env.state.slot = env.slot
    let next: number | undefined
    if (marks.prunePoint[env.slot] && isVisited(env)) {
      if (log.on) log.add(tell ? `\n${from(env, previous)}: safe\n` : `${env.slot}: safe\n`)
      next = undefined
    } else {
      if (marks.jumpPoint[env.slot]) env.record(-1, undefined)
      if (log.on) {
        if (tell && log.full)
          env.told.whole(`
${from(env, previous)}:`)
        tell = false
        env.told.changes()
        env.told.line(env.slot, "; ")
        env.told.insn()
      }
      previous = env.slot
      if (env.state.speculative) next = speculate(env)
      else {
        marks.seen[env.slot] = 1
        env.liveness.start()
        next = checkInstruction(env)
        env.liveness.commit(previous)
      }
    }
    if (next !== undefined) {
      // What a function has returned to is told whole.
      if (code.op[previous] === OP_EXIT) tell = true
      env.slot = next
      continue
    }
    env.liveness.update()
    endWay(env, env.state)
    const pending = env.pending.pop()
    if (pending === undefined) return
    if (log.on && !log.full) log.reset(pending.logPosition)
    env.state = pending.state
    env.slot = pending.slot
    previous = pending.previous
    tell = true
    env.liveness.moved()
    if (log.on) env.told.all()
  }
}

/** Where a way begins, in the log's words. */
const from = ({ slot, state }: Env, previous: number): string =>
  `from ${previous} to ${slot}${state.speculative ? " (speculative execution)" : ""}`

/**
 * Checks an instruction on a way that only a processor takes that guesses wrong. What would be refused is no fault there: the kernel puts a barrier
 * before it, and the way ends.
 */
function speculate(env: Env): number | undefined {
  const { liveness, log, slot } = env
  if (env.nospec[slot]) return undefined
  liveness.start()
  let next: number | undefined
  try {
    next = checkInstruction(env)
  } catch (error) {
    if (!(error instanceof Refused) || !RECOVERABLE.has(error.errno)) throw error
    if (!error.logged) log.add(`${error.message}\n`)
    env.nospec[slot] = 1
    env.limits.delete(slot)
    next = undefined
  }
  liveness.commit(slot)
  return env.nospecResult[slot] ? undefined : next
}

/** Errors that a barrier makes good. */
const RECOVERABLE = new Set([EPERM, EACCES, EINVAL])

/** A way is at its end: so are the states on it from which no other way goes on. */
function endWay(env: Env, last: State): void {
  for (let state: State | undefined = last; state !== undefined; state = state.parent) {
    if (--state.branches > 0) return
    if (state.evicted) env.evictedStates--
    leaveLoop(env, state)
  }
}
