import { isVirtual, type MBlock, type MFunction, type MInst, type MTerm, NO_REG, type Reg } from "../mir/mir.ts"
import { clobbers, DEF_DST, DEF_SRC, implicitUses, roles, USE_DST, USE_SRC } from "../mir/operands.ts"

/** What is live at the borders of each block, by block id. */
export interface Liveness {
  readonly liveIn: readonly Reg[][]
  readonly liveOut: readonly Reg[][]
}

/** Reports what an instruction (or terminator) reads and writes, the reads first. */
export interface Effects {
  inst(inst: MInst, use: (r: number) => void, def: (r: number) => void): void
  term(term: MTerm, use: (r: number) => void): void
}

/** Liveness of virtual registers. */
export function computeLiveness(fn: MFunction): Liveness {
  return solveLiveness(fn, fn.nextReg, registerEffects)
}

const registerEffects: Effects = {
  inst(i, use, def) {
    const r = roles(i)
    if ((r & USE_DST) !== 0 && isVirtual(i.dst)) use(i.dst)
    if ((r & USE_SRC) !== 0 && isVirtual(i.src)) use(i.src)
    if ((r & DEF_DST) !== 0 && isVirtual(i.dst)) def(i.dst)
    if ((r & DEF_SRC) !== 0 && isVirtual(i.src)) def(i.src)
  },
  term(t, use) {
    if (isVirtual(t.dst)) use(t.dst)
    if (t.src !== NO_REG && isVirtual(t.src)) use(t.src)
  },
}

/** Effects on the machine's registers, after allocation. */
export const machineEffects: Effects = {
  inst(i, use, def) {
    const r = roles(i)
    const used = implicitUses(i)
    for (let m = 0; used >> m !== 0; m++) if (((used >> m) & 1) !== 0) use(m)
    if ((r & USE_DST) !== 0) use(i.dst)
    if ((r & USE_SRC) !== 0) use(i.src)
    const written = clobbers(i)
    for (let m = 0; written >> m !== 0; m++) if (((written >> m) & 1) !== 0) def(m)
    if ((r & DEF_DST) !== 0) def(i.dst)
    if ((r & DEF_SRC) !== 0) def(i.src)
  },
  term(t, use) {
    if (t.dst !== NO_REG) use(t.dst)
    if (t.src !== NO_REG) use(t.src)
  },
}

/**
 * Liveness of anything numbered below `limit`. Each place that reads a thing before its block writes it is followed backwards to the writes,
 * so the work is in proportion to the result.
 */
export function solveLiveness(fn: MFunction, limit: number, effects: Effects): Liveness {
  const liveIn = new Pairs(fn.nextBlock)
  const liveOut = new Pairs(fn.nextBlock)
  const byId: MBlock[] = new Array(fn.nextBlock)
  const exposed = new BlockLists(limit)
  const defined = new BlockLists(limit)
  const used: number[] = []
  let id = -1
  const use = (r: number) => {
    if (defined.last[r] === id || exposed.last[r] === id) return
    if (exposed.last[r] < 0) used.push(r)
    exposed.add(r, id)
  }
  const def = (r: number) => {
    if (defined.last[r] !== id) defined.add(r, id)
  }
  for (const block of fn.blocks) {
    id = block.id
    byId[id] = block
    for (const inst of block.insts) effects.inst(inst, use, def)
    effects.term(block.term, use)
  }
  const defStamp = new Int32Array(fn.nextBlock).fill(-1)
  const inStamp = new Int32Array(fn.nextBlock).fill(-1)
  const outStamp = new Int32Array(fn.nextBlock).fill(-1)
  const work: MBlock[] = []
  for (const r of used) {
    defined.forEach(r, b => {
      defStamp[b] = r
    })
    exposed.forEach(r, b => {
      inStamp[b] = r
      liveIn.add(b, r)
      work.push(byId[b])
    })
    for (let b = work.pop(); b !== undefined; b = work.pop()) {
      for (const pred of b.preds) {
        const at = pred.id
        if (outStamp[at] !== r) {
          outStamp[at] = r
          liveOut.add(at, r)
        }
        if (defStamp[at] === r || inStamp[at] === r) continue
        inStamp[at] = r
        liveIn.add(at, r)
        work.push(pred)
      }
    }
  }
  return { liveIn: liveIn.lists(fn.blocks), liveOut: liveOut.lists(fn.blocks) }
}

/** Registers of blocks, as they are found. Lists of the right length are made of them at the end: lists that grow take several times the memory. */
class Pairs {
  /** A block's id and a register, in turn. */
  #found = new Int32Array(1024)
  #length = 0
  /** Registers of each block, by id. */
  readonly #count: Int32Array

  constructor(blocks: number) {
    this.#count = new Int32Array(blocks)
  }

  add(block: number, r: Reg): void {
    if (this.#length === this.#found.length) {
      const more = new Int32Array(2 * this.#length)
      more.set(this.#found)
      this.#found = more
    }
    this.#found[this.#length++] = block
    this.#found[this.#length++] = r
    this.#count[block]++
  }

  /** The registers of each block, by id, in the order in which they were added. */
  lists(blocks: readonly MBlock[]): Reg[][] {
    const lists: Reg[][] = new Array(this.#count.length)
    for (const { id } of blocks) lists[id] = this.#count[id] === 0 ? [] : new Array(this.#count[id])
    const filled = new Int32Array(this.#count.length)
    for (let i = 0; i < this.#length; i += 2) {
      const block = this.#found[i]
      lists[block][filled[block]++] = this.#found[i + 1]
    }
    return lists
  }
}

/** A list of blocks, by id, for each number below a limit. Most are of one block, or of none: those take no memory of their own. */
class BlockLists {
  /** The block that was added last, or -1. */
  readonly last: Int32Array
  /** Where in `#blocks` and `#before` the block in front of the last one is, or -1. */
  readonly #rest: Int32Array
  readonly #blocks: number[] = []
  readonly #before: number[] = []

  constructor(limit: number) {
    this.last = new Int32Array(limit).fill(-1)
    this.#rest = new Int32Array(limit).fill(-1)
  }

  add(n: number, block: number): void {
    if (this.last[n] >= 0) {
      this.#before.push(this.#rest[n])
      this.#rest[n] = this.#blocks.push(this.last[n]) - 1
    }
    this.last[n] = block
  }

  forEach(n: number, visit: (block: number) => void): void {
    if (this.last[n] < 0) return
    visit(this.last[n])
    for (let at = this.#rest[n]; at >= 0; at = this.#before[at]) visit(this.#blocks[at])
  }
}
