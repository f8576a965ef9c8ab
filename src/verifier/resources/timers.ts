import type { Env } from "../env.ts"
import { type FieldKind, recordOf } from "../fields/index.ts"
import { EINVAL } from "../refuse.ts"
import { isConstant } from "../scalar/index.ts"

/** Checks that a register points to the one timer (or work queue, or task work) of a map's value. Source: `process_timer_func`, Linux 6.1 to 6.18. */
export function checkMapObject(
  env: Env,
  register: number,
  kind: FieldKind & ("bpf_timer" | "bpf_wq" | "bpf_task_work"),
): void {
  const reg = env.regs[register]
  const { map } = reg
  if (!isConstant(reg.scalar)) {
    env.refuse(EINVAL, `R${register} doesn't have constant offset. ${kind} has to be at the constant offset`)
  }
  if (map.btf === undefined) env.refuse(EINVAL, `map '${map.name}' has to have BTF in order to use ${kind}`)
  const field = recordOf(reg).find(each => each.kind === kind)
  if (field === undefined) env.refuse(EINVAL, `map '${map.name}' has no valid ${kind}`)
  const off = reg.off + Number(reg.scalar.bits.value)
  if (field!.offset !== off) {
    env.refuse(EINVAL, `off ${off} doesn't point to 'struct ${kind}' that is at ${field!.offset}`)
  }
}
