import { ALLOCATABLE, isVirtual, type Reg } from "../mir/mir.ts"
import type { Homes } from "./homes.ts"
import type { Interference, Move } from "./interference.ts"
import { popcount } from "./pressure.ts"

/** Registers by virtual register, and those for which there was none: groups of one value's copies. */
export interface Coloring {
  readonly colors: Int8Array
  readonly uncolored: readonly (readonly Reg[])[]
}

// Where a node is.
const SIMPLIFY = 1
const FREEZE = 2
const SPILL = 3
const STACKED = 4
const COALESCED = 5

// What became of a move.
const WAITING = 0
const ACTIVE = 1
const DONE = 2

const ALL = (1 << ALLOCATABLE) - 1
/** Scratch registers first, arguments before the result: r6 to r9 are for what lives over calls. */
const PREFERENCE = [1, 2, 3, 4, 5, 0, 6, 7, 8, 9]
/** Addresses and constants of two slots from the other end: what is in a register that others leave alone need not be made again. */
const LONG_PREFERENCE = [5, 4, 3, 2, 1, 0, 6, 7, 8, 9]

/**
 * Colours the graph with r0 to r9, merging the ends of copies where that cannot make it harder.
 *
 * Method: George and Appel, "Iterated Register Coalescing" (1996), with both Briggs' and George's test between virtual registers, optimistic
 * colouring, and the choice among free registers biased towards the other ends of copies that are left.
 */
export function colorGraph(graph: Interference, homes: Homes): Coloring {
  return new Colorer(graph, homes).run()
}

class Colorer {
  readonly #graph: Interference
  readonly #homes: Homes
  readonly #state: Uint8Array
  readonly #degree: Int32Array
  readonly #alias: Int32Array
  readonly #colors: Int8Array
  readonly #moves: Move[]
  readonly #moveState: Uint8Array
  /** Moves of a node that may still be merged, by index, among some that are settled; machine registers have none. */
  readonly #movesOf: number[][] = []
  /** Moves of a node that could not be merged when they were tried, among some that are tried again. */
  readonly #activeOf: number[][] = []
  /** Moves of a node that were given up: its colour had better be that of the other end. */
  readonly #hints: Chains
  readonly #stack: Reg[] = []
  readonly #simplify: Reg[] = []
  readonly #freeze: Reg[] = []
  readonly #spill: Reg[] = []
  readonly #waiting: number[] = []
  readonly #mark: Int32Array
  #stamp = 0

  constructor(graph: Interference, homes: Homes) {
    const n = graph.machine.length
    this.#graph = graph
    this.#homes = homes
    this.#state = new Uint8Array(n)
    this.#degree = new Int32Array(n)
    this.#alias = new Int32Array(n).map((_, r) => r)
    this.#colors = new Int8Array(n).fill(-1)
    this.#mark = new Int32Array(n)
    for (let r = 0; r < ALLOCATABLE; r++) this.#colors[r] = r
    // Inner loops first: their copies matter most. The list is used from its end.
    this.#moves = [...graph.moves].reverse().sort((a, b) => a.depth - b.depth)
    this.#moveState = new Uint8Array(this.#moves.length)
    this.#hints = new Chains(n, 2 * this.#moves.length)
    this.#moves.forEach(({ dst, src }, m) => {
      for (const r of dst === src ? [dst] : [dst, src]) {
        if (!isVirtual(r)) continue
        const list = this.#movesOf[r]
        if (list === undefined) this.#movesOf[r] = [m]
        else list.push(m)
      }
      this.#waiting.push(m)
    })
  }

  run(): Coloring {
    const { machine, neighbours, cost } = this.#graph
    for (let r = machine.length - 1; r >= 0; r--) {
      if (!isVirtual(r) || cost[r] === 0) continue
      this.#degree[r] = neighbours[r].length + popcount(machine[r])
      this.#file(r)
    }
    for (;;) {
      let r: Reg | undefined
      if ((r = this.#take(this.#simplify, SIMPLIFY)) !== undefined) this.#push(r)
      else if (this.#waiting.length > 0) this.#coalesce(this.#waiting.pop()!)
      else if ((r = this.#take(this.#freeze, FREEZE)) !== undefined) this.#freezeNode(r)
      else if ((r = this.#cheapest()) !== undefined) {
        this.#freezeMoves(r)
        this.#push(r)
      } else break
    }
    return this.#assign()
  }

  #find(r: Reg): Reg {
    while (this.#alias[r] !== r) r = this.#alias[r] = this.#alias[this.#alias[r]]
    return r
  }

  #file(r: Reg): void {
    if (this.#degree[r] >= ALLOCATABLE) {
      this.#state[r] = SPILL
      this.#spill.push(r)
    } else if (this.#hasMoves(r)) {
      this.#state[r] = FREEZE
      this.#freeze.push(r)
    } else {
      this.#state[r] = SIMPLIFY
      this.#simplify.push(r)
    }
  }

  /** The next node of a worklist; entries that moved on are skipped. */
  #take(list: Reg[], state: number): Reg | undefined {
    for (let r = list.pop(); r !== undefined; r = list.pop()) if (this.#state[r] === state) return r
    return undefined
  }

  #hasMoves(r: Reg): boolean {
    const moves = this.#movesOf[r]
    while (moves !== undefined && moves.length > 0) {
      if (this.#moveState[moves[moves.length - 1]] !== DONE) return true
      moves.pop()
    }
    return false
  }

  /** Neighbours that are in the graph; the others are dropped from the list: they are coloured later, or have another name. */
  #near(r: Reg): readonly Reg[] {
    const list = this.#graph.neighbours[r]
    let kept = 0
    for (const t of list) if (this.#inGraph(t)) list[kept++] = t
    list.length = kept
    return list
  }

  #inGraph(r: Reg): boolean {
    const state = this.#state[r]
    return state !== STACKED && state !== COALESCED
  }

  #push(r: Reg): void {
    this.#state[r] = STACKED
    this.#stack.push(r)
    for (const t of this.#graph.neighbours[r]) if (this.#inGraph(t)) this.#lower(t)
  }

  #lower(r: Reg): void {
    const degree = this.#degree[r]--
    if (degree !== ALLOCATABLE) return
    this.#wake(r)
    for (const t of this.#near(r)) this.#wake(t)
    if (this.#state[r] === SPILL) this.#file(r)
  }

  /** Copies of the node are worth another try. */
  #wake(r: Reg): void {
    const moves = this.#activeOf[r]
    if (moves === undefined) return
    for (const m of moves) {
      if (this.#moveState[m] !== ACTIVE) continue
      this.#moveState[m] = WAITING
      this.#waiting.push(m)
    }
    moves.length = 0
  }

  #coalesce(m: number): void {
    if (this.#moveState[m] !== WAITING) return
    let u = this.#find(this.#moves[m].dst)
    let v = this.#find(this.#moves[m].src)
    if (!isVirtual(v)) [u, v] = [v, u]
    if (u === v) {
      this.#moveState[m] = DONE
      this.#settle(u)
    } else if (this.#conflict(u, v)) {
      this.#giveUp(m)
      this.#settle(u)
      this.#settle(v)
    } else if (isVirtual(u) ? this.#safeToMerge(u, v) : this.#safeForMachine(u, v)) {
      this.#moveState[m] = DONE
      this.#combine(u, v)
      this.#settle(this.#find(u))
    } else {
      this.#moveState[m] = ACTIVE
      for (const r of [u, v]) if (isVirtual(r)) (this.#activeOf[r] ??= []).push(m)
    }
  }

  #giveUp(m: number): void {
    this.#moveState[m] = DONE
    const dst = this.#find(this.#moves[m].dst)
    const src = this.#find(this.#moves[m].src)
    // Each end has an entry of its own.
    if (isVirtual(dst)) this.#hints.add(dst, 2 * m)
    if (isVirtual(src)) this.#hints.add(src, 2 * m + 1)
  }

  #conflict(u: Reg, v: Reg): boolean {
    if (!isVirtual(v)) return true
    return isVirtual(u) ? this.#graph.adjacent(u, v) : (this.#graph.machine[v] & (1 << u)) !== 0
  }

  /** A node that has no copies left to hope for can be simplified. */
  #settle(r: Reg): void {
    if (!isVirtual(r) || this.#state[r] !== FREEZE || this.#hasMoves(r)) return
    this.#state[r] = SIMPLIFY
    this.#simplify.push(r)
  }

  /** George's test against a machine register: every neighbour is easy or conflicts with it anyway. */
  #safeForMachine(u: Reg, v: Reg): boolean {
    for (const t of this.#near(v)) {
      if (this.#degree[t] >= ALLOCATABLE && (this.#graph.machine[t] & (1 << u)) === 0) return false
    }
    return true
  }

  #safeToMerge(u: Reg, v: Reg): boolean {
    return this.#briggs(u, v) || this.#george(u, v) || this.#george(v, u)
  }

  /** The merged node has fewer hard neighbours than there are registers. */
  #briggs(u: Reg, v: Reg): boolean {
    const { machine } = this.#graph
    let hard = popcount(machine[u] | machine[v])
    const stamp = ++this.#stamp
    for (const t of this.#near(u)) {
      this.#mark[t] = stamp
      // A neighbour of both loses one.
      if (this.#degree[t] - (this.#graph.adjacent(t, v) ? 1 : 0) >= ALLOCATABLE && ++hard >= ALLOCATABLE) return false
    }
    for (const t of this.#near(v)) {
      if (this.#mark[t] !== stamp && this.#degree[t] >= ALLOCATABLE && ++hard >= ALLOCATABLE) return false
    }
    return hard < ALLOCATABLE
  }

  /** Every neighbour of `v` is easy or a neighbour of `u` too. */
  #george(u: Reg, v: Reg): boolean {
    const { machine } = this.#graph
    if ((machine[v] & ~machine[u]) !== 0) return false
    for (const t of this.#near(v)) {
      if (this.#degree[t] >= ALLOCATABLE && !this.#graph.adjacent(t, u)) return false
    }
    return true
  }

  /** Makes one node of two: `v` is another name of `u`, or of two virtual registers the smaller one is another name of the bigger one. */
  #combine(u: Reg, v: Reg): void {
    const { neighbours, machine } = this.#graph
    const size = (r: Reg) => neighbours[r].length + (this.#movesOf[r]?.length ?? 0)
    if (isVirtual(u) && size(v) > size(u)) [u, v] = [v, u]
    this.#state[v] = COALESCED
    this.#alias[v] = u
    if (!isVirtual(u)) {
      this.#wake(v)
      for (const t of neighbours[v]) {
        if (!this.#inGraph(t)) continue
        if ((machine[t] & (1 << u)) !== 0) this.#lower(t)
        else machine[t] |= 1 << u
      }
      return
    }
    const list = (this.#movesOf[u] ??= [])
    // Those of the smaller one are worth another try; the bigger one keeps its own.
    this.#wake(v)
    for (const m of this.#movesOf[v] ?? []) if (this.#moveState[m] !== DONE) list.push(m)
    this.#hints.append(u, v)
    const more = machine[v] & ~machine[u]
    machine[u] |= more
    this.#degree[u] += popcount(more)
    for (const t of neighbours[v]) {
      if (!this.#inGraph(t)) continue
      if (this.#graph.add(t, u)) this.#degree[u]++
      else this.#lower(t)
    }
    this.#graph.cost[u] += this.#graph.cost[v]
    if (this.#degree[u] >= ALLOCATABLE && this.#state[u] === FREEZE) {
      this.#state[u] = SPILL
      this.#spill.push(u)
    }
  }

  #freezeNode(r: Reg): void {
    this.#state[r] = SIMPLIFY
    this.#simplify.push(r)
    this.#freezeMoves(r)
  }

  /** Gives up on the copies of a node. */
  #freezeMoves(r: Reg): void {
    for (const m of this.#movesOf[r] ?? []) {
      if (this.#moveState[m] === DONE) continue
      this.#giveUp(m)
      const dst = this.#find(this.#moves[m].dst)
      this.#settle(dst === r ? this.#find(this.#moves[m].src) : dst)
    }
  }

  /** The node of high degree that costs least to go without: it may still find a register. */
  #cheapest(): Reg | undefined {
    let best: Reg | undefined
    let bestCost = Number.POSITIVE_INFINITY
    let kept = 0
    for (const r of this.#spill) {
      if (this.#state[r] !== SPILL) continue
      this.#spill[kept++] = r
      const brief = this.#homes.brief.has(r)
      const price = this.#graph.cost[r] * (this.#homes.isConstant(r) ? 0.4 : 1)
      const cost = brief ? Number.MAX_VALUE : price / this.#degree[r]
      if (cost < bestCost) {
        bestCost = cost
        best = r
      }
    }
    this.#spill.length = kept
    return best
  }

  #assign(): Coloring {
    const { neighbours, machine } = this.#graph
    const uncolored: Reg[] = []
    for (let r = this.#stack.pop(); r !== undefined; r = this.#stack.pop()) {
      let free = ALL & ~machine[r]
      for (const t of neighbours[r]) {
        const color = this.#colors[this.#find(t)]
        if (color >= 0) free &= ~(1 << color)
      }
      if (free === 0) uncolored.push(r)
      else this.#colors[r] = this.#choose(r, free)
    }
    for (let r = 0; r < this.#colors.length; r++) {
      if (this.#state[r] === COALESCED) this.#colors[r] = this.#colors[this.#find(r)]
    }
    return { colors: this.#colors, uncolored: this.#withAliases(uncolored) }
  }

  /** The register of a copy's other end, if free. */
  #choose(r: Reg, free: number): number {
    for (let at = this.#hints.first(r); at >= 0; at = this.#hints.next(at)) {
      const { dst, src } = this.#moves[at >> 1]
      const a = this.#find(dst)
      const color = this.#colors[a === r ? this.#find(src) : a]
      if (color >= 0 && (free & (1 << color)) !== 0) return color
    }
    const order = this.#homes.isLong(r) ? LONG_PREFERENCE : PREFERENCE
    return order.find(color => (free & (1 << color)) !== 0)!
  }

  /** With all registers that were merged into those without a colour. */
  #withAliases(uncolored: readonly Reg[]): Reg[][] {
    if (uncolored.length === 0) return []
    const groups = new Map<Reg, Reg[]>(uncolored.map(r => [r, []]))
    for (let r = 0; r < this.#colors.length; r++) {
      if (isVirtual(r) && this.#graph.cost[r] > 0) groups.get(this.#find(r))?.push(r)
    }
    return [...groups.values()]
  }
}

/** Lists of small numbers, each number in one list, that become one in no time however long they are. */
class Chains {
  readonly #first: Int32Array
  readonly #last: Int32Array
  readonly #next: Int32Array

  /** `lists` lists of numbers below `entries`. */
  constructor(lists: number, entries: number) {
    this.#first = new Int32Array(lists).fill(-1)
    this.#last = new Int32Array(lists).fill(-1)
    this.#next = new Int32Array(entries).fill(-1)
  }

  /** -1 where a list is empty. */
  first(list: number): number {
    return this.#first[list]
  }

  /** The number behind another one in its list; -1 at the end. */
  next(entry: number): number {
    return this.#next[entry]
  }

  add(list: number, entry: number): void {
    this.#link(list, entry, entry)
  }

  /** Puts a list behind another one; it is not to be used any more. */
  append(list: number, other: number): void {
    if (this.#first[other] >= 0) this.#link(list, this.#first[other], this.#last[other])
  }

  #link(list: number, first: number, last: number): void {
    if (this.#first[list] < 0) this.#first[list] = first
    else this.#next[this.#last[list]] = first
    this.#last[list] = last
  }
}
