import { leaks } from "../alu/check.ts"
import { rangeProblem } from "../calls/range.ts"
import { checkNoLeaks } from "../calls/references.ts"
import { checkSections } from "../calls/sections.ts"
import { returnFromFunction } from "../calls/subprogram.ts"
import { returnRange } from "../contexts/index.ts"
import type { Env } from "../env.ts"
import { typedPlace } from "../memory/typedContext.ts"
import { markPrecise } from "../prune/precision.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { Kind, typeName } from "../reg.ts"

/** The end of a function: gives the slot where the walk goes on; undefined where the way ends. */
export function checkExit(env: Env): number | undefined {
  const { state } = env
  if (state.frames.length > 1) return returnFromFunction(env)
  checkNoLeaks(env)
  checkSections(env, "BPF_EXIT instruction in main prog")
  checkResult(env)
  return undefined
}

/** What a program, or a function that is verified on its own, returns. */
function checkResult(env: Env): void {
  const { frame, programType: type } = env
  const target = targetOf(env)
  if (type === "lsm" && target?.void && env.attachType !== "lsm_cgroup") return
  if (type === "struct_ops" && target?.void) return
  const reg = env.read(0)
  if (leaks(env, reg)) env.refuse(EACCES, "R0 leaks addr as return value")
  const name = typeName(reg.kind, reg.flags)
  let where = "At program exit"
  let range = frame.callback?.async ? frame.callback.range : undefined
  if (range !== undefined) where = "At async callback return"
  else if (frame.subprogram !== 0 && !frame.inExceptionCallback) {
    if (reg.kind !== Kind.scalar) {
      env.refuse(EINVAL, `At subprogram exit the register R0 is not a scalar value (${name})`)
    }
    return
  } else range = returnRange({ type, attachType: env.attachType, kernel: env.version }, target)
  if (range === undefined) return
  if (reg.kind !== Kind.scalar) env.refuse(EINVAL, `${where} the register R0 is not a known value (${name})`)
  markPrecise(env, 0)
  const why = rangeProblem(env.regs[0], range, where, "R0", type === "lsm")
  if (why !== undefined) env.refuse(EINVAL, why)
}

/** The function that the program is attached to. */
function targetOf(env: Env): { name: string; void: boolean } | undefined {
  const place = typedPlace(env)
  return place && { name: place.name, void: place.btf.resolve(place.prototype.type) === 0 }
}
