import * as o from "../../isa/index.ts"
import { KERNEL } from "../address.ts"
import { readEvent, writeEvent } from "./events.ts"
import { bitsOf, Upper } from "./known.ts"
import type { CountedLoop } from "./loops.ts"
import { Reused } from "./reused.ts"
import { type Analysis, Kind, movedVariable } from "./values.ts"

/** Low words that a value may have: `from` up to `to`, both included, counted from the value of a web where it is not known. */
export interface Extent {
  /** The web; {@link NUMBER} for none, {@link FRAME} for r10. */
  readonly root: number
  readonly from: number
  readonly to: number
}

export const NUMBER = -1
export const FRAME = -2

const reused = new Reused(Int32Array)

/** Sums of low words that stay below it are the same with 32 bits, whatever is added by an access. */
const LIMIT = 2 ** 31 - 2 ** 16

/** Instructions that are looked at for one value. */
const STEPS = 48
/** Blocks whose conditions are looked at for one value. */
const CONDITIONS = 6

/** Finds out which numbers values may be, and which addresses accesses may reach, where somebody asks. */
export class Extents {
  readonly #a: Analysis
  readonly #known: Uint16Array
  /** By web: the loop that it counts. */
  readonly #counters = new Map<number, CountedLoop>()
  /** By instruction from the function's first: its block. */
  #blocks: Int32Array | undefined
  /** By web of several writes: the instructions that write it. */
  #writers: Map<number, number[]> | undefined
  /** Webs that are being looked at. */
  readonly #open = new Set<number>()
  #steps = 0

  constructor(a: Analysis, known: Uint16Array, loops: readonly CountedLoop[]) {
    this.#a = a
    this.#known = known
    for (const loop of loops) this.#counters.set(loop.web, loop)
  }

  /** What a variable may hold when instruction `i` reads it; undefined where that may be anything. */
  of(i: number, variable: number): Extent | undefined {
    this.#steps = STEPS
    this.#open.clear()
    return this.#read(i, variable)
  }

  #read(i: number, variable: number): Extent | undefined {
    if (variable === o.R10) return { root: FRAME, from: 0, to: 0 }
    const { webs, events, range, values } = this.#a
    const event = readEvent(events, i - range.first, variable)
    if (event < 0) return undefined
    const web = webs.ofEvent[event]
    if (values.kind[web] === Kind.frame) return number(values.low[web], values.low[web], FRAME)
    if (values.kind[web] === Kind.constant) {
      const isAddress = values.high[web] === KERNEL && values.low[web] >= 0
      const isNumber = isAddress || values.high[web] === values.low[web] >> 31
      return isNumber ? number(values.low[web], values.low[web]) : undefined
    }
    const loop = this.#counters.get(web)
    if (loop !== undefined) {
      const last = loop.turns - (this.#isBeforeIncrement(loop, i) ? 1 : 0)
      return number(loop.first, loop.first + last * loop.step)
    }
    const bits = bitsOf(this.#known[web])
    const small = bits < 31 ? number(0, 2 ** bits - 1) : undefined
    const found = both(this.#write(web), small)
    if (found !== undefined && found.root !== NUMBER) return found
    const limited = both(found, this.#conditions(i, web))
    return limited ?? (webs.writes[web] === 1 ? number(0, 0, web) : undefined)
  }

  /** What is written to a web. */
  #write(web: number): Extent | undefined {
    const { webs, range, slotOf, code } = this.#a
    if (--this.#steps < 0) return undefined
    if (webs.writes[web] === 1) {
      const writer = webs.writer[web]
      if (writer < 0) return undefined
      const k = this.#instructionOf(writer)
      return slotOf[k] === 0 || movedVariable(code, range.first + k, slotOf[k]) >= 0
        ? this.#written(range.first + k)
        : undefined
    }
    if (this.#open.has(web)) return undefined
    const writers = this.#writersOf(web)
    if (writers.length !== webs.writes[web]) return undefined
    this.#open.add(web)
    let all: Extent | undefined
    for (const i of writers) {
      const one = this.#a.slotOf[i - range.first] === 0 ? this.#written(i) : undefined
      if (one === undefined || one.root !== NUMBER) return undefined
      all = all === undefined ? one : { root: NUMBER, from: Math.min(all.from, one.from), to: Math.max(all.to, one.to) }
    }
    this.#open.delete(web)
    return all
  }

  /** What conditions say of a web on the only way to an instruction since it was last written. */
  #conditions(i: number, web: number): Extent | undefined {
    const { graph, events, webs, range } = this.#a
    let b = this.#blockOf(i)
    let [from, to] = [0, NO_LIMIT]
    for (let left = CONDITIONS, at = i - 1; left > 0; left--) {
      for (; at >= graph.blocks[b].first; at--) {
        const event = writeEvent(events, at - range.first)
        if (event >= 0 && webs.ofEvent[event] === web) left = 0
      }
      const { preds } = graph.blocks[b]
      if (left === 0 || b === 0 || preds.length !== 1) break
      const [pred] = preds
      at = graph.blocks[pred].end - 1
      const { succs } = graph.blocks[pred]
      if (succs.length === 2 && this.#webAt(at, this.#a.code.dst[at]) === web) {
        const limits = limitsOf(this.#a, at, succs[1] === b, (this.#known[web] & Upper.zero) !== 0)
        from = Math.max(from, limits.from)
        to = Math.min(to, limits.to)
      }
      b = pred
    }
    return to < NO_LIMIT && from <= to ? number(from, to) : undefined
  }

  #webAt(i: number, variable: number): number {
    const { webs, events, range } = this.#a
    const event = readEvent(events, i - range.first, variable)
    return event < 0 ? -1 : webs.ofEvent[event]
  }

  #blockOf(i: number): number {
    const { graph, range } = this.#a
    if (this.#blocks === undefined) {
      const blocks = reused.any(range.end - range.first)
      graph.blocks.forEach(({ first, end }, b) => {
        blocks.fill(b, first - range.first, end - range.first)
      })
      this.#blocks = blocks
    }
    return this.#blocks[i - range.first]
  }

  #writersOf(web: number): readonly number[] {
    const { webs, events, graph, range } = this.#a
    if (this.#writers === undefined) {
      this.#writers = new Map()
      for (const { first, end } of graph.blocks) {
        for (let i = first; i < end; i++) {
          const event = writeEvent(events, i - range.first)
          if (event < 0 || webs.writes[webs.ofEvent[event]] < 2) continue
          const written = webs.ofEvent[event]
          const list = this.#writers.get(written)
          if (list === undefined) this.#writers.set(written, [i])
          else list.push(i)
        }
      }
    }
    return this.#writers.get(web) ?? []
  }

  /** The instruction of an event, counted from the function's first. */
  #instructionOf(event: number): number {
    const { start } = this.#a.events
    let [low, high] = [0, start.length - 1]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (start[middle] <= event) low = middle
      else high = middle
    }
    return low
  }

  /** Whether an instruction of a loop runs before the counter's increment of the same turn, and after the test of the turn. */
  #isBeforeIncrement({ header, latch, blocks, testsFirst, increment }: CountedLoop, i: number): boolean {
    const all = this.#a.graph.blocks
    const block = blocks.find(b => all[b].first <= i && i < all[b].end)
    if (block === undefined || (testsFirst && block === header)) return false
    return block !== latch || i <= increment
  }

  #written(i: number): Extent | undefined {
    const { code, graph, slotOf, range } = this.#a
    if (graph.choices.has(i)) return undefined
    const moved = movedVariable(code, i, slotOf[i - range.first])
    if (moved >= 0) return this.#read(i, moved)
    const [op, imm] = [code.op[i], code.imm[i]]
    const group = op & o.BPF_CLASS_MASK
    if (group === o.BPF_LDX && (op & o.BPF_MODE_MASK) === o.BPF_MEM) return number(0, 2 ** (8 * o.sizeBytes(op)) - 1)
    if (group !== o.BPF_ALU && group !== o.BPF_ALU64) return undefined
    const register = (op & o.BPF_X) !== 0
    const operation = op & o.BPF_OP_MASK
    if (operation === o.BPF_AND && !register && imm >= 0) {
      const x = this.#read(i, code.dst[i])
      return x !== undefined && x.root === NUMBER && x.from >= 0 && x.to <= imm && isMask(imm) ? x : number(0, imm)
    }
    if (operation === o.BPF_MOV) {
      if (!register) return group === o.BPF_ALU ? plain(number(imm, imm)) : number(imm, imm)
      return code.off[i] === 0 ? plain(this.#read(i, code.src[i])) : undefined
    }
    const x = this.#read(i, code.dst[i])
    const y = register ? this.#read(i, code.src[i]) : number(imm, imm)
    if (x === undefined || y === undefined) return undefined
    const found = combine(operation, x, y)
    return group === o.BPF_ALU ? plain(found) : found
  }
}

/** Whether a number is one less than a power of two. */
export const isMask = (imm: number): boolean => imm >= 0 && (imm & (imm + 1)) === 0

const NO_LIMIT = 2 ** 31

/** What a low word may be where a conditional jump was taken, or was not. `isShort`: the upper half is known to be zero. */
function limitsOf({ code }: Analysis, i: number, taken: boolean, isShort: boolean): { from: number; to: number } {
  const [op, imm] = [code.op[i], code.imm[i]]
  const none = { from: 0, to: NO_LIMIT }
  if ((op & o.BPF_X) !== 0 || imm < 0) return none
  const operation = op & o.BPF_OP_MASK
  const low = isShort || (op & o.BPF_CLASS_MASK) === o.BPF_JMP32
  const atLeast = (from: number): { from: number; to: number } => (low ? { from, to: NO_LIMIT } : none)
  const atMost = (to: number): { from: number; to: number } => ({ from: 0, to })
  switch (operation) {
    case o.BPF_JGT:
      return taken ? atLeast(imm + 1) : atMost(imm)
    case o.BPF_JGE:
      return taken ? atLeast(imm) : atMost(imm - 1)
    case o.BPF_JLT:
      return taken ? atMost(imm - 1) : atLeast(imm)
    case o.BPF_JLE:
      return taken ? atMost(imm) : atLeast(imm + 1)
    case o.BPF_JEQ:
      return taken ? { from: imm, to: imm } : imm === 0 ? atLeast(1) : none
    case o.BPF_JNE:
      return taken ? (imm === 0 ? atLeast(1) : none) : { from: imm, to: imm }
    default:
      return none
  }
}

/** What holds where both do; an extent that nothing is known of may be anything. */
function both(x: Extent | undefined, y: Extent | undefined): Extent | undefined {
  if (x === undefined || y === undefined) return x ?? y
  if (x.root !== NUMBER || y.root !== NUMBER) return x
  const [from, to] = [Math.max(x.from, y.from), Math.min(x.to, y.to)]
  return from <= to ? { root: NUMBER, from, to } : undefined
}

function number(from: number, to: number, root = NUMBER): Extent | undefined {
  return Math.abs(from) < LIMIT && Math.abs(to) < LIMIT ? { root, from, to } : undefined
}

/** An extent of numbers from 0 on: what is left when the upper half is cut off. */
const plain = (x: Extent | undefined): Extent | undefined =>
  x === undefined || x.root !== NUMBER || x.from < 0 ? undefined : x

function combine(operation: number, x: Extent, y: Extent): Extent | undefined {
  if (operation === o.BPF_ADD && (x.root === NUMBER || y.root === NUMBER)) {
    return number(x.from + y.from, x.to + y.to, x.root === NUMBER ? y.root : x.root)
  }
  if (operation === o.BPF_SUB && y.root === NUMBER) return number(x.from - y.to, x.to - y.from, x.root)
  if (x.root !== NUMBER || y.root !== NUMBER || x.from < 0 || y.from < 0) return undefined
  if (operation === o.BPF_MUL) return number(x.from * y.from, x.to * y.to)
  if (operation === o.BPF_LSH && y.from === y.to && y.to < 31) return number(x.from * 2 ** y.to, x.to * 2 ** y.to)
  return undefined
}
