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
  const liveIn: Reg[][] = []
  const liveOut: Reg[][] = []
  const exposed: (MBlock[] | undefined)[] = new Array(limit)
  const defined: (MBlock[] | undefined)[] = new Array(limit)
  const definedHere = new Int32Array(limit).fill(-1)
  const exposedHere = new Int32Array(limit).fill(-1)
  const used: number[] = []
  let block: MBlock
  const use = (r: number) => {
    if (definedHere[r] === block.id || exposedHere[r] === block.id) return
    exposedHere[r] = block.id
    const list = exposed[r]
    if (list === undefined) {
      exposed[r] = [block]
      used.push(r)
    } else list.push(block)
  }
  const def = (r: number) => {
    if (definedHere[r] === block.id) return
    definedHere[r] = block.id
    const list = defined[r]
    if (list === undefined) defined[r] = [block]
    else list.push(block)
  }
  for (block of fn.blocks) {
    liveIn[block.id] = []
    liveOut[block.id] = []
    for (const inst of block.insts) effects.inst(inst, use, def)
    effects.term(block.term, use)
  }
  const defStamp = new Int32Array(fn.nextBlock).fill(-1)
  const inStamp = new Int32Array(fn.nextBlock).fill(-1)
  const outStamp = new Int32Array(fn.nextBlock).fill(-1)
  const work: MBlock[] = []
  for (const r of used) {
    for (const b of defined[r] ?? []) defStamp[b.id] = r
    for (const b of exposed[r]!) {
      inStamp[b.id] = r
      liveIn[b.id].push(r)
      work.push(b)
    }
    for (let b = work.pop(); b !== undefined; b = work.pop()) {
      for (const pred of b.preds) {
        if (outStamp[pred.id] !== r) {
          outStamp[pred.id] = r
          liveOut[pred.id].push(r)
        }
        if (defStamp[pred.id] === r || inStamp[pred.id] === r) continue
        inStamp[pred.id] = r
        liveIn[pred.id].push(r)
        work.push(pred)
      }
    }
  }
  return { liveIn, liveOut }
}
