import { notNull } from "../branch/nulls.ts"
import { previousEntry } from "../branch/previous.ts"
import { widenImprecise } from "../branch/widen.ts"
import type { Env } from "../env.ts"
import { EACCES, EINVAL, EPERM } from "../refuse.ts"
import { Flag, Kind, ZERO_REG } from "../reg.ts"
import { releaseDynptr } from "../resources/dynptr.ts"
import { destroyIterator, iteratorIn, setIterator } from "../resources/iterator.ts"
import { forget, release } from "../resources/references.ts"
import { disablePreemption, enablePreemption, enterReadSection, leaveReadSection } from "../resources/sections.ts"
import { changeRegs } from "../state.ts"
import { inReadSection } from "../typed/trust.ts"
import type { Callee } from "./callee.ts"
import type { Given } from "./check.ts"

/** Holds that the function may be called here and now, before its arguments are looked at. */
export function checkPlace(env: Env, { kfunc, name }: Callee): void {
  if (kfunc.destructive && !env.privileged) {
    env.refuse(EPERM, "destructive kfunc calls require CAP_SYS_BOOT capability")
  }
  if (kfunc.sleeps && !env.state.sleepable) {
    env.refuse(EACCES, `program must be sleepable to call sleepable kfunc ${name}`)
  }
}

/** What a call opens and closes: read sections, preemption. */
export function changeSections(env: Env, { kfunc, name }: Callee): void {
  const { state } = env
  if (name === "bpf_rcu_read_lock") enterReadSection(env, name)
  else if (name === "bpf_rcu_read_unlock") leaveReadSection(env, name)
  else if (kfunc.sleeps && state.rcuLocks > 0) {
    env.refuse(EACCES, `kernel func ${name} is sleepable within rcu_read_lock region`)
  }
  if (name === "bpf_preempt_disable") disablePreemption(env)
  else if (name === "bpf_preempt_enable") enablePreemption(env, name)
  else if (kfunc.sleeps && state.preemptLocks > 0) {
    env.refuse(EACCES, `kernel func ${name} is sleepable within non-preemptible region`)
  }
  if (kfunc.sleeps && state.activeIrq !== 0) {
    env.refuse(EACCES, `kernel func ${name} is sleepable within IRQ-disabled region`)
  }
  if (kfunc.rcuProtected && !inReadSection(env)) {
    env.refuse(EACCES, `kernel func ${name} requires RCU critical section protection`)
  }
}

/** Gives back what the call takes over. */
export function releaseGiven(env: Env, { name, kfunc, id }: Callee, given: Given): void {
  if (given.releases !== 0) {
    const reg = env.regs[given.releases]
    if (reg.kind === Kind.stack) releaseDynptr(env, given.releases)
    else if (!release(env, reg.refId)) {
      env.refuse(EINVAL, `kfunc ${name}#${id} reference has not been acquired before`)
    }
  }
  if (/^bpf_(list_push_(front|back)|rbtree_add)_impl$/.test(name)) hangIn(env)
  if (kfunc.iterator === "destroy" && given.iterator !== undefined) destroyIterator(env, given.iterator)
}

/** A node that went into a list or tree belongs to it: what the program has is good until the lock is given back. */
function hangIn(env: Env): void {
  const { refId } = env.regs[2]
  if (!forget(env.state, refId)) return
  changeRegs(env.state, reg => (reg.refId === refId ? reg.with({ refId: 0, flags: reg.flags | Flag.nonOwning }) : reg))
}

/** An iterator gives something on one way, which is walked later, and nothing on the other. Source: `process_iter_next_call`, Linux 6.4 to 6.18. */
export function advanceIterator(env: Env, given: Given): void {
  const { frame, first } = given.iterator!
  const depth = iteratorIn(frame, first).object?.depth ?? 0
  if (iteratorIn(frame, first).object?.active) {
    const before = previousEntry(env, env.state.parent, env.slot)
    const next = env.fork(env.slot + 1, env.slot)
    setIterator(next.frames[frame.number], first, { active: true, depth: depth + 1 })
    if (before !== undefined) widenImprecise(before, next)
    const { regs } = next.current
    regs[0] = notNull(regs[0]).withId(0)
  }
  setIterator(frame, first, { active: false, depth })
  env.set(0, ZERO_REG)
}
