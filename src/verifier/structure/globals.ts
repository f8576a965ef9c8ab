import type { Env } from "../env.ts"

/** Finds the functions that are verified on their own: those that the program's BTF declares to be global. */
export function findGlobals(env: Env): void {
  const { btf, funcInfo } = env.input
  if (btf === undefined || funcInfo === undefined) return
  for (const { insn, type } of funcInfo) {
    if (insn === 0 || type <= 0 || type >= btf.count) continue
    const func = btf.type(type)
    if (func.kind === "func" && func.linkage === "global") env.globals.add(insn)
  }
}
