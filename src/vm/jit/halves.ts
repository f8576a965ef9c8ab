import * as o from "../../isa/index.ts"
import type { FlatCode } from "./functions.ts"
import { FLAGS, type UpperFacts } from "./known.ts"
import { Reused } from "./reused.ts"
import { type Analysis, Kind } from "./values.ts"

/** By web: what is known of upper halves, and where a value is a 32-bit local. */
export interface Halves {
  readonly known: Uint16Array
  /** 1 where the low word is all that is kept. */
  readonly narrow: Uint8Array
}

const reused = { demanded: new Reused(Uint8Array), trusted: new Reused(Uint8Array), narrow: new Reused(Uint8Array) }

/** Finds the 32-bit values: those whose upper half is known, and those whose upper half nobody reads. */
export function halvesOf(a: Analysis, facts: UpperFacts, known: Uint16Array): Halves {
  const demanded = demandedUpper(a, facts, known)
  const narrow = reused.narrow.filled(a.webs.count, 0)
  for (let web = 0; web < a.webs.count; web++) {
    if (a.values.kind[web] === Kind.local && ((known[web] & FLAGS) !== 0 || demanded[web] === 0)) narrow[web] = 1
  }
  return { known, narrow }
}

/** Operations whose low word comes from the low words of what goes in. */
export function lowFromLow(operation: number, register: boolean): boolean {
  switch (operation) {
    case o.BPF_ADD:
    case o.BPF_SUB:
    case o.BPF_MUL:
    case o.BPF_AND:
    case o.BPF_OR:
    case o.BPF_XOR:
    case o.BPF_NEG:
    case o.BPF_MOV:
      return true
    case o.BPF_LSH:
      return !register
    default:
      return false
  }
}

/** By web: 1 where somebody reads the upper half. Of a copy, its source is asked. */
function demandedUpper(a: Analysis, facts: UpperFacts, known: Uint16Array): Uint8Array {
  const { events, webs, graph, range, values } = a
  const demanded = reused.demanded.filled(webs.count, 0)
  // By web: 1 where an instruction that writes it was taken to ask for low words only.
  const trusted = reused.trusted.filled(webs.count, 0)
  for (let again = true; again; ) {
    again = false
    for (let b = graph.blocks.length - 1; b >= 0; b--) {
      const block = graph.blocks[b]
      for (let i = block.end - 1; i >= block.first; i--) {
        const k = i - range.first
        const start = events.start[k]
        let end = events.start[k + 1]
        let low = false
        if (end > start && events.writes[end - 1] === 1) {
          const result = webs.ofEvent[--end]
          low = (known[result] & FLAGS) !== 0
          if (!low && demanded[result] === 0) {
            trusted[result] = 1
            low = true
          }
        }
        for (let e = start; e < end; e++) {
          const web = webs.ofEvent[e]
          const root = values.kind[web] === Kind.copy ? values.low[web] : web
          if (demanded[root] === 1 || readsLow(a, facts, i, events.variable[e], low)) continue
          demanded[root] = demanded[web] = 1
          if (trusted[root] === 1 || trusted[web] === 1) again = true
        }
      }
    }
  }
  return demanded
}

/** Whether an instruction looks at no more than the low word of a variable. `resultIsLow`: what it writes is kept as a low word. */
function readsLow(a: Analysis, facts: UpperFacts, i: number, variable: number, resultIsLow: boolean): boolean {
  const { code } = a
  const op = code.op[i]
  const slot = a.slotOf[i - a.range.first]
  const size = op & o.BPF_SIZE_MASK
  switch (op & o.BPF_CLASS_MASK) {
    case o.BPF_ALU:
      return (op & o.BPF_OP_MASK) !== o.BPF_END || code.imm[i] !== 64
    case o.BPF_ALU64:
      return arithmeticReadsLow(code, i, variable, resultIsLow)
    case o.BPF_LDX:
      if (slot === 0) return !facts.isProbe(i)
      return resultIsLow || size !== o.BPF_DW
    case o.BPF_LD:
    case o.BPF_JMP32:
      return true
    case o.BPF_ST:
      return true
    case o.BPF_STX: {
      if (slot !== 0) return resultIsLow || size !== o.BPF_DW
      const imm = code.imm[i]
      if ((op & o.BPF_MODE_MASK) === o.BPF_ATOMIC && imm === o.BPF_LOAD_ACQ) return true
      if (size !== o.BPF_DW) return true
      return variable === code.dst[i] && variable !== code.src[i] && !(imm === o.BPF_CMPXCHG && variable === o.R0)
    }
    default:
      if (op === o.OP_EXIT) return facts.exitIsLow
      if (op === o.OP_CALL) return slot !== 0 || facts.argumentIsLow(i, variable)
      // The immediate's upper half is zero, and so is what it leaves of the other one.
      return (op & o.BPF_OP_MASK) === o.BPF_JSET && (op & o.BPF_X) === 0 && code.imm[i] >= 0
  }
}

/** The same for 64-bit arithmetic. */
function arithmeticReadsLow({ op, dst, src, imm, off }: FlatCode, i: number, variable: number, low: boolean): boolean {
  const operation = op[i] & o.BPF_OP_MASK
  const register = (op[i] & o.BPF_X) !== 0
  const isCount = register && variable === src[i] && src[i] !== dst[i]
  switch (operation) {
    case o.BPF_END:
      return imm[i] !== 64
    case o.BPF_MOV:
      return low || off[i] !== 0
    case o.BPF_LSH:
      return (register ? isCount : (imm[i] & 63) >= 32) || (low && !register)
    case o.BPF_RSH:
    case o.BPF_ARSH:
      return isCount
    case o.BPF_AND:
      return low || (!register && imm[i] >= 0)
    default:
      return low && lowFromLow(operation, register)
  }
}
