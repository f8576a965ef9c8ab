import * as o from "../../isa/index.ts"
import { helperShape } from "./calls.ts"
import { FIRST_SLOT, MAX_VARIABLES, readEvent, writeEvent } from "./events.ts"
import { FramePointers } from "./framePointers.ts"
import { Reused } from "./reused.ts"
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
  const { graph, range } = a
  const use = new FrameUse(a, calls)
  for (const block of graph.blocks) {
    for (let k = block.first - range.first; k < block.end - range.first; k++) if (readsFrame(a, k)) use.look(k)
  }
  return use.frame()
}

/** Whether an instruction reads an address in the frame. */
function readsFrame({ code, range, events, webs, values }: Analysis, k: number): boolean {
  const i = range.first + k
  if (code.dst[i] === o.R10 || code.src[i] === o.R10) return true
  for (let e = events.start[k]; e < events.start[k + 1]; e++) {
    if (values.kind[webs.ofEvent[e]] === Kind.frame) return true
  }
  return false
}

/** Bytes of an array's key. */
const KEY_BYTES = 4

/** A byte of the frame that nothing accesses. */
const FREE = 0
/** A byte that is accessed in several ways, or that an address leads to which gets out of sight. */
const SHARED = -1

const reused = {
  bytes: new Reused(Int32Array),
  slotAt: new Reused(Uint8Array),
  insns: new Reused(Int32Array),
  from: new Reused(Int32Array),
  slotOf: new Reused(Uint8Array),
}

/** How the bytes of a frame are used. Places in it are counted from its lowest byte. */
class FrameUse {
  readonly #a: Analysis
  readonly #calls: CallReach
  /** By byte: {@link FREE}, {@link SHARED}, or where the only way to access it begins and ends. */
  readonly #bytes = reused.bytes.any(o.MAX_BPF_STACK).fill(FREE)
  /** The accesses: their instructions, and where they begin. */
  readonly #insns: Int32Array
  readonly #from: Int32Array
  #accesses = 0
  #followed: FramePointers | undefined
  /** The lowest byte that is accessed, and the lowest one that an address leads to which gets out of sight. */
  #accessed = o.MAX_BPF_STACK
  #escaped = o.MAX_BPF_STACK

  constructor(a: Analysis, calls: CallReach) {
    this.#a = a
    this.#calls = calls
    this.#insns = reused.insns.any(2 * (a.range.end - a.range.first))
    this.#from = reused.from.any(2 * (a.range.end - a.range.first))
  }

  /** Notes where an instruction accesses the frame, and which addresses of it get out of sight. */
  look(k: number): void {
    const { code, range, events, values, webs } = this.#a
    const i = range.first + k
    const op = code.op[i]
    switch (op & o.BPF_CLASS_MASK) {
      case o.BPF_ALU:
      case o.BPF_ALU64: {
        const written = writeEvent(events, k)
        if (written >= 0 && values.kind[webs.ofEvent[written]] === Kind.frame) return
        if (this.#pointers().follow(k)) return
        if ((op & o.BPF_OP_MASK) !== o.BPF_MOV) this.#release(k, code.dst[i])
        if ((op & o.BPF_X) !== 0 && (op & o.BPF_OP_MASK) !== o.BPF_END) this.#release(k, code.src[i])
        return
      }
      case o.BPF_LDX:
        this.#access(k, code.src[i], code.off[i], o.sizeBytes(op), false)
        return
      case o.BPF_ST:
        this.#access(k, code.dst[i], code.off[i], o.sizeBytes(op), false)
        return
      case o.BPF_STX: {
        const atomic = (op & o.BPF_MODE_MASK) === o.BPF_ATOMIC
        const loads = atomic && code.imm[i] === o.BPF_LOAD_ACQ
        this.#access(k, loads ? code.src[i] : code.dst[i], code.off[i], o.sizeBytes(op), atomic)
        if (!loads) this.#release(k, code.src[i])
        return
      }
      case o.BPF_JMP:
        if (op === o.OP_CALL) this.#call(k)
    }
  }

  #pointers(): FramePointers {
    return (this.#followed ??= new FramePointers(this.#a, this.#calls, (from, to) => {
      this.#escape(o.MAX_BPF_STACK + from, o.MAX_BPF_STACK + to)
    }))
  }

  #call(k: number): void {
    const { code, range, events } = this.#a
    const i = range.first + k
    for (let r = o.R1; r <= o.R5; r++) {
      if (readEvent(events, k, r) < 0) continue
      const base = this.#place(k, r)
      if (base === undefined) continue
      if (code.src[i] !== o.BPF_HELPER_CALL || helperShape(code.imm[i]).callsBack) this.#escape(0, o.MAX_BPF_STACK)
      else if (r === o.R2 && this.#calls.readsKey(this.#a, i)) this.#access(k, r, 0, KEY_BYTES, false)
      else {
        const reach = this.#calls.bytes(this.#a, i, r)
        this.#escape(base, reach === undefined ? o.MAX_BPF_STACK : base + reach)
      }
    }
  }

  /** The place that a register leads to; undefined where that is no constant distance from r10. */
  #place(k: number, register: number): number | undefined {
    if (register === o.R10) return o.MAX_BPF_STACK
    const { webs, events, values } = this.#a
    const web = webs.ofEvent[readEvent(events, k, register)]
    return values.kind[web] === Kind.frame ? o.MAX_BPF_STACK + values.low[web] : undefined
  }

  #access(k: number, register: number, off: number, size: number, shared: boolean): void {
    const base = this.#place(k, register)
    if (base === undefined) return
    const from = base + off
    const way = shared ? SHARED : from * 16 + size
    this.#insns[this.#accesses] = k
    this.#from[this.#accesses++] = from
    this.#accessed = Math.min(this.#accessed, Math.max(0, from))
    for (let at = Math.max(0, from); at < from + size && at < o.MAX_BPF_STACK; at++) {
      this.#bytes[at] = this.#bytes[at] === FREE || this.#bytes[at] === way ? way : SHARED
    }
  }

  /** An address goes where it cannot be followed: from there, everything may be reached. */
  #release(k: number, register: number): void {
    if (this.#place(k, register) !== undefined) this.#escape(0, o.MAX_BPF_STACK)
  }

  #escape(from: number, to: number): void {
    this.#escaped = Math.min(this.#escaped, from)
    for (let at = Math.max(0, from); at < to && at < o.MAX_BPF_STACK; at++) this.#bytes[at] = SHARED
  }

  /** Gives variables to accesses that nothing disturbs. */
  frame(): Frame {
    const { range } = this.#a
    const slotOf = reused.slotOf.filled(range.end - range.first, 0)
    const slotAt = reused.slotAt.any(o.MAX_BPF_STACK)
    let slots = 0
    for (let at = this.#accessed; at < o.MAX_BPF_STACK; at++) {
      const way = this.#bytes[at]
      const isSlot = way > FREE && way >> 4 === at && this.#isOneWay(at, way) && FIRST_SLOT + slots < MAX_VARIABLES
      slotAt[at] = isSlot ? FIRST_SLOT + slots++ : 0
    }
    let lowest = this.#escaped
    for (let n = 0; n < this.#accesses; n++) {
      const from = this.#from[n]
      const slot = from >= 0 && from < o.MAX_BPF_STACK ? slotAt[from] : 0
      if (slot === 0) lowest = Math.min(lowest, from)
      else slotOf[this.#insns[n]] = slot
    }
    return { slotOf, slots, size: Math.min(o.MAX_BPF_STACK, (o.MAX_BPF_STACK - lowest + 15) & ~15) }
  }

  /** Whether all bytes of an access that begins at a place are accessed in that way only. */
  #isOneWay(at: number, way: number): boolean {
    const end = at + (way & 15)
    if (end > o.MAX_BPF_STACK) return false
    for (let n = at; n < end; n++) if (this.#bytes[n] !== way) return false
    return true
  }
}
