import type { Compare, Inst, Value } from "../../ir/index.ts"

/** The comparison that a value is the answer of, as 0 or 1. */
export function testOf(v: Value): (Compare & Inst) | undefined {
  if (v.kind !== "inst") return undefined
  if (v.op === "zext") return testOf(v.args[0])
  return v.op === "cmp" ? v : undefined
}
