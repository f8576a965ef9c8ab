import * as o from "../../isa/index.ts"
import { KERNEL } from "../address.ts"
import { readEvent, writeEvent } from "./events.ts"
import { Reused } from "./reused.ts"
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

const FLAGS = 15
const ANYTHING: Known = 64 << 4
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

/** By web: what is known of upper halves, and where a value is a 32-bit local. */
export interface Halves {
  readonly known: Uint16Array
  /** 1 where the low word is all that is kept. */
  readonly narrow: Uint8Array
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
  changedIn: new Reused(Uint8Array),
  demanded: new Reused(Uint8Array),
  narrow: new Reused(Uint8Array),
  insns: new Reused(Int32Array),
  written: new Reused(Int32Array),
}

/** Finds the 32-bit values: those whose upper half is known, and those whose upper half nobody reads. */
export function halvesOf(a: Analysis, facts: UpperFacts, known: Uint16Array): Halves {
  const demanded = demandedUpper(a, facts, known)
  const narrow = reused.narrow.filled(a.webs.count, 0)
  for (let web = 0; web < a.webs.count; web++) {
    if (a.values.kind[web] === Kind.local && ((known[web] & FLAGS) !== 0 || demanded[web] === 0)) narrow[web] = 1
  }
  return { known, narrow }
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
  // The turn in which a web was last found to be something else, from 1 on.
  const changedIn = reused.changedIn.filled(webs.count, 1)
  let turn = 1
  // Instructions that may still say something, in the order of the blocks, and what they write.
  const insns = reused.insns.any(a.range.end - a.range.first)
  const written = reused.written.any(a.range.end - a.range.first)
  let count = 0
  for (const block of a.graph.blocks) {
    for (let i = block.first; i < block.end; i++) {
      const event = writeEvent(a.events, i - a.range.first)
      if (event < 0) continue
      const web = webs.ofEvent[event]
      if (values.kind[web] === Kind.constant || values.kind[web] === Kind.frame) continue
      insns[count] = i
      written[count++] = web
    }
  }
  for (let changed = true; changed; turn = Math.min(turn + 1, 255)) {
    changed = false
    let kept = 0
    for (let n = 0; n < count; n++) {
      const [i, web] = [insns[n], written[n]]
      const before = known[web]
      // Of a web that may be anything, nothing more is found out.
      if (before === ANYTHING) continue
      insns[kept] = i
      written[kept++] = web
      if (turn > 1 && !readsChanged(a, i - a.range.first, changedIn, turn - 1)) continue
      let after = meet(before, transfer.of(i))
      if (after === before) continue
      // A sum in a loop grows by a bit a turn: go on in large steps.
      if (turn > 3 && bitsOf(after) > bitsOf(before)) after = meet(after, bitsKnown(bitsOf(after) <= 32 ? 32 : 64))
      known[web] = after
      changedIn[web] = turn
      changed = true
    }
    count = kept
  }
  return known
}

/** Whether something that an instruction reads has changed since a turn. */
function readsChanged({ events, webs }: Analysis, k: number, changedIn: Uint8Array, since: number): boolean {
  for (let e = events.start[k]; e < events.start[k + 1]; e++) {
    if (events.writes[e] === 0 && changedIn[webs.ofEvent[e]] >= since) return true
  }
  return false
}

/** What is known of what an instruction writes. */
class Transfer {
  readonly #a: Analysis
  readonly #facts: UpperFacts
  readonly #known: Uint16Array

  constructor(a: Analysis, facts: UpperFacts, known: Uint16Array) {
    this.#a = a
    this.#facts = facts
    this.#known = known
  }

  #of(i: number, variable: number): Known {
    if (variable === o.R10) return ANYTHING | POINTER
    const k = i - this.#a.range.first
    return this.#known[this.#a.webs.ofEvent[readEvent(this.#a.events, k, variable)]]
  }

  of(i: number): Known {
    const insn = this.#a.code.insns[i]
    const slot = this.#a.slotOf[i - this.#a.range.first]
    const { choices } = this.#a.graph
    const choice = choices.size === 0 ? undefined : choices.get(i)
    if (choice !== undefined) {
      const wide = (insn.op & o.BPF_CLASS_MASK) === o.BPF_ALU64
      return meet(ofWords(choice.low, choice.high), ofWords(insn.imm, wide ? insn.imm >> 31 : 0))
    }
    const moved = movedVariable(insn, slot)
    if (moved >= 0) return this.#of(i, moved)
    const size = 8 * o.sizeBytes(insn.op)
    switch (insn.op & o.BPF_CLASS_MASK) {
      case o.BPF_ALU:
        return this.#alu32(i, insn)
      case o.BPF_ALU64:
        return this.#alu64(i, insn)
      case o.BPF_LDX:
        return (insn.op & o.BPF_MODE_MASK) === o.BPF_MEMSX ? signKnown : bitsKnown(size)
      case o.BPF_ST:
        // A slot of the stack that became a variable.
        return size === 64 ? ofWords(insn.imm, insn.imm >> 31) : bitsKnown(size)
      case o.BPF_LD:
      case o.BPF_STX:
        return bitsKnown(insn.op === o.OP_LDDW ? 64 : size)
      default:
        return this.#facts.result(i) === Upper.zero ? bitsKnown(32) : ANYTHING | this.#facts.result(i)
    }
  }

  #alu32(i: number, { op, dst, src, off, imm }: o.Insn): Known {
    const operation = op & o.BPF_OP_MASK
    if (operation === o.BPF_END) return bitsKnown(imm)
    const register = (op & o.BPF_X) !== 0
    const y = register ? Math.min(32, bitsOf(this.#of(i, src))) : bitLength(imm)
    if (operation === o.BPF_MOV) return bitsKnown(off === 0 ? y : y < off ? y : 32)
    const x = Math.min(32, bitsOf(this.#of(i, dst)))
    return bitsKnown(Math.min(32, resultBits(operation, x, y, register ? undefined : imm & 31, imm, off, 32)))
  }

  #alu64(i: number, { op, dst, src, off, imm }: o.Insn): Known {
    const operation = op & o.BPF_OP_MASK
    if (operation === o.BPF_END) return bitsKnown(imm)
    const register = (op & o.BPF_X) !== 0
    const y = register ? this.#of(i, src) : ofWords(imm, imm >> 31)
    // A move that is no copy has an immediate, or extends the sign of 8, 16 or 32 bits.
    if (operation === o.BPF_MOV) return !register || bitsOf(y) < off ? y : signKnown
    const x = this.#of(i, dst)
    const flags = this.#flags64(operation, x, y)
    const shift = register ? undefined : imm & 63
    if (operation === o.BPF_ARSH && shift !== undefined && shift >= 32 && bitsOf(x) > 63) return signKnown
    return bitsKnown(Math.min(64, resultBits(operation, bitsOf(x), bitsOf(y), shift, imm, off, 64))) | flags
  }

  /** What follows from the upper halves alone. */
  #flags64(operation: number, x: Known, y: Known): number {
    switch (operation) {
      case o.BPF_AND:
      case o.BPF_OR:
      case o.BPF_XOR:
        return x & y & Upper.sign
      case o.BPF_ARSH:
        return x & Upper.sign
      case o.BPF_ADD:
        return this.#facts.verified && (x & Upper.tag) !== (y & Upper.tag) ? POINTER : 0
      case o.BPF_SUB:
        if (!this.#facts.verified || (x & Upper.tag) === 0) return 0
        return (y & Upper.tag) === 0 ? POINTER : Upper.sign
      default:
        return 0
    }
  }
}

/**
 * Bits that a result may have set, of operands of `x` and `y` bits; more than there are for a number that may be negative.
 * `shift` is the count of a shift by a constant.
 */
function resultBits(
  operation: number,
  x: number,
  y: number,
  shift: number | undefined,
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
      return shift === undefined ? width : x + shift
    case o.BPF_RSH:
      return shift === undefined ? x : Math.max(0, x - shift)
    case o.BPF_ARSH:
      return x >= width ? width : shift === undefined ? x : Math.max(0, x - shift)
    case o.BPF_DIV:
      if (off !== 0) return width
      return shift === undefined || imm <= 0 ? x : Math.max(0, x - bitLength(imm) + 1)
    case o.BPF_MOD:
      if (off !== 0) return width
      return shift === undefined || imm <= 0 ? x : Math.min(x, bitLength(imm - 1))
    default:
      return width
  }
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

/** By web: 1 where somebody reads the upper half. */
function demandedUpper(a: Analysis, facts: UpperFacts, known: Uint16Array): Uint8Array {
  const { events, webs, graph, range, values } = a
  const demanded = reused.demanded.filled(webs.count, 0)
  const isNarrow = (web: number): boolean => (known[web] & FLAGS) !== 0 || demanded[web] === 0
  for (let changed = true; changed; ) {
    changed = false
    for (let b = graph.blocks.length - 1; b >= 0; b--) {
      const block = graph.blocks[b]
      for (let i = block.end - 1; i >= block.first; i--) {
        const k = i - range.first
        const result = writeEvent(events, k)
        const low = result >= 0 && isNarrow(webs.ofEvent[result])
        for (let e = events.start[k]; e < events.start[k + 1]; e++) {
          if (events.writes[e] === 1) continue
          const web = webs.ofEvent[e]
          const root = values.kind[web] === Kind.copy ? values.low[web] : web
          if (demanded[root] === 1 || readsLow(a, facts, i, events.variable[e], low)) continue
          demanded[root] = demanded[web] = 1
          changed = true
        }
      }
    }
    // What a copy is asked for, its source is asked for.
    for (let web = 0; web < webs.count; web++) {
      if (values.kind[web] !== Kind.copy || demanded[web] === demanded[values.low[web]]) continue
      if (demanded[web] === 0) continue
      demanded[values.low[web]] = 1
      changed = true
    }
  }
  return demanded
}

/** Whether an instruction looks at no more than the low word of a variable. `resultIsLow`: what it writes is kept as a low word. */
function readsLow(a: Analysis, facts: UpperFacts, i: number, variable: number, resultIsLow: boolean): boolean {
  const { op, dst, src, imm } = a.code.insns[i]
  const slot = a.slotOf[i - a.range.first]
  const size = op & o.BPF_SIZE_MASK
  switch (op & o.BPF_CLASS_MASK) {
    case o.BPF_ALU:
      return (op & o.BPF_OP_MASK) !== o.BPF_END || imm !== 64
    case o.BPF_ALU64: {
      const operation = op & o.BPF_OP_MASK
      if (operation === o.BPF_END) return imm !== 64
      if (operation === o.BPF_MOV) return resultIsLow || a.code.insns[i].off !== 0
      const register = (op & o.BPF_X) !== 0
      if (operation === o.BPF_LSH && (register ? variable === src && variable !== dst : (imm & 63) >= 32)) return true
      if ((operation === o.BPF_RSH || operation === o.BPF_ARSH) && register && variable === src && src !== dst)
        return true
      if (operation === o.BPF_AND && !register && imm >= 0) return true
      return resultIsLow && lowFromLow(operation, register)
    }
    case o.BPF_LDX:
      if (slot === 0) return !facts.isProbe(i)
      return resultIsLow || size !== o.BPF_DW
    case o.BPF_LD:
    case o.BPF_JMP32:
      return true
    case o.BPF_ST:
      return true
    case o.BPF_STX:
      if (slot !== 0) return resultIsLow || size !== o.BPF_DW
      if ((op & o.BPF_MODE_MASK) === o.BPF_ATOMIC && imm === o.BPF_LOAD_ACQ) return true
      return (
        size !== o.BPF_DW || (variable === dst && variable !== src && !(imm === o.BPF_CMPXCHG && variable === o.R0))
      )
    default:
      if (op === o.OP_EXIT) return facts.exitIsLow
      if (op === o.OP_CALL && slot !== 0) return true
      if (op === o.OP_CALL) return facts.argumentIsLow(i, variable)
      // The immediate's upper half is zero, and so is what it leaves of the other one.
      return (op & o.BPF_OP_MASK) === o.BPF_JSET && (op & o.BPF_X) === 0 && imm >= 0
  }
}
