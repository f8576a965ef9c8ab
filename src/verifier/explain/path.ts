import { calleeOf } from "./fault.ts"
import { valueInWords } from "./words.ts"

/** A step of the path on which a program may do wrong. */
export interface Step {
  /** The instruction. */
  readonly slot: number
  /** The line of C that it belongs to, as the log quotes it; empty where there is none. */
  readonly source: string
  /** What happens, with the values that come of it: `gives a number from 0 to 255`. */
  readonly what: string
}

/** An instruction on the path, as the log shows it. */
interface Walked {
  readonly slot: number
  readonly insn: string
  readonly source: string
  /** States of registers and stack slots behind it: `0` to `10` in the current frame, `fp-8`. */
  readonly after: ReadonlyMap<string, string>
  /** The slot that the path goes on with. */
  next: number | undefined
}

/** Steps that are told; the first ones of longer paths are left out. */
const MOST_STEPS = 8

/**
 * The steps that lead to a fault: where the registers it is about got their values, and the branches that were decided by them. Read from a
 * log, a kernel's or ours, which shows the path that ended in the fault.
 *
 *     12: (71) r2 = *(u8 *)(r1 +0)   ; R2_w=scalar(smin=0,smax=umax=255)
 *     13: (0f) r0 += r2
 *     14: (71) r0 = *(u8 *)(r0 +0)
 *     R0 … value is outside of the allowed memory range
 *     ⇒ 12: gives a number from 0 to 255, 13: gives a value of map 'counts', and 0 to 255 bytes more
 */
export function pathTo(log: string, fault: string): Step[] {
  const path = walked(log)
  const end = path.at(-1)
  if (end === undefined) return []
  const wanted = new Set(blamed(fault, end.insn))
  const steps: Step[] = []
  for (let i = path.length - 2; i >= 0 && wanted.size > 0 && steps.length < MOST_STEPS; i--) {
    const step = stepOf(path[i], wanted)
    if (step !== undefined) steps.push(step)
  }
  return joined(steps.reverse())
}

/** The instructions of a log, in order, each with the line of C above it. A line `from A to B` goes back to an earlier branch. */
function walked(log: string): Walked[] {
  let path: Walked[] = []
  let source = ""
  for (const line of log.split("\n")) {
    const back = /^from (\d+) to (\d+)(?: \(\w+\))?:/.exec(line)
    if (back !== null) {
      const at = path.findLastIndex(one => one.slot === Number(back[1]))
      if (at >= 0) {
        path = path.slice(0, at + 1)
        const branch = path[at]
        path[at] = { ...branch, after: new Map([...branch.after, ...statesOf(line)]), next: Number(back[2]) }
      }
      continue
    }
    const quoted = /^; (.*?)(?: @ \S+:\d+)?$/.exec(line)
    if (quoted !== null) {
      source = quoted[1].trim()
      continue
    }
    const insn = /^(\d+): \([0-9a-f]{2}\) (.*?)(?:\s*;(.*))?$/.exec(line)
    if (insn === null) {
      // Linux before 6.0 has the states on a line of their own.
      const alone = /^\d+: (R\d.*)$/.exec(line)
      const last = path.at(-1)
      if (alone !== null && last !== undefined) path[path.length - 1] = { ...last, after: statesOf(alone[1]) }
      continue
    }
    const [, slot, text, states = ""] = insn
    const last = path.at(-1)
    if (last !== undefined) last.next ??= Number(slot)
    path.push({ slot: Number(slot), insn: text.trim(), source, after: statesOf(states), next: undefined })
  }
  return path
}

/** `R0_w=scalar() R10=fp0 fp-8=mmmm` by name. */
function statesOf(text: string): Map<string, string> {
  const states = new Map<string, string>()
  for (const [, register, slot, state] of text.matchAll(
    /\b(?:R(\d+)|(fp-\d+))(?:_\w+)?=((?:[^\s(]|\((?:[^()]|\([^()]*\))*\))+)/g,
  )) {
    states.set(register ?? slot, state)
  }
  return states
}

/** Registers that a fault is about: those that its words name, or else those of the instruction. */
function blamed(fault: string, insn: string): string[] {
  const named = [...fault.matchAll(/\bR(\d+)\b/g)].map(match => match[1])
  if (named.length > 0) return [...new Set([...named, ...offsetsOf(insn)])].filter(register => register !== "10")
  // What is wrong with a store without a word about a register is where it goes.
  const stored = /^(?:lock )?\*\([us]\d+ \*\)\([rw](\d+)/.exec(insn)?.[1]
  return (stored === undefined ? sourcesOf(insn) : [stored]).filter(register => register !== "10")
}

/** In `r0 += r2` the fault may be about r0, and come from r2. */
const offsetsOf = (insn: string): string[] => [...(/^[rw]\d+ [-+]= [rw](\d+)$/.exec(insn)?.slice(1) ?? [])]

const registersIn = (text: string): string[] => [...text.matchAll(/\b[rw](\d+)\b/g)].map(match => match[1])

/** Registers and stack slots that an instruction computes its result from. */
function sourcesOf(insn: string): string[] {
  const stack = /= \*\([us]\d+ \*\)\(r10 (-\d+)\)$/.exec(insn)
  if (stack !== null) return [`fp${stack[1]}`]
  const [, target, operator, operand] = /^([rw]\d+) ([^\s=]*)= ?(.*)$/.exec(insn) ?? []
  if (target === undefined) return registersIn(insn)
  return [...new Set([...(operator === "" ? [] : registersIn(target)), ...registersIn(operand)])]
}

/** The register or stack slot that an instruction sets. */
function targetOf(insn: string): string | undefined {
  if (insn.startsWith("call ")) return "0"
  const stack = /^\*\([us]\d+ \*\)\(r10 (-\d+)\) = /.exec(insn)
  if (stack !== null) return `fp${stack[1]}`
  return /^[rw](\d+) [^\s=]*=/.exec(insn)?.[1]
}

/** What an instruction has to do with what is wanted; from then on its sources are wanted. */
function stepOf({ slot, insn, source, after, next }: Walked, wanted: Set<string>): Step | undefined {
  const branch = /^if ([rw]\d+) (\S+) (\S+) goto pc([-+]\d+)$/.exec(insn)
  if (branch !== null) {
    const register = registersIn(`${branch[1]} ${branch[3]}`).find(one => wanted.has(one))
    if (register === undefined) return undefined
    const state = after.get(register)
    const jumped = next !== undefined && next !== slot + 1
    const way = jumped ? "the jump is taken" : "the jump is not taken"
    return { slot, source, what: state === undefined ? way : `goes on with ${valueInWords(state)}` }
  }
  const target = targetOf(insn)
  if (target === undefined || !wanted.has(target)) return undefined
  const sources = sourcesOf(insn)
  wanted.delete(target)
  const state = after.get(target)
  const callee = calleeOf(insn)
  if (callee !== undefined || insn.startsWith("call ")) {
    return {
      slot,
      source,
      what: `${callee ?? "the function"} gives ${state === undefined ? "it" : valueInWords(state)}`,
    }
  }
  for (const one of sources) if (one !== "10") wanted.add(one)
  // A copy says nothing new.
  if (/^[rw]\d+ = [rw]\d+$/.test(insn) || target.startsWith("fp") || /= \*\([us]64 \*\)\(r10 -\d+\)$/.test(insn))
    return undefined
  return state === undefined ? undefined : { slot, source, what: `gives ${valueInWords(state)}` }
}

/** Without steps that say the same of the same line: the last of them stands for all. */
function joined(steps: readonly Step[]): Step[] {
  return steps.filter(({ source, what }, i) => {
    const next = steps[i + 1]
    return next === undefined || next.source !== source || (next.what !== what && source === "")
  })
}
