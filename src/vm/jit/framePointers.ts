import * as o from "../../isa/index.ts"
import { helperShape } from "./calls.ts"
import { readEvent, writeEvent } from "./events.ts"
import { Extents, FRAME } from "./extents.ts"
import type { CallReach } from "./frame.ts"
import { ANYTHING } from "./known.ts"
import { countedLoops } from "./loops.ts"
import { type Uses, usesOf } from "./uses.ts"
import type { Analysis } from "./values.ts"

/** Notes that bytes of the frame may be accessed, counted from r10. */
export type Reach = (from: number, to: number) => void

/**
 * Follows addresses in the frame that are the sum of r10 and a number that is not known, to the accesses they are made for:
 * an array with an index leaves the rest of the frame alone.
 *
 *     r2 &= 15
 *     r3 = r10
 *     r3 += r2
 *     r0 = *(u8 *)(r3 - 64)       reaches r10 − 64 to r10 − 49
 */
export class FramePointers {
  readonly #a: Analysis
  readonly #calls: CallReach
  readonly #reach: Reach
  readonly #uses: Uses
  readonly #extents: Extents

  constructor(a: Analysis, calls: CallReach, reach: Reach) {
    this.#a = a
    this.#calls = calls
    this.#reach = reach
    this.#uses = usesOf(a)
    this.#extents = new Extents(a, new Uint16Array(a.webs.count).fill(ANYTHING), countedLoops(a))
  }

  /** Whether all that becomes of what an instruction writes are accesses of bytes that are known; they are noted. */
  follow(k: number): boolean {
    const { webs, events } = this.#a
    const event = writeEvent(events, k)
    const web = event < 0 ? -1 : webs.ofEvent[event]
    if (web < 0 || webs.writes[web] !== 1 || !this.#isSum(k)) return false
    for (let n = this.#uses.start[web]; n < this.#uses.start[web + 1]; n++) {
      if (!this.#use(this.#uses.insns[n], web)) return false
    }
    return true
  }

  /** Whether an instruction adds to an address, or copies it. */
  #isSum(k: number): boolean {
    const { code, range } = this.#a
    const op = code.op[range.first + k]
    const operation = op & o.BPF_OP_MASK
    if ((op & o.BPF_CLASS_MASK) !== o.BPF_ALU64) return false
    return operation === o.BPF_MOV
      ? (op & o.BPF_X) !== 0 && code.off[range.first + k] === 0
      : operation === o.BPF_ADD || operation === o.BPF_SUB
  }

  #use(k: number, web: number): boolean {
    const { code, range } = this.#a
    const i = range.first + k
    const op = code.op[i]
    switch (op & o.BPF_CLASS_MASK) {
      case o.BPF_ALU64:
        return this.follow(k)
      case o.BPF_LDX:
        return this.#access(i, code.src[i], code.off[i], o.sizeBytes(op))
      case o.BPF_ST:
        return this.#access(i, code.dst[i], code.off[i], o.sizeBytes(op))
      case o.BPF_STX: {
        const isPlain = (op & o.BPF_MODE_MASK) === o.BPF_MEM
        return (
          isPlain && !this.#reads(k, code.src[i], web) && this.#access(i, code.dst[i], code.off[i], o.sizeBytes(op))
        )
      }
      case o.BPF_JMP:
        if (op === o.OP_CALL) return this.#call(k, web)
        return op !== o.OP_EXIT
      default:
        return false
    }
  }

  #reads(k: number, register: number, web: number): boolean {
    const event = register === o.R10 ? -1 : readEvent(this.#a.events, k, register)
    return event >= 0 && this.#a.webs.ofEvent[event] === web
  }

  #access(i: number, register: number, off: number, size: number): boolean {
    const extent = this.#extents.of(i, register)
    if (extent === undefined || extent.root !== FRAME) return false
    this.#reach(extent.from + off, extent.to + off + size)
    return true
  }

  #call(k: number, web: number): boolean {
    const { code, range } = this.#a
    const i = range.first + k
    if (code.src[i] !== o.BPF_HELPER_CALL || helperShape(code.imm[i]).callsBack) return false
    for (let r = o.R1; r <= o.R5; r++) {
      if (!this.#reads(k, r, web)) continue
      const bytes = this.#calls.bytes(this.#a, i, r)
      if (bytes === undefined || !this.#access(i, r, 0, bytes)) return false
    }
    return true
  }
}
