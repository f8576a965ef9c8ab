import * as o from "../../isa/index.ts"
import { KERNEL } from "../address.ts"
import { readEvent, writeEvent } from "./events.ts"
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

const EVERYTHING = Upper.zero | Upper.sign | Upper.tag | Upper.tagOrNull
const SMALL = Upper.zero | Upper.sign
/** A pointer that is not NULL. */
export const POINTER = Upper.tag | Upper.tagOrNull

/** By web: what is known of upper halves, and where a value is a 32-bit local. */
export interface Halves {
  readonly upper: Uint8Array
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

/** What a constant says. */
export const ofWords = (low: number, high: number): number =>
  (high === 0 ? Upper.zero : 0) |
  (high === low >> 31 ? Upper.sign : 0) |
  (high === KERNEL ? Upper.tag : 0) |
  ((low === 0 ? high === 0 : high === KERNEL) ? Upper.tagOrNull : 0)

/** Finds the 32-bit values: those whose upper half is known, and those whose upper half nobody reads. */
export function halvesOf(a: Analysis, facts: UpperFacts): Halves {
  const upper = knownUpper(a, facts)
  const demanded = demandedUpper(a, facts, upper)
  const narrow = new Uint8Array(a.webs.count)
  for (let web = 0; web < narrow.length; web++) {
    if (a.values.kind[web] === Kind.local && (upper[web] !== 0 || demanded[web] === 0)) narrow[web] = 1
  }
  return { upper, narrow }
}

function knownUpper(a: Analysis, facts: UpperFacts): Uint8Array {
  const { webs, values } = a
  const upper = new Uint8Array(webs.count).fill(EVERYTHING)
  for (let web = 0; web < webs.count; web++) {
    if (values.kind[web] === Kind.constant) upper[web] = ofWords(values.low[web], values.high[web])
    else if (values.kind[web] === Kind.frame) upper[web] = POINTER
  }
  for (let r = o.R1; r <= o.R5; r++) if (webs.parameters[r] >= 0) upper[webs.parameters[r]] &= facts.parameter(r)
  const transfer = new Transfer(a, facts, upper)
  for (let changed = true; changed; ) {
    changed = false
    for (const block of a.graph.blocks) {
      for (let i = block.first; i < block.end; i++) {
        const event = writeEvent(a.events, i - a.range.first)
        if (event < 0) continue
        const web = webs.ofEvent[event]
        if (values.kind[web] === Kind.constant || values.kind[web] === Kind.frame) continue
        const known = upper[web] & transfer.of(i)
        if (known === upper[web]) continue
        upper[web] = known
        changed = true
      }
    }
  }
  return upper
}

/** What an instruction leaves in the upper half of what it writes. */
class Transfer {
  readonly #a: Analysis
  readonly #facts: UpperFacts
  readonly #upper: Uint8Array

  constructor(a: Analysis, facts: UpperFacts, upper: Uint8Array) {
    this.#a = a
    this.#facts = facts
    this.#upper = upper
  }

  #known(i: number, variable: number): number {
    if (variable === o.R10) return POINTER
    const k = i - this.#a.range.first
    return this.#upper[this.#a.webs.ofEvent[readEvent(this.#a.events, k, variable)]]
  }

  of(i: number): number {
    const insn = this.#a.code.insns[i]
    const slot = this.#a.slotOf[i - this.#a.range.first]
    const moved = movedVariable(insn, slot)
    if (moved >= 0) return this.#known(i, moved)
    switch (insn.op & o.BPF_CLASS_MASK) {
      case o.BPF_ALU:
        return this.#alu32(insn)
      case o.BPF_ALU64:
        return this.#alu64(i, insn)
      case o.BPF_LDX:
        if ((insn.op & o.BPF_MODE_MASK) === o.BPF_MEMSX) return Upper.sign
        return loaded(insn)
      case o.BPF_LD:
        return loaded(insn)
      case o.BPF_ST:
        // A slot of the stack that became a variable.
        return (insn.op & o.BPF_SIZE_MASK) === o.BPF_DW ? ofWords(insn.imm, insn.imm >> 31) : loaded(insn)
      case o.BPF_STX:
        return loaded(insn)
      default:
        return this.#facts.result(i)
    }
  }

  #alu32({ op, imm, off }: o.Insn): number {
    const operation = op & o.BPF_OP_MASK
    const register = (op & o.BPF_X) !== 0
    if (operation === o.BPF_END) return imm === 16 ? SMALL : imm === 32 ? Upper.zero : 0
    if (register) return Upper.zero
    if (operation === o.BPF_AND && imm >= 0) return SMALL
    if (operation === o.BPF_RSH && (imm & 31) !== 0) return SMALL
    if (operation === o.BPF_MOV && imm >= 0) return SMALL
    if (operation === o.BPF_MOD && imm > 0 && off === 0) return SMALL
    return Upper.zero
  }

  #alu64(i: number, { op, dst, src, off, imm }: o.Insn): number {
    const operation = op & o.BPF_OP_MASK
    if (operation === o.BPF_END) return imm === 16 ? SMALL : imm === 32 ? Upper.zero : 0
    const register = (op & o.BPF_X) !== 0
    // A move that is no copy extends the sign of 8, 16 or 32 bits, or has an immediate.
    if (operation === o.BPF_MOV) return register ? Upper.sign : ofWords(imm, imm >> 31)
    const x = this.#known(i, dst)
    const y = operation === o.BPF_NEG ? 0 : register ? this.#known(i, src) : ofWords(imm, imm >> 31)
    switch (operation) {
      case o.BPF_AND:
        return ((x | y) & Upper.zero) | (x & y & Upper.sign)
      case o.BPF_OR:
      case o.BPF_XOR:
        return x & y & SMALL
      case o.BPF_ADD:
        if (!this.#facts.verified) return 0
        return (x & Upper.tag) !== (y & Upper.tag) ? POINTER : 0
      case o.BPF_SUB:
        if (!this.#facts.verified || (x & Upper.tag) === 0) return 0
        return (y & Upper.tag) === 0 ? POINTER : Upper.sign
      case o.BPF_RSH:
        if (register) return x & Upper.zero
        if ((imm & 63) >= 32) return (imm & 63) > 32 ? SMALL : Upper.zero
        return (x & Upper.zero) !== 0 ? ((imm & 63) > 0 ? SMALL : x & SMALL) : 0
      case o.BPF_ARSH:
        if (!register && (imm & 63) >= 32) return Upper.sign
        return x & SMALL
      case o.BPF_DIV:
        return off === 0 ? x & Upper.zero : 0
      case o.BPF_MOD:
        if (off !== 0) return 0
        return (x & Upper.zero) | (!register && imm > 0 ? Upper.zero : 0)
      default:
        return 0
    }
  }
}

/** What a load of a width says. */
function loaded({ op }: o.Insn): number {
  const size = op & o.BPF_SIZE_MASK
  return size === o.BPF_DW ? 0 : size === o.BPF_W ? Upper.zero : SMALL
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
function demandedUpper(a: Analysis, facts: UpperFacts, upper: Uint8Array): Uint8Array {
  const { events, webs, graph, range, values } = a
  const demanded = new Uint8Array(webs.count)
  const isNarrow = (web: number): boolean => upper[web] !== 0 || demanded[web] === 0
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
      if (op === o.OP_CALL) return facts.argumentIsLow(i, variable)
      // The immediate's upper half is zero, and so is what it leaves of the other one.
      return (op & o.BPF_OP_MASK) === o.BPF_JSET && (op & o.BPF_X) === 0 && imm >= 0
  }
}
