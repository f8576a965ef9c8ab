import { call, insnSlots } from "../isa/index.ts"
import type { FunctionSpec, Poisoned } from "./object.ts"

/** Number of a helper that no kernel has: what libbpf writes, so that logs look the same. */
export const POISON_HELPER = 0xbad2310

/**
 * Puts calls of a helper that does not exist where instructions cannot run in a kernel. The verifier takes the program
 * as long as it does not get there. A 64-bit load becomes two calls, since jumps count slots.
 */
export function poison<F extends FunctionSpec>(fn: F, poisoned: readonly Poisoned[]): F {
  if (poisoned.length === 0) return fn
  const why = new Map(poisoned.map(p => [p.insn, p.why]))
  const insns: FunctionSpec["insns"][number][] = []
  /** New index of each instruction. */
  const moved: number[] = []
  const marks: Poisoned[] = []
  for (const [i, insn] of fn.insns.entries()) {
    moved.push(insns.length)
    const reason = why.get(i)
    if (reason === undefined) insns.push(insn)
    else {
      marks.push({ insn: insns.length, why: reason })
      for (let slot = 0; slot < insnSlots(insn); slot++) insns.push(call(POISON_HELPER))
    }
  }
  const move = <T extends { readonly insn: number }>(item: T): T => ({ ...item, insn: moved[item.insn] ?? item.insn })
  return {
    ...fn,
    insns,
    relocations: fn.relocations.filter(r => !why.has(r.insn)).map(move),
    core: fn.core.filter(r => !why.has(r.insn)).map(move),
    lineInfo: fn.lineInfo.map(move),
    poisoned: [...(fn.poisoned ?? []).map(move), ...marks],
  }
}
