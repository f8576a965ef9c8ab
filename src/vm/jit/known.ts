import * as o from "../../isa/index.ts"
import { KERNEL } from "../address.ts"
import { readEvent, writeEvent } from "./events.ts"
import { Reused } from "./reused.ts"
import { usesOf } from "./uses.ts"
import { type Analysis, Kind, movedVariable } from "./values.ts"

/**
 * What is known of the upper half of a 64-bit value. A value of which something is known is kept as its low word.
 */
export const Upper = {
  /** It is zero. */
  zero: 1,
  /** It is the sign of the low word. */
  sign: 2,
  /** It is the tag of the machine's own memory. */
  tag: 4,
  /** It is that tag, and zero where the low word is zero: a pointer or NULL. */
  tagOrNull: 8,
} as const

/** A pointer that is not NULL. */
export const POINTER = Upper.tag | Upper.tagOrNull

/**
 * What is known of a value: flags of {@link Upper}, and from bit 4 on how many low bits it may have set (64: all), which
 * says how large it is as an unsigned number.
 */
export type Known = number

export const FLAGS = 15
export const ANYTHING: Known = 64 << 4
/** What holds for a value before any write of it was seen. */
const EVERYTHING: Known = FLAGS

/** A number of at most so many bits. */
const bitsKnown = (bits: number): Known =>
  bits > 63 ? ANYTHING : (bits << 4) | (bits <= 32 ? Upper.zero : 0) | (bits <= 31 ? Upper.sign : 0)

const signKnown: Known = ANYTHING | Upper.sign

/** How many low bits a value may have set. */
export const bitsOf = (known: Known): number => known >> 4

const bitLength = (value: number): number => 32 - Math.clz32(value)

/** What holds for both of two values. */
const meet = (a: Known, b: Known): Known => (Math.max(a >> 4, b >> 4) << 4) | (a & b & FLAGS)

/** What a constant says. */
export function ofWords(low: number, high: number): Known {
  const bits = high === 0 ? bitLength(low) : 32 + bitLength(high)
  const pointer = high === KERNEL ? POINTER : low === 0 && high === 0 ? Upper.tagOrNull : 0
  return (
    bitsKnown(bits) | (high === low >> 31 ? Upper.sign : 0) | (low === 0 && high !== 0 ? pointer & Upper.tag : pointer)
  )
}

/** What the caller knows that the instructions do not say. */
export interface UpperFacts {
  /** Of parameter r1 … r5. */
  parameter(register: number): number
  /** Of what a call gives. */
  result(index: number): number
  /** Bits of an argument that the callee reads. */
  argumentIsLow(index: number, register: number): boolean
  /** Whether a load checks the whole address. */
  isProbe(index: number): boolean
  /** The low word of r0 is all that the caller looks at. */
  readonly exitIsLow: boolean
  /** A verifier has seen that pointers stay in the memory they point into: sums do not carry into the tag. */
  readonly verified: boolean
}

const reused = {
  known: new Reused(Uint16Array),
  wasRead: new Reused(Uint8Array),
  changedLate: new Reused(Uint8Array),
  pending: new Reused(Uint8Array),
}

/** By web: what is known of its value at all its reads. */
export function knownValues(a: Analysis, facts: UpperFacts): Uint16Array {
  const { webs, values } = a
  const known = reused.known.filled(webs.count, EVERYTHING)
  for (let web = 0; web < webs.count; web++) {
    if (values.kind[web] === Kind.constant) known[web] = ofWords(values.low[web], values.high[web])
    else if (values.kind[web] === Kind.frame) known[web] = ANYTHING | POINTER
  }
  for (let r = o.R1; r <= o.R5; r++) {
    const web = webs.parameters[r]
    if (web >= 0) known[web] = meet(known[web], ANYTHING | facts.parameter(r))
  }
  const transfer = new Transfer(a, facts, known)
  const changedLate = reused.changedLate.filled(webs.count, 0)
  if (lookAtAll(a, known, transfer, changedLate)) lookAgain(a, known, transfer, changedLate)
  return known
}

/**
 * Looks at every instruction once, and marks the webs that changed after they had been read: round a loop, but also where
 * another branch writes the same web. Whether there are any.
 */
function lookAtAll(a: Analysis, known: Uint16Array, transfer: Transfer, changedLate: Uint8Array): boolean {
  const { webs, values, events, graph, range } = a
  const wasRead = reused.wasRead.filled(webs.count, 0)
  let again = false
  for (const block of graph.blocks) {
    for (let k = block.first - range.first; k < block.end - range.first; k++) {
      const event = writeEvent(events, k)
      if (event < 0) continue
      const web = webs.ofEvent[event]
      const kind = values.kind[web]
      if (kind === Kind.constant || kind === Kind.frame) continue
      for (let e = events.start[k]; e < event; e++) wasRead[webs.ofEvent[e]] = 1
      const before = known[web]
      // Of a web that may be anything, nothing more is found out.
      if (before === ANYTHING) continue
      const after = meet(before, transfer.of(k))
      if (after === before) continue
      known[web] = after
      if (wasRead[web] === 0) continue
      changedLate[web] = 1
      again = true
    }
  }
  return again
}

/** Looks at the instructions again that read what has changed, turn by turn, until nothing changes. */
function lookAgain(a: Analysis, known: Uint16Array, transfer: Transfer, changedLate: Uint8Array): void {
  const { webs, values, events, graph, range } = a
  const uses = usesOf(a)
  const pending = reused.pending.filled(range.end - range.first, 0)
  const changes = (web: number): void => {
    for (let n = uses.start[web]; n < uses.start[web + 1]; n++) pending[uses.insns[n]] = 1
  }
  for (let web = 0; web < webs.count; web++) if (changedLate[web] === 1) changes(web)
  let again = true
  for (let turn = 2; again; turn++) {
    again = false
    for (const block of graph.blocks) {
      for (let k = block.first - range.first; k < block.end - range.first; k++) {
        if (pending[k] === 0) continue
        pending[k] = 0
        const event = writeEvent(events, k)
        if (event < 0) continue
        const web = webs.ofEvent[event]
        const kind = values.kind[web]
        const before = known[web]
        if (before === ANYTHING || kind === Kind.constant || kind === Kind.frame) continue
        let after = meet(before, transfer.of(k))
        if (after === before) continue
        // A sum in a loop grows by a bit a turn: go on in large steps.
        if (turn > 3 && bitsOf(after) > bitsOf(before)) after = meet(after, bitsKnown(bitsOf(after) <= 32 ? 32 : 64))
        known[web] = after
        changes(web)
        again = true
      }
    }
  }
}

/** What is known of what an instruction writes. Instructions are counted from the function's first. */
class Transfer {
  readonly #a: Analysis
  readonly #facts: UpperFacts
  readonly #known: Uint16Array

  constructor(a: Analysis, facts: UpperFacts, known: Uint16Array) {
    this.#a = a
    this.#facts = facts
    this.#known = known
  }

  #read(k: number, variable: number): Known {
    if (variable === o.R10) return ANYTHING | POINTER
    return this.#known[this.#a.webs.ofEvent[readEvent(this.#a.events, k, variable)]]
  }

  of(k: number): Known {
    const { code, range, graph, slotOf } = this.#a
    const i = range.first + k
    const op = code.op[i]
    const imm = code.imm[i]
    const choice = graph.choices.size === 0 ? undefined : graph.choices.get(i)
    if (choice !== undefined) {
      const wide = (op & o.BPF_CLASS_MASK) === o.BPF_ALU64
      return meet(ofWords(choice.low, choice.high), ofWords(imm, wide ? imm >> 31 : 0))
    }
    const moved = movedVariable(code, i, slotOf[k])
    if (moved >= 0) return this.#read(k, moved)
    switch (op & o.BPF_CLASS_MASK) {
      case o.BPF_ALU:
        return this.#alu32(k, i, op, imm)
      case o.BPF_ALU64:
        return this.#alu64(k, i, op, imm)
      case o.BPF_LDX:
        return (op & o.BPF_MODE_MASK) === o.BPF_MEMSX ? signKnown : bitsKnown(8 * o.sizeBytes(op))
      case o.BPF_ST:
        // A slot of the stack that became a variable.
        return (op & o.BPF_SIZE_MASK) === o.BPF_DW ? ofWords(imm, imm >> 31) : bitsKnown(8 * o.sizeBytes(op))
      case o.BPF_LD:
      case o.BPF_STX:
        return op === o.OP_LDDW ? ANYTHING : bitsKnown(8 * o.sizeBytes(op))
      default: {
        const result = this.#facts.result(i)
        return result === Upper.zero ? bitsKnown(32) : ANYTHING | result
      }
    }
  }

  /** Whether an addition writes the web that it reads, as the counter of a loop does: it would grow by a bit each turn. */
  #addsToItself(k: number): boolean {
    const { events, webs } = this.#a
    return webs.ofEvent[events.start[k]] === webs.ofEvent[events.start[k + 1] - 1]
  }

  #alu32(k: number, i: number, op: number, imm: number): Known {
    const { code } = this.#a
    const operation = op & o.BPF_OP_MASK
    if (operation === o.BPF_END) return bitsKnown(imm)
    const register = (op & o.BPF_X) !== 0
    const y = register ? Math.min(32, bitsOf(this.#read(k, code.src[i]))) : bitLength(imm)
    const off = code.off[i]
    if (operation === o.BPF_MOV) return bitsKnown(off === 0 ? y : y < off ? y : 32)
    if (operation === o.BPF_ADD && this.#addsToItself(k)) return bitsKnown(32)
    const x = Math.min(32, bitsOf(this.#read(k, code.dst[i])))
    return bitsKnown(Math.min(32, resultBits(operation, x, y, register ? -1 : imm & 31, imm, off, 32)))
  }

  #alu64(k: number, i: number, op: number, imm: number): Known {
    const { code } = this.#a
    const operation = op & o.BPF_OP_MASK
    if (operation === o.BPF_END) return bitsKnown(imm)
    const register = (op & o.BPF_X) !== 0
    const y = register ? this.#read(k, code.src[i]) : ofWords(imm, imm >> 31)
    const off = code.off[i]
    // A move that is no copy has an immediate, or extends the sign of 8, 16 or 32 bits.
    if (operation === o.BPF_MOV) return !register || bitsOf(y) < off ? y : signKnown
    const x = this.#read(k, code.dst[i])
    const shift = register ? -1 : imm & 63
    if (operation === o.BPF_ARSH && shift >= 32 && bitsOf(x) > 63) return signKnown
    const grows = operation === o.BPF_ADD && this.#addsToItself(k)
    const bits = grows ? 64 : Math.min(64, resultBits(operation, bitsOf(x), bitsOf(y), shift, imm, off, 64))
    return bitsKnown(bits) | flags64(operation, x, y, this.#facts.verified)
  }
}

/** What follows from the upper halves of operands alone. */
function flags64(operation: number, x: Known, y: Known, verified: boolean): number {
  switch (operation) {
    case o.BPF_AND:
    case o.BPF_OR:
    case o.BPF_XOR:
      return x & y & Upper.sign
    case o.BPF_ARSH:
      return x & Upper.sign
    case o.BPF_ADD:
      return verified && (x & Upper.tag) !== (y & Upper.tag) ? POINTER : 0
    case o.BPF_SUB:
      if (!verified || (x & Upper.tag) === 0) return 0
      return (y & Upper.tag) === 0 ? POINTER : Upper.sign
    default:
      return 0
  }
}

/**
 * Bits that a result may have set, of operands of `x` and `y` bits; more than there are for a number that may be negative.
 * `shift` is the count of a shift by a constant, and −1 where the other operand is no constant.
 */
function resultBits(
  operation: number,
  x: number,
  y: number,
  shift: number,
  imm: number,
  off: number,
  width: number,
): number {
  switch (operation) {
    case o.BPF_ADD:
      return Math.max(x, y) + 1
    case o.BPF_MUL:
      return x + y
    case o.BPF_AND:
      return Math.min(x, y)
    case o.BPF_OR:
    case o.BPF_XOR:
      return Math.max(x, y)
    case o.BPF_LSH:
      return shift < 0 ? width : x + shift
    case o.BPF_RSH:
      return shift < 0 ? x : Math.max(0, x - shift)
    case o.BPF_ARSH:
      return x >= width ? width : shift < 0 ? x : Math.max(0, x - shift)
    case o.BPF_DIV:
      if (off !== 0) return width
      return shift < 0 || imm <= 0 ? x : Math.max(0, x - bitLength(imm) + 1)
    case o.BPF_MOD:
      if (off !== 0) return width
      return shift < 0 || imm <= 0 ? x : Math.min(x, bitLength(imm - 1))
    default:
      return width
  }
}
