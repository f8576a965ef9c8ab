import {
  type Block,
  DominatorTree,
  findLoops,
  type Inst,
  type IrFunction,
  type Load,
  type Loop,
  type Store,
} from "../ir/index.ts"
import { Emitter } from "./emit.ts"
import { gather } from "./loopCopy.ts"
import { mem2reg } from "./mem2reg.ts"
import { isAlloca, overlap, type Place, placeOf } from "./pointers.ts"

/** Places that one loop keeps in registers: more of them would only move to the stack. */
const MOST_PLACES = 12

/**
 * Register promotion: a part of a global variable that only loads and stores of a loop reach is read once before the loop, and then carried
 * along as a value. The verifier knows nothing of what is in memory, but of a value it knows what it was the round before.
 *
 *     b1: %1 = load i32 u4 %g     →    b0: %4 = load i32 u4 %g
 *         %2 = add i32 %1, 1           b1: %1 = phi i32 [b0: %4], [b1: %2]
 *         store 4 %g, %2                   %2 = add i32 %1, 1
 *         br %3, b1, b2                    store 4 %g, %2
 *                                          br %3, b1, b2
 *
 * The stores stay where they are: other processors and user space see what they saw before. A call, an atomic access or a barrier in the loop
 * may let somebody else's writes be seen, and forbids it.
 */
export function promote(func: IrFunction): boolean {
  if (!func.blocks.some(b => b.insts.some(i => i.op === "load" && globalOf(placeOf(i.args[0])) !== undefined)))
    return false
  let changed = false
  // Loops around others first: what they carry is no load in the others any more.
  const dom = new DominatorTree(func)
  for (const loop of [...findLoops(func, dom).loops].reverse()) {
    const places = promotable(func, loop)
      .filter(place => eachRound(place, loop, dom))
      .slice(0, MOST_PLACES)
    if (places.length === 0) continue
    const before = preheader(func, loop)
    for (const place of places) carry(func, before, place)
    changed = true
  }
  if (changed) mem2reg(func)
  return changed
}

type Access = (Load | Store) & Inst

/** Bytes of a global variable that a loop reads and writes as a whole. */
interface Carried {
  readonly offset: number
  readonly accesses: Access[]
}

function globalOf({ base }: Place): string | undefined {
  return base.kind === "inst" && base.op === "globaladdr" ? base.global : undefined
}

function promotable(func: IrFunction, loop: Loop): Carried[] {
  const found = new Map<string, Map<number, Carried>>()
  /** What writes to a variable otherwise: some bytes of it, or any. */
  const writes: { global: string; offset: number | undefined; size: number }[] = []
  for (const block of loop.blocks) {
    for (const inst of block.insts) {
      switch (inst.op) {
        case "call":
        case "atomic":
          return []
        case "opaque":
          if (inst.args.length === 0) return []
          break
        case "asm":
          if (inst.memory || inst.symbols.length > 0) return []
          break
        case "load":
        case "store": {
          if (inst.ordered) return []
          const place = placeOf(inst.args[0])
          const global = globalOf(place)
          if (global === undefined) {
            if (inst.op === "store" && mayBeGlobal(func, place)) return []
            break
          }
          const { offset } = place
          if (offset !== undefined && !inst.volatile) note(found, global, offset, inst)
          else if (inst.op === "store") writes.push({ global, offset, size: inst.width })
          break
        }
        case "memcpy":
        case "memset": {
          const place = placeOf(inst.args[0])
          const global = globalOf(place)
          if (global !== undefined) writes.push({ global, offset: place.offset, size: inst.size })
          else if (mayBeGlobal(func, place)) return []
          break
        }
      }
    }
  }
  for (const [global, places] of found)
    for (const { offset, accesses } of places.values())
      for (const access of accesses) if (access.op === "store") writes.push({ global, offset, size: access.width })
  const result: Carried[] = []
  for (const [global, places] of found) {
    for (const carried of places.values()) {
      const { offset, accesses } = carried
      const { width } = accesses[0]
      if (!accesses.some(a => a.op === "load") || accesses.some(a => a.width !== width)) continue
      const whole = (w: (typeof writes)[number]): boolean => w.offset === offset && w.size === width
      if (writes.some(w => w.global === global && overlap(w.offset, w.size, offset, width) && !whole(w))) continue
      result.push(carried)
    }
  }
  return result
}

/**
 * Whether each round stores all that is stored there. A variable that some rounds write only would have the verifier tell apart what it takes for
 * one as long as it is in memory: the ways through each round would not meet.
 */
function eachRound({ accesses }: Carried, { latches }: Loop, dom: DominatorTree): boolean {
  return accesses.every(({ op, block }) => op === "load" || latches.every(latch => dom.dominates(block, latch)))
}

function note(found: Map<string, Map<number, Carried>>, global: string, offset: number, inst: Access): void {
  let places = found.get(global)
  if (places === undefined) found.set(global, (places = new Map()))
  const known = places.get(offset)
  if (known === undefined) places.set(offset, { offset, accesses: [inst] })
  else known.accesses.push(inst)
}

/** Whether what a pointer leads to may be a global variable: neither a local nor what a helper or the kernel gives is one. */
function mayBeGlobal(func: IrFunction, { base }: Place): boolean {
  if (isAlloca(base)) return false
  if (base.kind === "param") return func.role !== "program"
  return !(base.kind === "inst" && base.op === "call" && base.callee.kind === "helper")
}

/** The block before a loop that leads nowhere else. */
function preheader(func: IrFunction, { header, blocks }: Loop): Block {
  const outside = header.preds.filter(p => !blocks.has(p))
  if (outside.length === 1 && outside[0].term.op === "jump") return outside[0]
  const made = gather(func, header, outside)
  func.blocks.splice(func.blocks.indexOf(header), 0, made)
  return made
}

/** Makes a local of what is carried, filled before the loop and with each store; mem2reg then makes a value of it. */
function carry(func: IrFunction, before: Block, { offset, accesses }: Carried): void {
  const first = accesses.find(a => a.op === "load")!
  const { width } = first
  const local: Inst = {
    kind: "inst",
    op: "alloca",
    id: func.nextId++,
    type: "ptr",
    args: [],
    block: func.blocks[0],
    span: undefined,
    size: width,
    align: width,
    name: "",
  }
  const emit = new Emitter(func, before)
  emit.span = first.span
  const global = globalOf(placeOf(first.args[0]))!
  const pointer = emit.ptradd(emit.add({ op: "globaladdr", type: "ptr", global, args: [] }), offset)
  const { type, signed, align } = first
  const value = emit.add({ op: "load", type, width, signed, volatile: false, align, args: [pointer] })
  emit.store(local, width, value, width)
  before.insts.push(...emit.insts)
  for (const access of accesses) {
    if (access.op === "load") Object.assign(access, { align: width, args: [local] })
    else {
      const { block } = access
      const beside = new Emitter(func, block)
      beside.store(local, width, access.args[1], width)
      block.insts.splice(block.insts.indexOf(access) + 1, 0, ...beside.insts)
    }
  }
  func.blocks[0].insts.unshift(local)
}
