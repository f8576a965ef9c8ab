import * as o from "../../isa/index.ts"
import { ALLOCATABLE, CALL_CLOBBERS, isVirtual, loopDepth, type MFunction, type MInst, type Reg } from "../mir/mir.ts"
import {
  clobbers,
  DEF_DST,
  DEF_SRC,
  implicitUses,
  isConstantLike,
  isCopy,
  roles,
  USE_DST,
  USE_SRC,
} from "../mir/operands.ts"
import type { Liveness } from "./liveness.ts"
import { RegSet } from "./regSet.ts"

/** A copy whose ends may share a register. */
export interface Move {
  readonly dst: Reg
  readonly src: Reg
  readonly depth: number
}

/** Which registers must differ, and which copies would like them to be the same. */
export class Interference {
  /** Neighbours by virtual register. */
  readonly neighbours: Reg[][]
  /** Machine registers that a virtual one cannot have, as bit sets. */
  readonly machine: Uint16Array
  /** Uses and definitions, weighted by loop depth. */
  readonly cost: Float64Array
  /** Calls that the register lives over. */
  readonly crossed: Int32Array
  readonly moves: Move[] = []
  readonly #edges: PairSet
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
    this.neighbours = Array.from({ length: limit }, () => [])
    this.machine = new Uint16Array(limit)
    this.cost = new Float64Array(limit)
    this.crossed = new Int32Array(limit)
    this.#edges = new PairSet(limit)
  }

  adjacent(a: Reg, b: Reg): boolean {
    return this.#edges.has(this.#key(a, b))
  }

  /** Records that two virtual registers differ; false when that was known. */
  add(a: Reg, b: Reg): boolean {
    if (a === b || !this.#edges.add(this.#key(a, b))) return false
    this.neighbours[a].push(b)
    this.neighbours[b].push(a)
    return true
  }

  #key(a: Reg, b: Reg): number {
    return a < b ? a * this.#limit + b : b * this.#limit + a
  }
}

const bit = (r: Reg): number => (r >= 0 && r < ALLOCATABLE ? 1 << r : 0)
const canShare = (r: Reg): boolean => isVirtual(r) || (r >= 0 && r < ALLOCATABLE)

/**
 * Walks the code backwards and builds the graph. Definitions that nothing reads and that do nothing else (copies, constants, loads from
 * home) are dropped on the way.
 */
export function buildInterference(fn: MFunction, { liveOut }: Liveness): Interference {
  const graph = new Interference(fn.nextReg)
  const live = new RegSet(fn.nextReg)
  for (const block of fn.blocks) {
    const { insts, term } = block
    const depth = loopDepth(block)
    const weight = 10 ** Math.min(depth, 6)
    live.reset(liveOut[block.id])
    let machine = bit(term.dst) | bit(term.src)
    for (const r of [term.dst, term.src]) {
      if (!isVirtual(r)) continue
      live.add(r)
      graph.cost[r] += weight
    }
    const dead = new Set<MInst>()
    for (let k = insts.length - 1; k >= 0; k--) {
      const i = insts[k]
      const r = roles(i)
      const def = (r & DEF_DST) !== 0 ? i.dst : (r & DEF_SRC) !== 0 ? i.src : -1
      if (isVirtual(def) && !live.has(def) && isDroppable(i)) {
        dead.add(i)
        continue
      }
      const copy = isCopy(i) && canShare(i.dst) && canShare(i.src)
      if (copy) {
        graph.moves.push({ dst: i.dst, src: i.src, depth })
        // A copy's ends hold the same: they do not interfere here.
        if (isVirtual(i.src)) live.delete(i.src)
        else machine &= ~bit(i.src)
      }
      if (isVirtual(def)) {
        live.delete(def)
        for (const other of live.list) graph.add(def, other)
        graph.machine[def] |= machine
        graph.cost[def] += weight
      }
      let written = clobbers(i)
      if (def >= 0 && !isVirtual(def)) written |= bit(def)
      if (written !== 0) {
        for (const other of live.list) graph.machine[other] |= written
        machine &= ~written
        // What a call overwrites is not free for its own operands' neighbours, but these end here: only what lives on is kept apart.
        if (written === CALL_CLOBBERS) for (const other of live.list) graph.crossed[other]++
      }
      machine |= implicitUses(i)
      if ((r & USE_DST) !== 0) {
        machine |= bit(i.dst)
        if (isVirtual(i.dst)) {
          live.add(i.dst)
          graph.cost[i.dst] += weight
        }
      }
      if ((r & USE_SRC) !== 0) {
        machine |= bit(i.src)
        if (isVirtual(i.src)) {
          live.add(i.src)
          graph.cost[i.src] += weight
        }
      }
      // cmpxchg reads r0 and its operands at once, and r0 is overwritten: operands are in other registers.
      if (implicitUses(i) !== 0)
        for (const other of [i.dst, i.src]) if (isVirtual(other)) graph.machine[other] |= implicitUses(i)
    }
    if (dead.size > 0) block.insts = insts.filter(i => !dead.has(i))
  }
  return graph
}

const isDroppable = (i: MInst): boolean =>
  isCopy(i) ||
  isConstantLike(i) ||
  (i.id < 0 && i.op === (o.BPF_LDX | o.BPF_MEM | o.BPF_DW) && i.slot?.kind === "spill")

/** A set of pairs of numbers, as one number each: a hash table with open addressing. */
class PairSet {
  #keys: Float64Array
  #count = 0
  #mask: number

  constructor(expected: number) {
    let size = 64
    while (size < expected * 8) size *= 2
    this.#keys = new Float64Array(size)
    this.#mask = size - 1
  }

  has(key: number): boolean {
    return this.#keys[this.#find(key)] !== 0
  }

  /** False when it was there. Keys are positive. */
  add(key: number): boolean {
    const at = this.#find(key)
    if (this.#keys[at] !== 0) return false
    this.#keys[at] = key
    if (++this.#count * 2 > this.#mask) this.#grow()
    return true
  }

  #find(key: number): number {
    let at = (Math.imul(key % 0x7fffffff, 0x9e3779b1) >>> 7) & this.#mask
    while (this.#keys[at] !== 0 && this.#keys[at] !== key) at = (at + 1) & this.#mask
    return at
  }

  #grow(): void {
    const old = this.#keys
    this.#keys = new Float64Array(old.length * 2)
    this.#mask = this.#keys.length - 1
    for (const key of old) if (key !== 0) this.#keys[this.#find(key)] = key
  }
}
