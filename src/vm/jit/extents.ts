import * as o from "../../isa/index.ts"
import { KERNEL } from "../address.ts"
import { readEvent } from "./events.ts"
import { bitsOf } from "./known.ts"
import type { CountedLoop } from "./loops.ts"
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

/** Sums of low words that stay below it are the same with 32 bits, whatever is added by an access. */
const LIMIT = 2 ** 31 - 2 ** 16

/** Instructions that are looked at for one value. */
const DEPTH = 12

/** Finds out which addresses the accesses in loops may reach. */
export class Extents {
  readonly #a: Analysis
  readonly #known: Uint16Array
  /** By web: the loop that it counts. */
  readonly #counters = new Map<number, CountedLoop>()

  constructor(a: Analysis, known: Uint16Array, loops: readonly CountedLoop[]) {
    this.#a = a
    this.#known = known
    for (const loop of loops) this.#counters.set(loop.web, loop)
  }

  /** What a variable may hold when instruction `i` reads it; undefined where that may be anything. */
  of(i: number, variable: number, depth = DEPTH): Extent | undefined {
    if (variable === o.R10) return { root: FRAME, from: 0, to: 0 }
    const { webs, events, range, values, code, slotOf } = this.#a
    const event = readEvent(events, i - range.first, variable)
    if (event < 0) return undefined
    const web = webs.ofEvent[event]
    if (values.kind[web] === Kind.frame) return number(values.low[web], values.low[web], FRAME)
    if (values.kind[web] === Kind.constant) {
      const isAddress = values.high[web] === KERNEL && values.low[web] >= 0
      return isAddress || values.high[web] === values.low[web] >> 31
        ? number(values.low[web], values.low[web])
        : undefined
    }
    const loop = this.#counters.get(web)
    if (loop !== undefined) {
      const last = loop.turns - (this.#isBeforeIncrement(loop, i) ? 1 : 0)
      return number(loop.first, loop.first + last * loop.step)
    }
    const writer = webs.writer[web]
    if (webs.writes[web] === 1 && writer >= 0 && depth > 0) {
      const k = this.#instructionOf(writer)
      if (slotOf[k] === 0 || movedVariable(code, range.first + k, slotOf[k]) >= 0) {
        const found = this.#written(range.first + k, depth - 1)
        if (found !== undefined) return found
      }
    }
    const bits = bitsOf(this.#known[web])
    if (bits < 31) return number(0, 2 ** bits - 1)
    return webs.writes[web] === 1 ? number(0, 0, web) : undefined
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

  #written(i: number, depth: number): Extent | undefined {
    const insn = this.#a.code.insns[i]
    const { op, dst, src, imm } = insn
    const moved = movedVariable(this.#a.code, i, this.#a.slotOf[i - this.#a.range.first])
    if (moved >= 0) return this.of(i, moved, depth)
    const group = op & o.BPF_CLASS_MASK
    if (group !== o.BPF_ALU && group !== o.BPF_ALU64) return undefined
    const register = (op & o.BPF_X) !== 0
    const operation = op & o.BPF_OP_MASK
    if (operation === o.BPF_AND && !register && imm >= 0) return number(0, imm)
    if (operation === o.BPF_MOV) return register && insn.off === 0 ? plain(this.of(i, src, depth)) : undefined
    const x = this.of(i, dst, depth)
    const y = register ? this.of(i, src, depth) : number(imm, imm)
    if (x === undefined || y === undefined) return undefined
    const found = combine(operation, x, y)
    return group === o.BPF_ALU ? plain(found) : found
  }
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
