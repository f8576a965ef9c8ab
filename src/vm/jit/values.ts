import * as o from "../../isa/index.ts"
import { type Events, FIRST_SLOT, readEvent, writeEvent } from "./events.ts"
import type { FlowGraph } from "./flow.ts"
import type { CodeRange, FlatCode } from "./functions.ts"
import { Reused } from "./reused.ts"
import type { Webs } from "./webs.ts"

/** What the code does with the value of a web. */
export const Kind = {
  /** It is in a local of the WebAssembly function. */
  local: 0,
  /** It is a constant, which is written wherever it is read. */
  constant: 1,
  /** It is r10 and a constant. */
  frame: 2,
  /** It is the value of another web, which is a local. */
  copy: 3,
  /** It is the sum of one or two other webs, which are locals, and a constant; only addresses of accesses are made of it. */
  sum: 4,
} as const

/** A 64-bit constant as two words. */
export interface Words {
  readonly low: number
  readonly high: number
}

/** One function on its way through the translation: its graph, what its instructions read and write, and what is known of the values. */
export interface Analysis {
  readonly code: FlatCode
  readonly range: CodeRange
  readonly graph: FlowGraph
  readonly events: Events
  readonly webs: Webs
  /** By instruction from the function's first: the variable that its access of the stack became; 0 for none. */
  readonly slotOf: Uint8Array
  readonly values: Values
}

/** By web. */
export interface Values {
  readonly kind: Uint8Array
  /** The low word of a constant, the distance from r10, the web that is copied or is part of a sum. */
  readonly low: Int32Array
  /** The high word of a constant, the constant of a sum. */
  readonly high: Int32Array
  /** The second web of a sum; −1 where there is none. */
  readonly second: Int32Array
}

/** What a 64-bit immediate load puts into its register. */
export type ConstantOf = (index: number) => Words

const reused = {
  kind: new Reused(Uint8Array),
  low: new Reused(Int32Array),
  high: new Reused(Int32Array),
  second: new Reused(Int32Array),
}

/** Finds constants, addresses in the frame and copies among the webs that are written once. */
export function valuesOf(
  { code, range, graph, events, webs, slotOf }: Omit<Analysis, "values">,
  constantOf: ConstantOf,
): Values {
  const kind = reused.kind.filled(webs.count, 0)
  const low = reused.low.filled(webs.count, 0)
  const high = reused.high.filled(webs.count, 0)
  const values: Values = { kind, low, high, second: reused.second.filled(webs.count, -1) }
  const constant = (web: number, lowWord: number, highWord: number): void => {
    kind[web] = Kind.constant
    low[web] = lowWord
    high[web] = highWord
  }
  const follow = (web: number, k: number, variable: number): void => {
    if (variable === o.R10) {
      kind[web] = Kind.frame
      return
    }
    const source = webs.ofEvent[readEvent(events, k, variable)]
    if (kind[source] !== Kind.local) {
      kind[web] = kind[source]
      low[web] = low[source]
      high[web] = high[source]
    } else if (webs.writes[source] === 1) {
      kind[web] = Kind.copy
      low[web] = source
    }
  }
  for (const block of graph.blocks) {
    for (let i = block.first; i < block.end; i++) {
      const k = i - range.first
      const event = writeEvent(events, k)
      if (event < 0) continue
      const web = webs.ofEvent[event]
      if (webs.writes[web] !== 1 || (graph.choices.size > 0 && graph.choices.has(i))) continue
      const op = code.op[i]
      const moved = movedVariable(code, i, slotOf[k])
      if (moved >= 0) follow(web, k, moved)
      else if (op === (o.BPF_ALU64 | o.BPF_MOV)) constant(web, code.imm[i], code.imm[i] >> 31)
      else if (op === (o.BPF_ALU | o.BPF_MOV)) constant(web, code.imm[i], 0)
      else if (op === o.OP_LDDW) {
        const words = constantOf(i)
        constant(web, words.low, words.high)
      } else if (op === (o.BPF_ALU64 | o.BPF_ADD)) addToFrame(values, webs, events, web, k, code.dst[i], code.imm[i])
      else if (op === (o.BPF_ALU64 | o.BPF_SUB)) addToFrame(values, webs, events, web, k, code.dst[i], -code.imm[i])
    }
  }
  return values
}

function addToFrame(
  { kind, low }: Values,
  webs: Webs,
  events: Events,
  web: number,
  k: number,
  register: number,
  added: number,
): void {
  const source = webs.ofEvent[readEvent(events, k, register)]
  if (kind[source] !== Kind.frame || Math.abs(low[source] + added) > o.MAX_BPF_STACK) return
  kind[web] = Kind.frame
  low[web] = low[source] + added
}

/** The variable that an instruction copies all 64 bits of, −1 for one that does something else. */
export function movedVariable(code: FlatCode, index: number, slot: number): number {
  const op = code.op[index]
  if (slot >= FIRST_SLOT) {
    const group = op & o.BPF_CLASS_MASK
    if (group === o.BPF_LDX) return (op & o.BPF_MODE_MASK) === o.BPF_MEM ? slot : -1
    return group === o.BPF_STX && (op & o.BPF_SIZE_MASK) === o.BPF_DW ? code.src[index] : -1
  }
  if (op !== (o.BPF_ALU64 | o.BPF_MOV | o.BPF_X)) return -1
  const off = code.off[index]
  return off === 0 || off === o.BPF_ADDR_SPACE_CAST ? code.src[index] : -1
}
