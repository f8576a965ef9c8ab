import { emptyRegs } from "./calls/enter.ts"
import { globalEntry } from "./calls/globals.ts"
import { callArguments, callTraits } from "./calls/traits.ts"
import { Env } from "./env.ts"
import type { VerifierInput } from "./input.ts"
import { tellLiveRegisters } from "./insnLog.ts"
import { checkKfuncNames } from "./kfuncs/callee.ts"
import { StackLiveness } from "./prune/stackLiveness.ts"
import { E2BIG, EINVAL, Refused } from "./refuse.ts"
import { Kind, pointerReg } from "./reg.ts"
import type { Facts, Refusal, Verdict } from "./result.ts"
import { Frame, State } from "./state.ts"
import { checkAttach } from "./structure/attach.ts"
import { resolveConstants } from "./structure/constants.ts"
import { checkEarlyReturns } from "./structure/earlyReturns.ts"
import { FunctionFlow } from "./structure/edges.ts"
import { checkFlow } from "./structure/flow.ts"
import { findGlobals } from "./structure/globals.ts"
import { findLiveRegisters } from "./structure/liveRegisters.ts"
import { findLoops } from "./structure/loops.ts"
import { checkStackDepth } from "./structure/stackDepth.ts"
import { checkSubprograms, findSubprograms, isTailCall, type Subprogram } from "./structure/subprograms.ts"
import { walk } from "./walk/walk.ts"

const DEFAULT_LOG_SIZE = 16 << 20
/** Most instructions of a program; without privileges. */
const MAX_INSNS = 1_000_000
const MAX_INSNS_UNPRIVILEGED = 4096

/**
 * Says whether a kernel would take a program, as the kernel's verifier does: walks all ways through it, knows at each instruction what registers and
 * stack hold, and refuses what is not proven to be right. The log is in the kernel's syntax.
 */
export function verify(input: VerifierInput): Verdict {
  const env = new Env(input)
  let refusal: Refusal | undefined
  try {
    verifyAll(env)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const { errno, message } = error
    refusal = { errno, message, slot: error.slot ?? env.slot }
    if (!error.logged) env.log.add(`${message}\n`)
  }
  env.log.add(
    `processed ${env.processed} insns (limit 1000000) max_states_per_insn ${env.maxStatesPerInsn} ` +
      `total_states ${env.totalStates} peak_states ${env.peakStates} mark_read 0\n`,
  )
  const counts = {
    processed: env.processed,
    maxStatesPerInsn: env.maxStatesPerInsn,
    totalStates: env.totalStates,
    peakStates: env.peakStates,
  }
  const log = env.log.text(input.logSize ?? DEFAULT_LOG_SIZE)
  return { accepted: refusal === undefined, log, ...(refusal && { refusal }), counts, facts: factsOf(env) }
}

function verifyAll(env: Env): void {
  const { code, input, marks, privileged } = env
  const limit = privileged ? MAX_INSNS : MAX_INSNS_UNPRIVILEGED
  if (code.count === 0 || code.count > limit)
    throw new Refused(E2BIG, "the program has no instructions, or too many", 0)
  env.subprograms = findSubprograms(code, privileged, [])
  checkKfuncNames(env)
  if (env.log.full) for (const { index, start } of env.subprograms) env.log.add(`func#${index} @${start}\n`)
  checkSubprograms(code, env.subprograms)
  checkEarlyReturns(env)
  checkAttach(env)
  findGlobals(env)
  resolveConstants(env)
  checkFlow({
    code,
    subprograms: env.subprograms,
    marks,
    privileged,
    stepsBack: env.atLeast(6, 7),
    roots: [],
    traits: slot => callTraits(env, slot),
  })
  findLoops(code, marks)
  env.flows = env.subprograms.map(subprogram => new FunctionFlow(code, subprogram))
  findLiveRegisters(code, marks, env.flows, slot => callArguments(env, slot))
  if (env.log.full) tellLiveRegisters(env)
  env.liveness = new StackLiveness(env)
  walkFunction(env, env.subprograms[0])
  walkGlobals(env)
  checkTailCalls(env)
  const privateStacks = PRIVATE_STACKS.has(input.type) && env.atLeast(6, 13)
  checkStackDepth(code, env.subprograms, privateStacks)
}

/** Without CAP_PERFMON a tail call knows its map: the index is checked in the program. */
function checkTailCalls({ code, callMap, perfmon }: Env): void {
  if (perfmon) return
  const slot = callMap.findIndex((map, at) => map === null && isTailCall(code, at))
  if (slot >= 0) throw new Refused(EINVAL, "tail_call abusing map_ptr", slot)
}

const PRIVATE_STACKS = new Set(["kprobe", "tracepoint", "perf_event", "raw_tracepoint"])

/** Walks a function on its own: the program, or a global one. */
function walkFunction(env: Env, subprogram: Subprogram): void {
  const frame = new Frame(-1, 0, subprogram.index, emptyRegs(env.framePointer(0)), [])
  const state = new State([frame])
  state.sleepable = env.sleepable
  state.first = subprogram.start
  env.state = state
  env.slot = subprogram.start
  env.previousSlot = -1
  env.explored.fill(undefined)
  env.loopVisits.clear()
  env.pending.length = 0
  if (subprogram.index === 0) frame.regs[1] = pointerReg(Kind.ctx)
  else for (const [i, reg] of globalEntry(env, subprogram).entries()) frame.regs[i + 1] = reg
  const start = env.log.position
  env.told.all()
  walk(env, state, subprogram.start)
  if (env.log.on && !env.log.full) env.log.reset(start)
}

/** Global functions that the program calls are verified once, with any arguments that their types allow. */
function walkGlobals(env: Env): void {
  const done = new Set<Subprogram>()
  for (let again = true; again; ) {
    again = false
    for (const subprogram of env.subprograms) {
      if (!env.isGlobal(subprogram.start) || !subprogram.called || done.has(subprogram)) continue
      const name = env.subprogramName(subprogram.index)
      done.add(subprogram)
      again = true
      env.log.add(`Validating ${name}() func#${subprogram.index}...\n`)
      walkFunction(env, subprogram)
      env.log.add(`Func#${subprogram.index} ('${name}') is safe for any args that match its prototype\n`)
    }
  }
}

function factsOf(env: Env): Facts {
  const { code, marks, access, callMap, subprograms } = env
  const dead = new Uint8Array(code.count)
  for (let slot = 0; slot < code.count; slot++) {
    dead[slot] = marks.seen[slot] ? 0 : 1
    // The second half of a 64-bit load lives with the first.
    if (code.op[slot] === 0x18 && slot + 1 < code.count) dead[++slot] = dead[slot - 1]
  }
  const maps = callMap.map(map => map ?? undefined)
  const stackDepth = new Map(subprograms.map(s => [s.start, s.stackDepth]))
  return { access, callMap: maps, dead, stackDepth }
}
