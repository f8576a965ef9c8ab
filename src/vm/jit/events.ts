import * as o from "../../isa/index.ts"
import type { CodeRange, FlatCode } from "./functions.ts"
import {
  ATOMIC,
  atomicOperands,
  OPERANDS,
  READS_DST,
  READS_R0,
  READS_R6,
  READS_SRC,
  WRITES,
  WRITES_DST,
  WRITES_SRC,
} from "./operands.ts"

/** Registers that code writes are variables 0 to 9, and 10 is the frame pointer; slots of the stack that became variables follow from here on. */
export const FIRST_SLOT = 11
/** Variables there can be: sets of them are the bits of a 32-bit number. */
export const MAX_VARIABLES = 31

/**
 * What instructions read and write, in order: the reads of an instruction come before its write. r10 is no variable, as
 * nothing writes it.
 */
export interface Events {
  /** Index of the first event of each instruction, counted from the function's first; one more at the end. */
  readonly start: Int32Array
  /** By event, as are `writes`; what is behind the last event means nothing. */
  readonly variable: Uint8Array
  /** 1 for a write. */
  readonly writes: Uint8Array
}

/** A call reads five registers and writes one. */
const MAX_EVENTS = 6

/** How many of r1 to r5 a call reads. */
export type ArgumentCount = (index: number) => number

/**
 * The events of a function. `slotOf` names, by instruction counted from the first, the variable that a load or store of
 * the stack became; 0 for none.
 */
export function eventsOf(code: FlatCode, range: CodeRange, argumentsOf: ArgumentCount, slotOf?: Uint8Array): Events {
  const { op, dst, src, imm } = code
  const count = range.end - range.first
  const start = new Int32Array(count + 1)
  const variable = new Uint8Array(count * MAX_EVENTS)
  const writes = new Uint8Array(count * MAX_EVENTS)
  let next = 0
  for (let k = 0; k < count; k++) {
    start[k] = next
    const i = range.first + k
    let operands = OPERANDS[op[i]]
    if ((operands & ATOMIC) !== 0) operands = atomicOperands(imm[i])
    const slot = slotOf === undefined ? 0 : slotOf[k]
    if (slot !== 0) {
      // A load or store becomes a move, and a lookup reads its key there.
      const stores = (operands & WRITES) === 0
      if (!stores) variable[next++] = slot
      else if ((operands & READS_SRC) !== 0) variable[next++] = src[i]
      variable[next] = stores ? slot : (operands & WRITES_DST) !== 0 ? dst[i] : o.R0
      writes[next++] = 1
      continue
    }
    if (op[i] === o.OP_CALL) {
      const read = argumentsOf(i)
      for (let r = o.R1; r <= read; r++) variable[next++] = r
    }
    if ((operands & READS_R6) !== 0) variable[next++] = o.R6
    if ((operands & READS_DST) !== 0 && dst[i] !== o.R10) variable[next++] = dst[i]
    if ((operands & READS_SRC) !== 0 && src[i] !== o.R10) variable[next++] = src[i]
    if ((operands & READS_R0) !== 0) variable[next++] = o.R0
    if ((operands & WRITES) === 0) continue
    variable[next] = (operands & WRITES_DST) !== 0 ? dst[i] : (operands & WRITES_SRC) !== 0 ? src[i] : o.R0
    writes[next++] = 1
  }
  start[count] = next
  return { start, variable, writes }
}

/** The event of an instruction that reads a variable; −1 where it does not. */
export function readEvent(events: Events, k: number, variable: number): number {
  for (let e = events.start[k]; e < events.start[k + 1]; e++) {
    if (events.variable[e] === variable && events.writes[e] === 0) return e
  }
  return -1
}

/** The event in which an instruction writes; −1 for one that writes no variable. */
export function writeEvent(events: Events, k: number): number {
  const last = events.start[k + 1] - 1
  return last >= events.start[k] && events.writes[last] === 1 ? last : -1
}
