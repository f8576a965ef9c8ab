import { postOrder } from "../mir/cfg.ts"
import { ALLOCATABLE, isVirtual, type MBlock, type MFunction, type MInst, type MTerm, type Reg } from "../mir/mir.ts"
import { DEF_DST, DEF_SRC, definedReg, isCall, isPacketLoad, roles, USE_DST, USE_SRC } from "../mir/operands.ts"
import type { Homes } from "./homes.ts"
import type { Liveness } from "./liveness.ts"
import { computeNextUses, LOOP_EXIT, type NextUses } from "./nextUse.ts"
import { CALLEE_SAVED, machineLive, popcount } from "./pressure.ts"

const NEVER = Number.POSITIVE_INFINITY

/**
 * Decides what leaves the registers where too much is live: walking each block, the value whose next use is farthest away goes, and comes
 * back in front of that use.
 *
 *     v1 = …                 v1 = …; home = v1
 *     call f                 call f                (more than r6 to r9 can keep)
 *     v2 += v1               v1 = home; v2 += v1
 *
 * Method: Braun and Hack, "Register Spilling and Live-Range Splitting for SSA-Form Programs" (2009), on variables in place of SSA values.
 * Returns the registers that come back somewhere.
 */
export function spillExcess(fn: MFunction, liveness: Liveness, homes: Homes): Set<Reg> {
  const spiller = new Spiller(fn, liveness, homes)
  return spiller.run()
}

class Spiller {
  readonly #fn: MFunction
  readonly #live: Liveness
  readonly #homes: Homes
  readonly #next: NextUses
  readonly #restored = new Set<Reg>()
  readonly #entry: (Set<Reg> | undefined)[] = []
  readonly #exit: (Set<Reg> | undefined)[] = []
  readonly #callsInLoop = new Map<object, boolean>()
  // State of the block being walked.
  #resident = new Set<Reg>()
  #out: MInst[] = []
  /** Events of each register in the block, in order: position * 2, plus 1 for a write without a read. */
  #events = new Map<Reg, number[]>()
  /** Distance from the block's end to the next use; NEVER for what is not live there. */
  readonly #end: Float64Array
  #length = 0

  constructor(fn: MFunction, live: Liveness, homes: Homes) {
    this.#fn = fn
    this.#live = live
    this.#homes = homes
    this.#next = computeNextUses(fn, live)
    this.#end = new Float64Array(fn.nextReg).fill(NEVER)
  }

  run(): Set<Reg> {
    const order = postOrder(this.#fn).reverse()
    this.#findCalls()
    for (const block of order) this.#block(block)
    for (const block of order) for (const target of block.term.targets) this.#connect(block, target)
    this.#save()
    return this.#restored
  }

  #findCalls(): void {
    for (const { loop, insts } of this.#fn.blocks) {
      if (loop === undefined || !insts.some(i => isCall(i) || isPacketLoad(i))) continue
      for (let l: typeof loop | undefined = loop; l !== undefined; l = l.parent) this.#callsInLoop.set(l, true)
    }
  }

  /** What is in registers at the start of a block. */
  #enter(block: MBlock): Set<Reg> {
    const live = this.#live.liveIn[block.id]
    if (block.header) {
      const distance = new Map(live.map((r, k) => [r, this.#next.atStart(block.id, k)]))
      const calls = block.loop !== undefined && this.#callsInLoop.has(block.loop)
      const limit = calls ? CALLEE_SAVED : ALLOCATABLE
      const far = (r: Reg) => distance.get(r) ?? NEVER
      // What the loop does not use stays only if everything fits anyway.
      const wanted = live.filter(r => far(r) < LOOP_EXIT || live.length <= limit)
      return new Set(wanted.sort((a, b) => far(a) - far(b) || a - b).slice(0, limit))
    }
    const known = block.preds.map(p => this.#exit[p.id]).filter(p => p !== undefined)
    return new Set(live.filter(r => known.length > 0 && known.every(p => p.has(r))))
  }

  #block(block: MBlock): void {
    this.#resident = this.#enter(block)
    this.#entry[block.id] = new Set(this.#resident)
    this.#collectEvents(block)
    this.#out = []
    const machine = machineLive(block)
    block.insts.forEach((i, at) => {
      this.#inst(i, at, ALLOCATABLE - popcount(machine.before[at]), ALLOCATABLE - popcount(machine.after[at]))
    })
    this.#term(block.term, block.insts.length)
    block.insts = this.#out
    const liveOut = this.#live.liveOut[block.id]
    for (const r of this.#resident) if (this.#end[r] === NEVER && !liveOut.includes(r)) this.#resident.delete(r)
    this.#exit[block.id] = this.#resident
    for (const r of liveOut) this.#end[r] = NEVER
  }

  #collectEvents({ id, insts, term }: MBlock): void {
    this.#events = new Map()
    this.#live.liveOut[id].forEach((r, k) => {
      this.#end[r] = this.#next.atEnd(id, k)
    })
    this.#length = insts.length + 1
    const event = (r: Reg, code: number) => {
      const list = this.#events.get(r)
      if (list === undefined) this.#events.set(r, [code])
      else if (list[list.length - 1] !== code) list.push(code)
    }
    insts.forEach((i, at) => {
      const r = roles(i)
      if ((r & USE_DST) !== 0 && isVirtual(i.dst)) event(i.dst, 2 * at)
      if ((r & USE_SRC) !== 0 && isVirtual(i.src)) event(i.src, 2 * at)
      if ((r & (USE_DST | DEF_DST)) === DEF_DST && isVirtual(i.dst)) event(i.dst, 2 * at + 1)
      if ((r & (USE_SRC | DEF_SRC)) === DEF_SRC && isVirtual(i.src)) event(i.src, 2 * at + 1)
    })
    if (isVirtual(term.dst)) event(term.dst, 2 * insts.length)
    if (isVirtual(term.src)) event(term.src, 2 * insts.length)
    for (const list of this.#events.values()) list.reverse()
  }

  /** Position of the next read of what a register holds after the instruction at `at`; NEVER when nothing reads it. */
  #nextUse(r: Reg, at: number): number {
    const list = this.#events.get(r)
    if (list !== undefined) {
      while (list.length > 0 && list[list.length - 1] >> 1 <= at) list.pop()
      if (list.length > 0) {
        const code = list[list.length - 1]
        return (code & 1) === 1 ? NEVER : code >> 1
      }
    }
    return this.#length + this.#end[r]
  }

  #inst(i: MInst, at: number, roomBefore: number, roomAfter: number): void {
    const r = roles(i)
    const a = (r & USE_DST) !== 0 && isVirtual(i.dst) ? i.dst : -1
    const b = (r & USE_SRC) !== 0 && isVirtual(i.src) ? i.src : -1
    this.#bringIn(a, b, at, roomBefore, i)
    this.#dropDead(at)
    if (isCall(i)) this.#shrink(CALLEE_SAVED, at, -1, -1)
    else if (isPacketLoad(i)) this.#shrink(CALLEE_SAVED - 1, at, -1, -1)
    const def = definedReg(i)
    if (isVirtual(def)) {
      this.#resident.delete(def)
      this.#shrink(roomAfter - 1, at, -1, -1)
      this.#resident.add(def)
    } else this.#shrink(roomAfter, at, -1, -1)
    this.#out.push(i)
    if (isVirtual(def) && this.#nextUse(def, at) === NEVER) this.#resident.delete(def)
  }

  #term(term: MTerm, at: number): void {
    const a = isVirtual(term.dst) ? term.dst : -1
    const b = isVirtual(term.src) ? term.src : -1
    this.#bringIn(a, b, at, ALLOCATABLE, undefined)
    this.#dropDead(at)
  }

  /** Gets the operands of an instruction into registers. */
  #bringIn(a: Reg, b: Reg, at: number, room: number, near: MInst | undefined): void {
    for (const r of a === b ? [a] : [a, b]) {
      if (r < 0 || this.#resident.has(r)) continue
      this.#shrink(room - 1, at - 1, a, b)
      this.#out.push(this.#homes.restore(r, r, near))
      this.#restored.add(r)
      this.#resident.add(r)
    }
    this.#shrink(room, at - 1, a, b)
  }

  #dropDead(at: number): void {
    for (const r of this.#resident) if (this.#nextUse(r, at) === NEVER) this.#resident.delete(r)
  }

  /** Lets values go until `limit` are left, those used last first; not `a` and `b`. */
  #shrink(limit: number, at: number, a: Reg, b: Reg): void {
    while (this.#resident.size > limit) {
      let victim = -1
      let worst = -1
      for (const r of this.#resident) {
        if (r === a || r === b) continue
        // At the same distance a constant goes first: it needs no home.
        const d = this.#nextUse(r, at) * 2 + (this.#homes.isConstant(r) ? 1 : 0)
        if (d > worst || (d === worst && r > victim)) {
          worst = d
          victim = r
        }
      }
      if (victim < 0) return
      this.#resident.delete(victim)
    }
  }

  /** Brings back on an edge what the target expects in registers. */
  #connect(from: MBlock, to: MBlock): void {
    const exit = this.#exit[from.id]!
    for (const r of this.#entry[to.id]!) {
      if (exit.has(r)) continue
      this.#restored.add(r)
      // Only a join can ask for what a predecessor lacks, and edges from branches to joins have blocks of their own.
      from.insts.push(this.#homes.restore(r, r, from.insts.at(-1)))
    }
  }

  /** Writes home what comes back from there, after each definition. */
  #save(): void {
    const homeless = [...this.#restored].every(r => this.#homes.isConstant(r))
    if (homeless) return
    for (const block of this.#fn.blocks) {
      const out: MInst[] = []
      for (const i of block.insts) {
        out.push(i)
        const def = definedReg(i)
        if (!isVirtual(def) || !this.#restored.has(def) || this.#homes.isConstant(def)) continue
        if (i.id >= 0) out.push(this.#homes.save(def, def, i))
      }
      block.insts = out
    }
  }
}
