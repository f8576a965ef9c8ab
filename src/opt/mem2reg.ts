import {
  type Alloca,
  type Block,
  bitsOf,
  DominatorTree,
  type Inst,
  type IrFunction,
  type Load,
  nameValue,
  type Phi,
  Replacements,
  type Store,
  undef,
  type Value,
  type ValueType,
} from "../ir/index.ts"
import { Emitter } from "./emit.ts"
import { hasAllocas } from "./pointers.ts"

/**
 * Memory to registers: a stack object that is only loaded and stored whole becomes SSA values, with phis where paths meet.
 *
 *     %1 = alloca 4 align 4 "n"     →
 *     store 4 %1, %x
 *     %2 = load i32 4 %1                (uses of %2 become %x)
 *
 * Method: phis at iterated dominance frontiers, then a walk of the dominator tree (Cytron and others, 1991). Phis that nobody reads are
 * left to dead code elimination.
 */
export function mem2reg(func: IrFunction): boolean {
  if (!hasAllocas(func)) return false
  const candidates = promotable(func)
  if (candidates.size === 0) return false
  const dom = new DominatorTree(func)
  const frontiers = dom.frontiers()
  const phis = new Map<Phi, Alloca>()
  for (const [object, { type, stores, loads }] of candidates) {
    if (loads === 0) continue
    const placed = new Set<Block>()
    const work = [...stores]
    for (let block = work.pop(); block !== undefined; block = work.pop()) {
      for (const join of frontiers.get(block) ?? []) {
        if (placed.has(join)) continue
        placed.add(join)
        const phi: Phi = { kind: "phi", id: func.nextId++, type, args: [], incoming: [], block: join }
        join.phis.push(phi)
        phis.set(phi, object)
        if (object.variable !== undefined) nameValue(func, phi, object.variable)
        work.push(join)
      }
    }
  }
  rename(func, dom, candidates, phis)
  return true
}

interface Candidate {
  readonly type: ValueType
  readonly width: number
  /** Blocks that store. */
  readonly stores: Set<Block>
  loads: number
}

/** Objects of which every use is a plain load or store of one width at offset 0. */
function promotable(func: IrFunction): Map<Alloca, Candidate> {
  const uses = new Map<
    Value,
    { widths: Set<number>; pointer: boolean; stores: Set<Block>; loads: number; bad: boolean }
  >()
  for (const inst of func.blocks[0].insts) {
    if (inst.op === "alloca")
      uses.set(inst, { widths: new Set(), pointer: false, stores: new Set(), loads: 0, bad: false })
  }
  const spoil = (v: Value) => {
    const use = uses.get(v)
    if (use !== undefined) use.bad = true
  }
  for (const block of func.blocks) {
    for (const phi of block.phis) for (const arg of phi.args) spoil(arg)
    for (const inst of block.insts) {
      const use = (inst.op === "load" || inst.op === "store") && !inst.volatile ? uses.get(inst.args[0]) : undefined
      if (use === undefined) {
        for (const arg of inst.args) spoil(arg)
        continue
      }
      const access = inst as Load | Store
      use.widths.add(access.width)
      if (access.op === "load") {
        use.loads++
        if (access.type === "ptr") use.pointer = true
      } else {
        use.stores.add(block)
        if (access.args[1].type === "ptr") use.pointer = true
        spoil(access.args[1])
      }
    }
    for (const arg of block.term.args) spoil(arg)
  }
  const result = new Map<Alloca, Candidate>()
  for (const [object, use] of uses) {
    if (use.bad || use.widths.size > 1) continue
    const [width = 8] = use.widths
    const type = width < 8 ? "i32" : use.pointer ? "ptr" : "i64"
    result.set(object as Alloca, { type, width, stores: use.stores, loads: use.loads })
  }
  return result
}

function rename(
  func: IrFunction,
  dom: DominatorTree,
  candidates: ReadonlyMap<Alloca, Candidate>,
  phis: ReadonlyMap<Phi, Alloca>,
): void {
  const replaced = new Replacements(func)
  const values = new Map<Alloca, Value | undefined>()
  /** Blocks to enter, and (as functions) what to undo on leaving one. */
  const walk: (Block | (() => void))[] = [func.blocks[0]]
  for (let block = walk.pop(); block !== undefined; block = walk.pop()) {
    if (typeof block === "function") {
      block()
      continue
    }
    let before: Map<Alloca, Value | undefined> | undefined
    const assign = (object: Alloca, value: Value) => {
      if (before === undefined) {
        const undo = (before = new Map<Alloca, Value | undefined>())
        walk.push(() => {
          for (const [object, value] of undo) values.set(object, value)
        })
      }
      if (!before.has(object)) before.set(object, values.get(object))
      values.set(object, value)
    }
    for (const phi of block.phis) {
      const object = phis.get(phi)
      if (object !== undefined) assign(object, phi)
    }
    const emit = new Emitter(func, block)
    for (const inst of block.insts) {
      const candidate = candidates.get(inst.args[0] as Alloca)
      if (candidate !== undefined && inst.op === "load") {
        const value = values.get(inst.args[0] as Alloca) ?? undef(candidate.type)
        emit.span = inst.span
        replaced.set(inst, loaded(emit, value, inst))
      } else if (candidate !== undefined && inst.op === "store") {
        emit.span = inst.span
        const object = inst.args[0] as Alloca
        const value = emit.convert(replaced.find(inst.args[1]), candidate.type)
        assign(object, value)
        if (object.variable !== undefined) {
          object.variable.stores++
          nameValue(func, value, object.variable)
        }
      } else if (!(inst.op === "alloca" && candidates.has(inst))) {
        emit.keep(inst)
      }
    }
    block.insts = emit.insts
    // Two edges to one block are two operands.
    for (const target of block.term.targets) {
      for (const phi of target.phis) {
        const object = phis.get(phi)
        if (object === undefined) continue
        phi.incoming.push(block)
        phi.args.push(values.get(object) ?? undef(phi.type))
      }
    }
    for (const child of dom.children(block)) walk.push(child)
  }
  for (const block of func.blocks) {
    if (dom.reachable(block)) continue
    block.insts = block.insts.filter(i => !candidates.has(i.args[0] as Alloca) && !candidates.has(i as Alloca))
    for (const target of block.term.targets) {
      for (const phi of target.phis) {
        if (!phis.has(phi)) continue
        phi.incoming.push(block)
        phi.args.push(undef(phi.type))
      }
    }
  }
  replaced.apply(func)
}

/** The value that a load of an object gives when the object's bits are `value`. */
function loaded(emit: Emitter, value: Value, load: Load & Inst): Value {
  const { width, signed } = load
  const type = load.type as ValueType
  if (width === 8) return emit.convert(value, type)
  let narrow = value
  if (width < 4)
    narrow = signed ? emit.sextin(width === 1 ? 8 : 16, value) : emit.and(value, width === 1 ? 0xff : 0xffff)
  return bitsOf(type) === 32 ? narrow : emit.convert(signed ? emit.sext(narrow) : emit.zext(narrow), type)
}
