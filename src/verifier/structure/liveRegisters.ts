import * as o from "../../isa/index.ts"
import type { Code } from "../program.ts"
import type { FunctionFlow } from "./edges.ts"
import type { Marks } from "./marks.ts"

const ALL_ARGUMENTS = 0b111110
const CALLER_SAVED = 0b111111
const ALL = 0x7ff

/** Registers, a bit each, that an instruction reads and that it gives a new value; `arguments` of a call as a mask. */
export function usedRegisters(code: Code, slot: number, args = ALL_ARGUMENTS): { reads: number; writes: number } {
  const op = code.op[slot]
  const dst = 1 << code.dst[slot]
  const src = 1 << code.src[slot]
  const bySource = (op & o.BPF_SRC_MASK) === o.BPF_X ? src : 0
  const operation = op & o.BPF_OP_MASK
  switch (op & o.BPF_CLASS_MASK) {
    case o.BPF_LD:
      // Of loads of classic BPF the kernel says nothing.
      if ((op & o.BPF_MODE_MASK) !== o.BPF_IMM) return { reads: ALL, writes: 0 }
      return { reads: 0, writes: op === o.OP_LDDW ? dst : 0 }
    case o.BPF_LDX:
      return { reads: src, writes: dst }
    case o.BPF_ST:
      return { reads: dst, writes: 0 }
    case o.BPF_STX:
      if ((op & o.BPF_MODE_MASK) !== o.BPF_ATOMIC) return { reads: dst | src, writes: 0 }
      if (code.imm[slot] === o.BPF_CMPXCHG) return { reads: dst | src | 1, writes: 1 }
      if (code.imm[slot] === o.BPF_LOAD_ACQ) return { reads: src, writes: dst }
      if (code.imm[slot] === o.BPF_STORE_REL) return { reads: dst | src, writes: 0 }
      return { reads: dst | src, writes: code.imm[slot] & o.BPF_FETCH ? src : 0 }
    case o.BPF_ALU:
    case o.BPF_ALU64:
      if (operation === o.BPF_END) return { reads: dst, writes: dst }
      if (operation === o.BPF_MOV) return { reads: bySource, writes: dst }
      return { reads: dst | bySource, writes: dst }
    default:
      switch (operation) {
        case o.BPF_JA:
        case o.BPF_JCOND:
          return { reads: 0, writes: 0 }
        case o.BPF_EXIT:
          return { reads: 1, writes: 0 }
        case o.BPF_CALL:
          return { reads: args, writes: CALLER_SAVED }
        default:
          return { reads: dst | bySource, writes: 0 }
      }
  }
}

/**
 * Finds the registers whose value is read later, before each instruction: those alone count when states are compared.
 */
export function findLiveRegisters(
  code: Code,
  marks: Marks,
  flows: readonly FunctionFlow[],
  callArguments: (slot: number) => number,
): void {
  const { liveBefore } = marks
  for (const { order, next } of flows) {
    const reads = new Uint16Array(order.length)
    const writes = new Uint16Array(order.length)
    for (let place = 0; place < order.length; place++) {
      const slot = order[place]
      const used = usedRegisters(code, slot, code.op[slot] === o.OP_CALL ? callArguments(slot) : 0)
      reads[place] = used.reads
      writes[place] = used.writes
    }
    for (let changed = true; changed; ) {
      changed = false
      for (let place = 0; place < order.length; place++) {
        let live = 0
        for (let edge = 2 * place; edge < 2 * place + 2; edge++)
          if (next[edge] >= 0) live |= liveBefore[order[next[edge]]]
        live = (live & ~writes[place]) | reads[place]
        if (live === liveBefore[order[place]]) continue
        liveBefore[order[place]] = live
        changed = true
      }
    }
  }
}
