import * as o from "../../isa/index.ts"
import { KERNEL } from "../address.ts"
import { readEvent } from "./events.ts"
import type { FlatCode } from "./functions.ts"
import { bitsOf, type Known, Upper, type UpperFacts } from "./known.ts"
import { Reused } from "./reused.ts"
import { type Analysis, Kind, movedVariable } from "./values.ts"

/**
 * Finds webs that are the sum of one or two locals and a constant and nothing but the address of accesses: loads and stores of
 * WebAssembly add a constant themselves.
 *
 *     r1 = table ll
 *     r1 += r2
 *     r0 = *(u8 *)(r1 + 4)      r0 = (i32.load8_u offset=table+4 (local.get r2))
 *
 * The addition there does not wrap. Sums of 32-bit numbers that do not fit are no addresses in BPF either; of larger ones
 * the verifier knows that they are within what the constant points to.
 */
export function foldAddresses(a: Analysis, known: Uint16Array, facts: UpperFacts): void {
  const sums = new Sums(a, known, facts)
  sums.find()
  sums.keepAddresses()
  sums.apply()
}

/** Constants that leave room for the displacement of the access. */
const LIMIT = 2 ** 31 - 2 ** 16
/** Valid addresses are larger than NULL_PAGE: a pointer that becomes one by adding less is a positive number, too. */
const NEAR = 2 ** 15

const reused = {
  base: new Reused(Int32Array),
  second: new Reused(Int32Array),
  added: new Reused(Int32Array),
  stale: new Reused(Uint8Array),
  open: new Reused(Int32Array),
}

class Sums {
  readonly #a: Analysis
  readonly #known: Uint16Array
  readonly #facts: UpperFacts
  /** By web: the other web of the sum; −1 where it is none. */
  readonly #base: Int32Array
  readonly #second: Int32Array
  readonly #added: Int32Array
  /** By web: 1 where the other web may have been written since. */
  readonly #stale: Uint8Array
  #any = false

  constructor(a: Analysis, known: Uint16Array, facts: UpperFacts) {
    this.#a = a
    this.#known = known
    this.#facts = facts
    this.#base = reused.base.filled(a.webs.count, -1)
    this.#second = reused.second.filled(a.webs.count, -1)
    this.#added = reused.added.filled(a.webs.count, 0)
    this.#stale = reused.stale.filled(a.webs.count, 0)
  }

  /** Notes every sum, and forgets those that are read when their parts are not what they were. */
  find(): void {
    const { graph, range, events, webs, code, values, slotOf } = this.#a
    const { start, writes } = events
    const open = reused.open.any(range.end - range.first)
    for (let b = 0; b < graph.blocks.length; b++) {
      const block = graph.blocks[b]
      /** Sums of this block whose parts may be written again. */
      let opened = 0
      for (let i = block.first; i < block.end; i++) {
        const k = i - range.first
        let end = start[k + 1]
        const written = end > start[k] && writes[end - 1] === 1 ? webs.ofEvent[--end] : -1
        if (this.#any) {
          for (let e = start[k]; e < end; e++) this.#noteRead(webs.ofEvent[e], b)
          if (written >= 0) for (let n = 0; n < opened; n++) this.#noteWrite(open[n], written)
        }
        if (written < 0 || slotOf[k] !== 0 || (code.op[i] & o.BPF_CLASS_MASK) !== o.BPF_ALU64) continue
        if (webs.writes[written] !== 1 || values.kind[written] !== Kind.local) continue
        this.#sum(written, k, i)
        if (this.#base[written] >= 0 && !this.#isSettled(written)) open[opened++] = written
      }
    }
  }

  /** A sum that is read where its parts are not what they were is none. */
  #noteRead(web: number, b: number): void {
    if (this.#base[web] >= 0 && (this.#stale[web] === 1 || !this.#holdsIn(web, b))) this.#base[web] = -1
  }

  /** A sum is not what it was once one of its parts is written. */
  #noteWrite(sum: number, web: number): void {
    if (this.#base[sum] === web || this.#second[sum] === web) this.#stale[sum] = 1
  }

  /** Whether a sum may be made in a block: anywhere when its part is written once, else where it was found. */
  #holdsIn(web: number, b: number): boolean {
    return this.#isSettled(web) || this.#a.webs.block[web] === b
  }

  /** Whether the parts of a sum are written once each. */
  #isSettled(web: number): boolean {
    const { writes } = this.#a.webs
    return writes[this.#base[web]] === 1 && (this.#second[web] < 0 || writes[this.#second[web]] === 1)
  }

  #sum(web: number, k: number, i: number): void {
    const { code } = this.#a
    const op = code.op[i]
    const dst = code.dst[i]
    const src = code.src[i]
    const imm = code.imm[i]
    const moved = movedVariable(code, i, 0)
    if (moved >= 0) this.#add(web, this.#read(k, moved), 0)
    else if (op === (o.BPF_ALU64 | o.BPF_ADD)) this.#add(web, this.#read(k, dst), imm)
    else if (op === (o.BPF_ALU64 | o.BPF_SUB)) this.#add(web, this.#read(k, dst), -imm)
    else if (op === (o.BPF_ALU64 | o.BPF_ADD | o.BPF_X)) {
      this.#addConstant(web, this.#read(k, dst), this.#read(k, src))
      if (this.#base[web] < 0) this.#addConstant(web, this.#read(k, src), this.#read(k, dst))
      if (this.#base[web] < 0) this.#addIndex(web, this.#read(k, dst), this.#read(k, src))
      if (this.#base[web] < 0) this.#addIndex(web, this.#read(k, src), this.#read(k, dst))
    }
  }

  #read(k: number, variable: number): number {
    if (variable === o.R10) return -1
    const { webs, events, values } = this.#a
    const web = webs.ofEvent[readEvent(events, k, variable)]
    return values.kind[web] === Kind.copy ? values.low[web] : web
  }

  /** `web` is `part` and the constant address of `other`. */
  #addConstant(web: number, part: number, other: number): void {
    const { kind, low, high } = this.#a.values
    if (other < 0 || kind[other] !== Kind.constant || high[other] !== KERNEL || low[other] < 0) return
    if (part < 0 || !this.#isIndex(this.#known[part])) return
    const isCopy = this.#base[part] >= 0 && this.#added[part] === 0 && this.#second[part] < 0 && this.#stale[part] === 0
    const index = isCopy ? this.#base[part] : part
    // What an address is made of has to be a local.
    this.#base[index] = -1
    this.#note(web, index, low[other])
  }

  /** Whether the low word of a number says where an element is. */
  #isIndex(known: Known): boolean {
    return this.#facts.verified ? bitsOf(known) <= 63 : (known & Upper.zero) !== 0
  }

  /** `web` is the sum `part` and a number that is not known. Without a verifier, the two webs together have to fit 32 bits. */
  #addIndex(web: number, part: number, index: number): void {
    if (part < 0 || index < 0 || this.#base[part] < 0 || this.#second[part] >= 0 || this.#stale[part] === 1) return
    if (this.#a.values.kind[index] !== Kind.local || this.#base[index] >= 0) return
    const [mine, other] = [bitsOf(this.#known[this.#base[part]]), bitsOf(this.#known[index])]
    if (this.#facts.verified ? other > 63 : mine > 31 || other > 31) return
    this.#note(web, this.#base[part], this.#added[part])
    if (this.#base[web] >= 0) this.#second[web] = index
  }

  /** `web` is `part` and a number. */
  #add(web: number, part: number, added: number): void {
    if (part < 0) return
    if (this.#base[part] >= 0) {
      if (this.#stale[part] === 1) return
      this.#note(web, this.#base[part], this.#added[part] + added)
      this.#second[web] = this.#second[part]
    } else if ((this.#known[part] & Upper.zero) !== 0) this.#note(web, part, added)
    else if (this.#facts.verified && Math.abs(added) < NEAR) this.#note(web, part, added)
  }

  #note(web: number, part: number, added: number): void {
    if (this.#a.values.kind[part] !== Kind.local || Math.abs(added) > LIMIT) return
    this.#base[web] = part
    this.#added[web] = added
    this.#any = true
  }

  /** Forgets sums that are more than the address of an access or a part of another such sum. */
  keepAddresses(): void {
    if (!this.#any) return
    const { graph, range, events, webs, code, slotOf } = this.#a
    const { start, writes } = events
    for (let b = graph.blocks.length - 1; b >= 0; b--) {
      const block = graph.blocks[b]
      for (let i = block.end - 1; i >= block.first; i--) {
        const k = i - range.first
        let end = start[k + 1]
        const written = end > start[k] && writes[end - 1] === 1 ? webs.ofEvent[--end] : -1
        if (written >= 0 && this.#base[written] >= 0) continue
        for (let e = start[k]; e < end; e++) {
          const web = webs.ofEvent[e]
          if (this.#base[web] < 0) continue
          if (slotOf[k] !== 0 || this.#facts.isProbe(i) || !isAddress(code, i, events.variable[e])) this.#base[web] = -1
        }
      }
    }
  }

  apply(): void {
    if (!this.#any) return
    const { kind, low, high, second } = this.#a.values
    for (let web = 0; web < this.#a.webs.count; web++) {
      if (this.#base[web] < 0) continue
      kind[web] = Kind.sum
      low[web] = this.#base[web]
      high[web] = this.#added[web]
      second[web] = this.#second[web]
    }
  }
}

/** Whether an instruction reads a register as the address of an access, and as nothing else. */
function isAddress({ op, dst, src, imm }: FlatCode, i: number, register: number): boolean {
  switch (op[i] & o.BPF_CLASS_MASK) {
    case o.BPF_LDX:
    case o.BPF_ST:
      return true
    case o.BPF_STX:
      if ((op[i] & o.BPF_MODE_MASK) === o.BPF_ATOMIC) {
        if (imm[i] === o.BPF_LOAD_ACQ) return true
        if (imm[i] === o.BPF_CMPXCHG && register === o.R0) return false
      }
      return register === dst[i] && register !== src[i]
    default:
      return false
  }
}
