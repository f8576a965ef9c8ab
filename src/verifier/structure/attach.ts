import { isRecord } from "../../btf/index.ts"
import type { Env } from "../env.ts"
import { isSleepableHook } from "../helpers/index.ts"
import { isGplCompatible } from "../licence.ts"
import { EINVAL, ENOTSUPP, Refused } from "../refuse.ts"

/** What of tracing may sleep. */
const SLEEPABLE_TRACING = new Set(["trace_fentry", "trace_fexit", "modify_return", "trace_iter"])
const SLEEPABLE = new Set(["lsm", "kprobe", "struct_ops"])

/** Members of tables of operations that programs cannot be. */
const UNSUPPORTED: Readonly<Record<string, string>> = { tcp_congestion_ops: "get_info" }

/** Why a program cannot be put somewhere: number of the error, and words. */
type Problem = readonly [errno: number, message: string]

/**
 * Refuses a program that cannot be put where it is loaded for. Source: `check_attach_btf_id` and `bpf_check_attach_target`, Linux 6.1 to 6.18.
 */
export function checkAttach(env: Env): void {
  const problem = problemOf(env)
  if (problem !== undefined) throw new Refused(problem[0], problem[1], 0)
}

function problemOf(env: Env): Problem | undefined {
  const { programType: type, attachType = "", sleepable, input } = env
  if (type === "syscall") return sleepable ? undefined : [EINVAL, "Syscall programs can only be sleepable"]
  if (sleepable && !SLEEPABLE.has(type) && !(type === "tracing" && SLEEPABLE_TRACING.has(attachType))) {
    return [EINVAL, "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable"]
  }
  const gpl = isGplCompatible(input.license)
  if (type === "struct_ops") {
    return gpl ? memberProblem(env) : [EINVAL, "struct ops programs must have a GPL compatible license"]
  }
  if (type === "lsm" && !gpl) return [EINVAL, "LSM programs must have a GPL compatible license"]
  return type === "tracing" || type === "lsm" ? targetProblem(env) : undefined
}

function memberProblem({ input }: Env): Problem | undefined {
  const { attachTo, structOpsMember = 0 } = input
  if (attachTo === undefined) return undefined
  const { btf } = attachTo
  const table = btf.type(attachTo.type)
  if (!isRecord(table)) return [ENOTSUPP, `attach_btf_id ${attachTo.type} is not a supported struct`]
  const member = table.members[structOpsMember]
  if (member === undefined) return [EINVAL, `attach to invalid member idx ${structOpsMember} of struct ${table.name}`]
  const pointer = btf.resolved(member.type)
  if (pointer.kind !== "ptr" || btf.resolved(pointer.type).kind !== "func_proto") {
    return [EINVAL, `attach to invalid member ${member.name}(@idx ${structOpsMember}) of struct ${table.name}`]
  }
  const unsupported = UNSUPPORTED[table.name] === member.name
  return unsupported ? [ENOTSUPP, `attach to unsupported member ${member.name} of struct ${table.name}`] : undefined
}

function targetProblem({ input, programType, attachType, sleepable }: Env): Problem | undefined {
  const { attachTo } = input
  if (attachTo === undefined) return [EINVAL, "Tracing programs must provide btf_id"]
  const { btf, type: id } = attachTo
  const target = btf.type(id)
  const wrongName: Problem = [EINVAL, `attach_btf_id ${id} points to wrong type name ${target.name}`]
  if (attachType === "trace_raw_tp") {
    if (target.kind !== "typedef") return [EINVAL, `attach_btf_id ${id} is not a typedef`]
    return target.name.startsWith("btf_trace_") ? undefined : wrongName
  }
  if (target.kind !== "func") return [EINVAL, `attach_btf_id ${id} is not a function`]
  if (programType !== "lsm") return undefined
  if (!target.name.startsWith("bpf_lsm_")) return wrongName
  return sleepable && !isSleepableHook(target.name) ? [EINVAL, `${target.name} is not sleepable`] : undefined
}
