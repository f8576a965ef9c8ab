import * as o from "../../isa/index.ts"
import type { CodeRange, FlatCode } from "./functions.ts"

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
  const count = range.end - range.first
  const start = new Int32Array(count + 1)
  const variable = new Uint8Array(count * MAX_EVENTS)
  const writes = new Uint8Array(count * MAX_EVENTS)
  let next = 0
  const read = (register: number): void => {
    if (register === o.R10) return
    variable[next] = register
    writes[next++] = 0
  }
  const write = (register: number): void => {
    variable[next] = register
    writes[next++] = 1
  }
  for (let k = 0; k < count; k++) {
    start[k] = next
    const insn = code.insns[range.first + k]
    const slot = slotOf === undefined ? 0 : slotOf[k]
    if (slot === 0) operands(insn, range.first + k, argumentsOf, read, write)
    else if (insn.op === o.OP_CALL) {
      // A lookup whose key is a slot.
      read(slot)
      write(o.R0)
    } else if ((insn.op & o.BPF_CLASS_MASK) === o.BPF_LDX) {
      read(slot)
      write(insn.dst)
    } else {
      if ((insn.op & o.BPF_CLASS_MASK) === o.BPF_STX) read(insn.src)
      write(slot)
    }
  }
  start[count] = next
  return { start, variable, writes }
}

function operands(
  { op, dst, src, imm }: o.Insn,
  index: number,
  argumentsOf: ArgumentCount,
  read: (register: number) => void,
  write: (register: number) => void,
): void {
  switch (op & o.BPF_CLASS_MASK) {
    case o.BPF_ALU:
    case o.BPF_ALU64: {
      const operation = op & o.BPF_OP_MASK
      if (operation !== o.BPF_MOV) read(dst)
      if ((op & o.BPF_X) !== 0 && operation !== o.BPF_END && operation !== o.BPF_NEG) read(src)
      write(dst)
      return
    }
    case o.BPF_JMP:
    case o.BPF_JMP32:
      if (op === o.OP_EXIT) read(o.R0)
      else if (op === o.OP_CALL) {
        const count = argumentsOf(index)
        for (let r = o.R1; r <= count; r++) read(r)
        write(o.R0)
      } else if (op !== o.OP_JA && op !== o.OP_JA32 && op !== o.OP_MAY_GOTO) {
        read(dst)
        if ((op & o.BPF_X) !== 0) read(src)
      }
      return
    case o.BPF_LD:
      if (op === o.OP_LDDW) write(dst)
      else {
        read(o.R6)
        if ((op & o.BPF_MODE_MASK) === o.BPF_IND) read(src)
        write(o.R0)
      }
      return
    case o.BPF_LDX:
      read(src)
      write(dst)
      return
    case o.BPF_ST:
      read(dst)
      return
    default:
      if ((op & o.BPF_MODE_MASK) !== o.BPF_ATOMIC) {
        read(dst)
        read(src)
      } else if (imm === o.BPF_LOAD_ACQ) {
        read(src)
        write(dst)
      } else {
        read(dst)
        read(src)
        if (imm === o.BPF_CMPXCHG) {
          read(o.R0)
          write(o.R0)
        } else if (imm !== o.BPF_STORE_REL && (imm & o.BPF_FETCH) !== 0) write(src)
      }
  }
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
