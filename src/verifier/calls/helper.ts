import { helperName } from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { findHelper, isRefusal, refuseMap } from "../helpers/index.ts"
import { checkAccess } from "../memory/access.ts"
import { EINVAL } from "../refuse.ts"
import { NOT_INIT } from "../reg.ts"
import { releaseDynptr } from "../resources/dynptr.ts"
import { checkArgument } from "./argument.ts"
import { callEffects } from "./effects.ts"
import { CallMeta } from "./meta.ts"
import { forgetPackets, releaseAll } from "./references.ts"
import { setResult } from "./result.ts"

/** Instructions that call a helper: what it is given, what it does, what it leaves behind. */
export function checkHelperCall(env: Env): void {
  const { code, slot } = env
  const id = code.imm[slot]
  const found = findHelper(id, env.caller)
  if (isRefusal(found)) {
    env.refuse(found.errno, found.message)
    return
  }
  const meta = new CallMeta(id, helperName(id) ?? "", found)
  if (found.sleeps) checkMaySleep(env, meta.label)
  for (let i = 0; i < found.args.length; i++) checkArgument(env, meta, i)
  noteMap(env, meta)

  const { filled } = meta
  if (filled !== undefined) {
    for (let i = 0; i < filled.size; i++) {
      checkAccess(env, { register: filled.register, off: i, size: 1, write: true, value: undefined })
    }
  }
  if (meta.released !== 0 && meta.prototype.args[meta.released - 1].kind === "dynptr") releaseDynptr(env, meta.released)
  else if (meta.released !== 0) {
    const { refId } = env.regs[meta.released]
    if (refId !== 0) releaseAll(env, refId)
    else if (meta.refId !== 0) env.refuse(EINVAL, `func ${meta.label} reference has not been acquired before`)
  }
  callEffects(env, meta)
  clearCallerSaved(env)
  setResult(env, meta)
  if (meta.map !== undefined) {
    const said = refuseMap(meta.name, id, meta.map.type, env.caller)
    if (said.length > 0) env.refuse(EINVAL, said.join("\n"))
  }
  const writesPacket = meta.name === "bpf_dynptr_write" && /^skb/.test(meta.dynptrType)
  if (found.movesPacket || writesPacket) forgetPackets(env)
}

/** Registers that a call does not keep: R0 to R5. */
export function clearCallerSaved(env: Env): void {
  for (let i = 0; i <= 5; i++) env.regs[i] = NOT_INIT
}

/** Sections in which nothing may sleep. */
export function checkMaySleep(env: Env, label: string, what = "helper"): void {
  const { state } = env
  if (state.rcuLocks > 0) env.refuse(EINVAL, `sleepable ${what} ${label} in rcu_read_lock region`)
  if (state.preemptLocks > 0) env.refuse(EINVAL, `sleepable ${what} ${label} in non-preemptible region`)
  if (state.activeIrq !== 0) env.refuse(EINVAL, `sleepable ${what} ${label} in IRQ-disabled region`)
}

/** The map that a call is given is one and the same on all ways, or it is not known. */
function noteMap(env: Env, { map }: CallMeta): void {
  if (map === undefined || env.state.speculative) return
  const { callMap, slot } = env
  const known = callMap[slot]
  callMap[slot] = known === undefined || known === map ? map : null
}
