import * as o from "../../isa/index.ts"
import { lowComparison } from "./condition.ts"
import { readEvent, writeEvent } from "./events.ts"
import { endsBlock } from "./flow.ts"
import type { FunctionWriter } from "./functionWriter.ts"
import { lowFromLow } from "./halves.ts"
import { Upper } from "./known.ts"
import { type Access, areIndependent, reachOf } from "./loopAccesses.ts"
import { type CountedLoop, naturalLoop } from "./loops.ts"
import { Reused } from "./reused.ts"
import { type Stride, strideOf, UNKNOWN, VARYING } from "./strides.ts"
import { Kind, movedVariable } from "./values.ts"

/** A loop of which several turns can be made at once, one in each lane of vectors of 32-bit numbers. */
export interface VectorLoop {
  readonly loop: CountedLoop
  /** Turns that are made at once: 4, or more in a loop that only stores what all its turns have in common. */
  readonly lanes: number
  /** How often that is done. The loop as it was makes the turns that are left. */
  readonly trips: number
  /** Webs whose value differs from lane to lane by something else than a constant. */
  readonly varying: ReadonlySet<number>
  /** Webs written in the loop whose value grows by so much from lane to lane. */
  readonly strides: ReadonlyMap<number, number>
  /** Webs that every turn adds to a constant number, by what it adds. */
  readonly counters: ReadonlyMap<number, number>
  /** Webs that every turn adds something to, by the operation: `BPF_ADD`, `BPF_XOR` or `BPF_OR`. */
  readonly sums: ReadonlyMap<number, number>
  /** Blocks that only some lanes run: the block that decides it, and whether they do when its jump is taken. */
  readonly masked: ReadonlyMap<number, { readonly by: number; readonly taken: boolean }>
  /** The end of what is loaded in such blocks: memory has to be so large. */
  readonly reach: number
}

/** Lanes of a vector of 32-bit numbers. */
export const LANES = 4
/** Longer loops do not get faster enough to pay for the code. */
const MOST_INSTRUCTIONS = 128

/** What is found out about webs written in a loop. They are reset for the next loop. */
interface LoopWebs {
  /** Writes in the loop. */
  readonly writes: Int32Array
  readonly strides: Int32Array
  /** For a web that holds a sum so far: the web that the sum is carried from turn to turn in. */
  readonly carriers: Int32Array
}

const reused = { writes: new Reused(Int32Array), strides: new Reused(Int32Array), carriers: new Reused(Int32Array) }
/** What {@link LoopWebs} say of a web that no write was seen of, and the carrier of one that is no sum. */
const UNSEEN = -1
const NO_SUM = -2

/** Finds the loops whose turns can be made at once by their headers: of loops in each other the innermost. */
export function vectorLoops(w: FunctionWriter, isProbe: (i: number) => boolean): ReadonlyMap<number, VectorLoop> {
  const found = new Map<number, VectorLoop>()
  if (w.loops.length === 0) return found
  const { count } = w.a.webs
  const about: LoopWebs = {
    writes: reused.writes.filled(count, 0),
    strides: reused.strides.filled(count, UNKNOWN),
    carriers: reused.carriers.filled(count, UNSEEN),
  }
  for (const loop of [...w.loops].reverse()) {
    if (found.size > 0 && loop.blocks.some(b => found.has(b))) continue
    const vectoriser = new Vectoriser(w, loop, about, isProbe)
    const plan = vectoriser.find()
    vectoriser.reset()
    if (plan !== undefined) found.set(loop.header, plan)
  }
  return found
}

/**
 * Finds out whether turns of a loop can be made at once, and how:
 *
 *     for (i = 0; i < 16; i++) z[i] += x[i] * y;     z[i … i+3] += x[i … i+3] * {y, y, y, y}
 *
 * A value is the same in all lanes, grows by a constant from lane to lane (then it is computed for the first lane only), or
 * varies. All lanes take the same way through the loop, and through loops inside of it, but for blocks that are skipped
 * on a condition: they run under a mask. No turn may read or write what another one writes.
 */
class Vectoriser {
  readonly #w: FunctionWriter
  readonly #loop: CountedLoop
  readonly #isProbe: (i: number) => boolean
  /** Blocks of loops inside of this one. */
  readonly #inner = new Set<number>()
  readonly #about: LoopWebs
  /** Webs written in the loop. */
  readonly #written: number[] = []
  readonly #counters = new Map<number, number>()
  readonly #operations = new Map<number, number>()
  readonly #masked = new Map<number, { by: number; taken: boolean }>()
  #accesses: Access[] = []
  #changed = true
  #storesVectors = false

  constructor(w: FunctionWriter, loop: CountedLoop, about: LoopWebs, isProbe: (i: number) => boolean) {
    this.#w = w
    this.#about = about
    this.#loop = loop
    this.#isProbe = isProbe
  }

  find(): VectorLoop | undefined {
    if (!this.#begin()) return undefined
    while (this.#changed) {
      this.#changed = false
      this.#accesses = []
      for (const b of this.#loop.blocks) if (!this.#block(b)) return undefined
    }
    const varying = new Set<number>()
    const strides = new Map<number, number>()
    for (const web of this.#written) {
      const stride = this.#about.strides[web]
      if (this.#about.carriers[web] === web && !this.#operations.has(web)) return undefined
      if (stride !== VARYING) strides.set(web, stride)
      else if (this.#w.a.values.kind[web] !== Kind.local || this.#w.isNarrow(web)) varying.add(web)
      else return undefined
    }
    if (!this.#writesVectors(varying)) return undefined
    if (!this.#accesses.some(({ stores }) => stores) && this.#operations.size === 0) return undefined
    const masked = this.#accesses.filter(({ block }) => this.#masked.has(block))
    const reach = reachOf(masked, this.#w.extents)
    const isFixed = (web: number): boolean => this.#about.writes[web] === 0
    if (reach === undefined || !areIndependent(this.#accesses, this.#w.extents, isFixed)) return undefined
    const { turns, testsFirst } = this.#loop
    const most = turns - (testsFirst ? 0 : 1)
    const lanes = this.#lanes(varying.size > 0 || this.#storesVectors, most)
    const trips = Math.floor(most / lanes)
    if (trips === 0) return undefined
    return {
      loop: this.#loop,
      lanes,
      trips,
      varying,
      strides,
      counters: this.#counters,
      sums: this.#operations,
      masked: this.#masked,
      reach,
    }
  }

  /** Forgets what was found out about webs. */
  reset(): void {
    for (const web of this.#written) {
      this.#about.writes[web] = 0
      this.#about.strides[web] = UNKNOWN
      this.#about.carriers[web] = UNSEEN
    }
  }

  /** Looks at what the turns hand on to each other: counters, and what may be sums. */
  #begin(): boolean {
    const { a } = this.#w
    const { graph, webs, events, range, code } = a
    const { blocks, latch, header } = this.#loop
    const { writes, strides, carriers } = this.#about
    let size = 0
    for (const b of blocks) {
      const { first, end } = graph.blocks[b]
      size += end - first
      if (b !== header && graph.header[b] === 1) for (const inner of naturalLoop(a, b)) this.#inner.add(inner)
      for (let i = first; i < end; i++) {
        const event = writeEvent(events, i - range.first)
        if (event < 0) continue
        const web = webs.ofEvent[event]
        if (writes[web]++ === 0) this.#written.push(web)
      }
    }
    if (size > MOST_INSTRUCTIONS) return false
    const { first, end } = graph.blocks[latch]
    for (let i = first; i < end; i++) {
      const { op, dst, imm } = code.insns[i]
      if (op !== (o.BPF_ALU | o.BPF_ADD) && op !== (o.BPF_ALU64 | o.BPF_ADD)) continue
      const web = webs.ofEvent[writeEvent(events, i - range.first)]
      if (writes[web] !== 1 || webs.writes[web] === 1 || this.#webOf(i, dst) !== web) continue
      if (((op & o.BPF_CLASS_MASK) === o.BPF_ALU && !this.#w.isNarrow(web)) || Math.abs(imm) >= VARYING) continue
      this.#counters.set(web, imm)
      strides[web] = imm
    }
    for (const web of this.#written) {
      if (writes[web] === webs.writes[web] || this.#counters.has(web)) continue
      carriers[web] = web
      strides[web] = VARYING
    }
    return true
  }

  /** The web that an instruction reads; −1 for r10. */
  #webOf(i: number, variable: number): number {
    const { webs, events, range } = this.#w.a
    return variable === o.R10 ? -1 : webs.ofEvent[readEvent(events, i - range.first, variable)]
  }

  /** How what an instruction reads differs between lanes. */
  #stride(i: number, variable: number): Stride {
    const web = this.#webOf(i, variable)
    return web >= 0 && this.#about.writes[web] > 0 ? this.#about.strides[web] : 0
  }

  #carrier(i: number, variable: number): number {
    const web = this.#webOf(i, variable)
    return web >= 0 && this.#about.carriers[web] >= 0 ? this.#about.carriers[web] : NO_SUM
  }

  /** Notes what an instruction writes; false where that is not possible. */
  #note(i: number, block: number, stride: Stride, carrier = NO_SUM): boolean {
    const { webs, events, range } = this.#w.a
    const { strides, carriers } = this.#about
    if (stride === UNKNOWN) return true
    const web = webs.ofEvent[writeEvent(events, i - range.first)]
    const differs = this.#masked.has(block) && webs.block[web] !== block
    const before = strides[web]
    const after = differs || (before !== UNKNOWN && before !== stride) ? VARYING : stride
    if (carriers[web] === UNSEEN) carriers[web] = carrier
    else if (carriers[web] !== carrier) return false
    if (after === before) return true
    if (this.#counters.has(web)) return false
    strides[web] = after
    this.#changed = true
    return true
  }

  #block(b: number): boolean {
    const { graph, code, range, slotOf } = this.#w.a
    const { first, end } = graph.blocks[b]
    for (let i = first; i < end; i++) {
      const insn = code.insns[i]
      // The jump of a choice belongs to the move behind it.
      if (graph.choices.has(i + 1)) continue
      if (graph.choices.has(i)) {
        const stride = this.#compared(i - 1)
        if (stride === undefined || !this.#note(i, b, stride)) return false
      } else if (endsBlock(insn)) return this.#jump(i, b)
      else if (slotOf[i - range.first] !== 0 ? !this.#slot(i, b, slotOf[i - range.first]) : !this.#insn(i, b, insn)) {
        return false
      }
    }
    return true
  }

  #insn(i: number, b: number, insn: o.Insn): boolean {
    const { op, dst, src } = insn
    switch (op & o.BPF_CLASS_MASK) {
      case o.BPF_ALU:
      case o.BPF_ALU64:
        return this.#alu(i, b, insn)
      case o.BPF_LD:
        return op === o.OP_LDDW && this.#note(i, b, 0)
      case o.BPF_LDX: {
        const size = o.sizeBytes(op)
        const stride = this.#stride(i, src)
        if (this.#isProbe(i) || this.#carrier(i, src) !== NO_SUM) return false
        this.#access(i, b, src, false)
        if (stride === 0 || stride === UNKNOWN) return this.#note(i, b, stride)
        return stride === size && size < 8 && this.#note(i, b, VARYING)
      }
      case o.BPF_ST:
      case o.BPF_STX: {
        const size = o.sizeBytes(op)
        const isAtomic = (op & o.BPF_CLASS_MASK) === o.BPF_STX && (op & o.BPF_MODE_MASK) !== o.BPF_MEM
        if (isAtomic || this.#masked.has(b) || this.#inner.has(b) || this.#stride(i, dst) !== size) return false
        this.#access(i, b, dst, true)
        if ((op & o.BPF_CLASS_MASK) === o.BPF_ST || this.#stride(i, src) === 0) return true
        this.#storesVectors = true
        return size < 8 && this.#carrier(i, src) === NO_SUM
      }
      default:
        return false
    }
  }

  #access(i: number, block: number, register: number, stores: boolean): void {
    const { op, off } = this.#w.insn(i)
    const web = this.#webOf(i, register)
    const once = !this.#inner.has(block) && web >= 0 && this.#w.a.webs.writes[web] === 1
    this.#accesses.push({ i, block, register, web, once, off, size: o.sizeBytes(op), stores })
  }

  /** An access of a slot of the stack that became a variable. */
  #slot(i: number, b: number, slot: number): boolean {
    const moved = movedVariable(this.#w.a.code, i, slot)
    return moved >= 0 && this.#note(i, b, this.#stride(i, moved), this.#carrier(i, moved))
  }

  #alu(i: number, b: number, insn: o.Insn): boolean {
    const { op, dst, src, off, imm } = insn
    const operation = op & o.BPF_OP_MASK
    const register = (op & o.BPF_X) !== 0 && operation !== o.BPF_END && operation !== o.BPF_NEG
    const y = register ? this.#stride(i, src) : 0
    const other = register ? this.#carrier(i, src) : NO_SUM
    if (operation === o.BPF_MOV) {
      if (off === 0 || off === o.BPF_ADDR_SPACE_CAST) return this.#note(i, b, y, other)
      return other === NO_SUM && this.#note(i, b, y === 0 || y === UNKNOWN ? y : VARYING)
    }
    const x = this.#stride(i, dst)
    const mine = this.#carrier(i, dst)
    if (mine !== NO_SUM || other !== NO_SUM) return this.#add(i, b, operation, mine, other)
    return this.#note(i, b, strideOf(operation, x, y, register ? undefined : imm))
  }

  /** Something is added to a sum. */
  #add(i: number, b: number, operation: number, mine: number, other: number): boolean {
    const added = operation === o.BPF_SUB && other === NO_SUM ? o.BPF_ADD : operation
    if (added !== o.BPF_ADD && added !== o.BPF_XOR && added !== o.BPF_OR) return false
    if (mine !== NO_SUM && other !== NO_SUM) return false
    const carrier = mine !== NO_SUM ? mine : other
    if ((this.#operations.get(carrier) ?? added) !== added) return false
    this.#operations.set(carrier, added)
    return this.#note(i, b, VARYING, carrier)
  }

  /** Whether vectors have an operation. `count` is the stride of the second operand. */
  #isPossible(i: number, { op, dst, imm }: o.Insn, count: Stride): boolean {
    const operation = op & o.BPF_OP_MASK
    const register = (op & o.BPF_X) !== 0
    const wide = (op & o.BPF_CLASS_MASK) === o.BPF_ALU64
    if (operation === o.BPF_END) return false
    if (operation !== o.BPF_LSH && operation !== o.BPF_RSH && operation !== o.BPF_ARSH) {
      return lowFromLow(operation, register)
    }
    if (!wide) return count === 0
    if (register || (imm & 63) >= 32) return false
    const upper = this.#w.upper(this.#w.readWeb(i, dst))
    return operation === o.BPF_LSH || (upper & (operation === o.BPF_RSH ? Upper.zero : Upper.sign)) !== 0
  }

  /** Whether vectors can do all that is written to webs that vary, even what is the same in all lanes. */
  #writesVectors(varying: ReadonlySet<number>): boolean {
    const { graph, webs, events, range, code } = this.#w.a
    for (const b of this.#loop.blocks) {
      for (let i = graph.blocks[b].first; i < graph.blocks[b].end; i++) {
        const event = writeEvent(events, i - range.first)
        if (event < 0 || !varying.has(webs.ofEvent[event])) continue
        const insn = code.insns[i]
        const group = insn.op & o.BPF_CLASS_MASK
        if (group !== o.BPF_ALU && group !== o.BPF_ALU64) continue
        const count = (insn.op & o.BPF_X) !== 0 ? this.#stride(i, insn.src) : 0
        if (!this.#isPossible(i, insn, count)) return false
      }
    }
    return true
  }

  /** Whether lanes agree on a condition: 0 if they do. Undefined where vectors cannot tell. */
  #compared(i: number): Stride | undefined {
    const { op, dst, src } = this.#w.insn(i)
    const operands = (op & o.BPF_X) !== 0 ? [dst, src] : [dst]
    if (operands.some(operand => this.#carrier(i, operand) !== NO_SUM)) return undefined
    if (operands.every(operand => this.#isSame(i, operand))) return 0
    return lowComparison(this.#w, i, false) === undefined ? undefined : VARYING
  }

  /** Whether what an instruction reads is the same in all lanes, as far as is known. */
  #isSame(i: number, variable: number): boolean {
    const stride = this.#stride(i, variable)
    return stride === 0 || stride === UNKNOWN
  }

  #jump(i: number, b: number): boolean {
    const { blocks } = this.#w.a.graph
    const { op } = this.#w.insn(i)
    const { header, latch, testsFirst } = this.#loop
    const { succs } = blocks[b]
    if (b === (testsFirst ? header : latch)) return true
    if (op === o.OP_EXIT || op === o.OP_MAY_GOTO) return false
    if (succs.length === 1) return true
    const stride = this.#compared(i)
    if (stride === undefined || stride === 0) return stride === 0
    for (const [n, one] of succs.entries()) {
      const after = succs[1 - n]
      const skipped = blocks[one]
      if (skipped.preds.length !== 1 || skipped.succs.length !== 1 || skipped.succs[0] !== after) continue
      if (one < b || after < b) continue
      if (!this.#masked.has(one)) this.#changed = true
      this.#masked.set(one, { by: b, taken: n === 1 })
      return true
    }
    return false
  }

  /** Turns to make at once: with vectors of numbers 4, else as many as fill one, better four, of them. */
  #lanes(hasVectors: boolean, most: number): number {
    if (hasVectors) return LANES
    const smallest = Math.min(...this.#accesses.filter(({ stores }) => stores).map(({ size }) => size))
    return most >= 64 / smallest ? 64 / smallest : 16 / smallest
  }
}
