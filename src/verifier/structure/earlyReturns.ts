import type { Env } from "../env.ts"
import { EINVAL } from "../refuse.ts"

/** Functions besides the first that a tail call or a load of classic BPF may end return a number, and have types that say so. */
export function checkEarlyReturns(env: Env): void {
  const { subprograms, input } = env
  const typed = input.btf !== undefined && (input.funcInfo?.length ?? 0) > 0
  for (const { index, hasLdAbs, hasTailCall } of subprograms) {
    if (index === 0 || (!hasLdAbs && !hasTailCall)) continue
    const what = hasLdAbs ? "LD_ABS" : "tail_call"
    if (!typed) env.refuse(EINVAL, `${what} is not allowed in subprogs without BTF`)
    if (!returnsNumber(env, index)) env.refuse(EINVAL, `${what} is only allowed in functions that return 'int'.`)
  }
}

function returnsNumber({ input: { btf, funcInfo }, subprograms }: Env, index: number): boolean {
  const info = funcInfo?.find(({ insn }) => insn === subprograms[index].start)
  const func = info && btf?.type(info.type)
  const prototype = func?.kind === "func" ? btf?.type(func.type) : undefined
  if (btf === undefined || prototype?.kind !== "func_proto" || prototype.type === 0) return false
  return ["int", "enum", "enum64"].includes(btf.resolved(prototype.type).kind)
}
