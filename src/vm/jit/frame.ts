import * as o from "../../isa/index.ts"
import { helperShape } from "./calls.ts"
import { FIRST_SLOT, MAX_VARIABLES, readEvent, writeEvent } from "./events.ts"
import { type Analysis, Kind } from "./values.ts"

/** What became of the 512 bytes below r10. */
export interface Frame {
  /** By instruction from the function's first: the variable that its load or store of the stack became; 0 for none. */
  readonly slotOf: Uint8Array
  /** Variables there are of that kind. */
  readonly slots: number
  /** Bytes below r10 that stay in memory. */
  readonly size: number
}

/** A range of bytes, by their distance from r10. */
interface Bytes {
  readonly from: number
  readonly to: number
}

interface Access extends Bytes {
  /** Instruction, from the function's first. */
  readonly k: number
}

/** What calls do with addresses in the frame. */
export interface CallReach {
  /** How many bytes behind an address in a register the callee touches; undefined for all up to r10. */
  bytes(a: Analysis, index: number, register: number): number | undefined
  /** Whether compiled code reads the key in r2 itself. */
  readsKey(a: Analysis, index: number): boolean
}

/**
 * Finds slots of the stack that are variables in all but name: every access is at the same constant distance from r10 and
 * of the same width, and no address that leads there goes anywhere else. Mostly these are registers that the compiler put
 * aside.
 *
 *     *(u64 *)(r10 - 8) = r6        v0 = r6
 *     r1 = *(u64 *)(r10 - 8)        r1 = v0
 */
export function frameOf(a: Analysis, calls: CallReach): Frame {
  const accesses: Access[] = []
  const escapes: Bytes[] = []
  for (const block of a.graph.blocks) {
    for (let i = block.first; i < block.end; i++) look(a, i, calls, accesses, escapes)
  }
  const slotOf = new Uint8Array(a.range.end - a.range.first)
  const slots = promote(accesses, escapes, slotOf, a)
  let lowest = 0
  for (const { k, from } of accesses) if (slotOf[k] === 0) lowest = Math.min(lowest, from)
  for (const { from } of escapes) lowest = Math.min(lowest, from)
  return { slotOf, slots, size: Math.min(o.MAX_BPF_STACK, (-lowest + 15) & ~15) }
}

/** Bytes of an array's key. */
const KEY_BYTES = 4
const EVERYWHERE: Bytes = { from: -o.MAX_BPF_STACK, to: 0 }

/** Notes where an instruction accesses the frame, and which addresses of it get out of sight. */
function look(a: Analysis, i: number, calls: CallReach, accesses: Access[], escapes: Bytes[]): void {
  const insn = a.code.insns[i]
  const { op, dst, src, off } = insn
  const k = i - a.range.first
  const offset = (register: number): number | undefined => {
    if (register === o.R10) return 0
    const web = a.webs.ofEvent[readEvent(a.events, k, register)]
    return a.values.kind[web] === Kind.frame ? a.values.low[web] : undefined
  }
  const access = (register: number, bytes: number): void => {
    const base = offset(register)
    if (base !== undefined) accesses.push({ k, from: base + off, to: base + off + bytes })
  }
  const release = (register: number): void => {
    if (offset(register) !== undefined) escapes.push(EVERYWHERE)
  }
  switch (op & o.BPF_CLASS_MASK) {
    case o.BPF_ALU:
    case o.BPF_ALU64: {
      const written = writeEvent(a.events, k)
      if (written >= 0 && a.values.kind[a.webs.ofEvent[written]] === Kind.frame) return
      if ((op & o.BPF_OP_MASK) !== o.BPF_MOV) release(dst)
      if ((op & o.BPF_X) !== 0 && (op & o.BPF_OP_MASK) !== o.BPF_END) release(src)
      return
    }
    case o.BPF_LDX:
      access(src, o.sizeBytes(op))
      return
    case o.BPF_ST:
      access(dst, o.sizeBytes(op))
      return
    case o.BPF_STX: {
      const loads = (op & o.BPF_MODE_MASK) === o.BPF_ATOMIC && insn.imm === o.BPF_LOAD_ACQ
      access(loads ? src : dst, o.sizeBytes(op))
      if (!loads) release(src)
      return
    }
    case o.BPF_JMP:
      if (op !== o.OP_CALL) return
      for (let r = o.R1; r <= o.R5; r++) {
        if (readEvent(a.events, k, r) < 0) continue
        const base = offset(r)
        if (base === undefined) continue
        if (insn.src !== o.BPF_HELPER_CALL || helperShape(insn.imm).callsBack) escapes.push(EVERYWHERE)
        else if (r === o.R2 && calls.readsKey(a, i)) accesses.push({ k, from: base, to: base + KEY_BYTES })
        else {
          const reach = calls.bytes(a, i, r)
          escapes.push({ from: base, to: reach === undefined ? 0 : base + reach })
        }
      }
      return
  }
}

/** Gives variables to accesses that nothing disturbs; how many there are. */
function promote(accesses: readonly Access[], escapes: readonly Bytes[], slotOf: Uint8Array, a: Analysis): number {
  const sorted = [...accesses].sort((x, y) => x.from - y.from)
  let slots = 0
  for (let n = 0; n < sorted.length; ) {
    // Accesses that overlap, one after the other.
    let end = n + 1
    let to = sorted[n].to
    while (end < sorted.length && sorted[end].from < to) to = Math.max(to, sorted[end++].to)
    const group = sorted.slice(n, end)
    n = end
    const { from } = group[0]
    if (from < -o.MAX_BPF_STACK || to > 0 || FIRST_SLOT + slots >= MAX_VARIABLES) continue
    if (group.some(other => other.from !== from || other.to !== to || isAtomic(a, other.k))) continue
    if (escapes.some(other => other.from < to && from < other.to)) continue
    for (const { k } of group) slotOf[k] = FIRST_SLOT + slots
    slots++
  }
  return slots
}

const isAtomic = (a: Analysis, k: number): boolean => {
  const { op } = a.code.insns[a.range.first + k]
  return (op & o.BPF_CLASS_MASK) === o.BPF_STX && (op & o.BPF_MODE_MASK) === o.BPF_ATOMIC
}
