import {
  type Alloca,
  type Block,
  findLoops,
  type Inst,
  type IrFunction,
  type Load,
  type Loop,
  type Store,
  type Value,
} from "../ir/index.ts"
import { Emitter } from "./emit.ts"
import { gather } from "./loopCopy.ts"
import { mem2reg } from "./mem2reg.ts"
import { capturedAllocas, hasAllocas, isAlloca, overlap, placeOf, touches } from "./pointers.ts"

/** Parts of stack objects that one loop keeps in registers: more of them would only move back to the stack. */
const MOST_PARTS = 4

/**
 * Register promotion of stack objects: a part of a stack object that nothing in a loop reaches but its own loads and stores is a value there, and
 * is stored where the loop is left. The verifier knows what a value was the round before; of four bytes in the middle of a stack slot it does not.
 *
 *     b0: store 4 %key, 0              →    b0: store 4 %key, 0
 *     b1: %1 = load i32 u4 %key             b1: %1 = phi i32 [b0: 0], [b1: %2]
 *         %2 = add i32 %1, 1                    %2 = add i32 %1, 1
 *         store 4 %key, %2                      br %3, b1, b2
 *         br %3, b1, b2                     b2: store 4 %key, %2
 *     b2: call helper 1 …(%map, %key)           call helper 1 …(%map, %key)
 *
 * Only where the part was stored right before the loop: an object may be left without a value on purpose, and may not be read then.
 */
export function sink(func: IrFunction): boolean {
  if (!hasAllocas(func)) return false
  let changed = false
  // From the inside out: a loop around one that was changed is looked at again.
  for (let around = true; around; ) {
    around = false
    const captured = capturedAllocas(func)
    const stale = new Set<Loop>()
    for (const loop of findLoops(func).loops) {
      if (stale.has(loop)) continue
      const before = partsOf(loop, captured).map(part => ({ part, value: valueBefore(loop, part, captured) }))
      for (const { part, value } of before) {
        if (value === undefined) continue
        carry(func, loop, part, value)
        changed = true
        for (let outer = loop.parent; outer !== undefined; outer = outer.parent) stale.add(outer)
      }
    }
    if (stale.size > 0) around = mem2reg(func)
  }
  if (changed) mem2reg(func)
  return changed
}

type Access = (Load | Store) & Inst

interface Part {
  readonly object: Alloca
  readonly offset: number
  readonly width: Load["width"]
  readonly accesses: Access[]
}

/** What a loop loads and stores as a whole, and stores at least once. */
function partsOf(loop: Loop, captured: ReadonlySet<Alloca>): Part[] {
  const parts = new Map<string, Part>()
  const spoilt = new Set<Alloca>()
  const reached: Inst[] = []
  for (const block of loop.blocks) {
    for (const inst of block.insts) {
      switch (inst.op) {
        case "load":
        case "store": {
          const { base, offset } = placeOf(inst.args[0])
          if (!isAlloca(base)) break
          if (offset === undefined || inst.volatile || inst.ordered) spoilt.add(base)
          else {
            const key = `${base.id} ${offset} ${inst.width}`
            const part = parts.get(key)
            if (part !== undefined) part.accesses.push(inst)
            else parts.set(key, { object: base, offset, width: inst.width, accesses: [inst] })
          }
          break
        }
        case "memcpy":
        case "memset":
          for (const arg of inst.args) {
            const { base } = placeOf(arg)
            if (isAlloca(base)) spoilt.add(base)
          }
          break
        default:
          reached.push(inst)
      }
    }
  }
  const all = [...parts.values()]
  return all
    .filter(part => {
      const { object, accesses } = part
      if (spoilt.has(object) || captured.has(object)) return false
      if (!accesses.some(a => a.op === "store") || !accesses.some(a => a.op === "load")) return false
      const meets = (other: Part) =>
        other !== part && other.object === object && overlap(other.offset, other.width, part.offset, part.width)
      if (all.some(meets)) return false
      return reached.every(inst => {
        const { read, write } = touches(inst, object, captured)
        return !read && !write
      })
    })
    .slice(0, MOST_PARTS)
}

/** What was stored to a part before the loop, where nothing came in between and no other way leads there. */
function valueBefore({ header, blocks }: Loop, part: Part, captured: ReadonlySet<Alloca>): Value | undefined {
  const { object, offset, width } = part
  const seen = new Set<Block>()
  let before = header.preds.filter(p => !blocks.has(p))
  while (before.length === 1 && !seen.has(before[0])) {
    const [block] = before
    seen.add(block)
    for (let i = block.insts.length - 1; i >= 0; i--) {
      const inst = block.insts[i]
      if (inst.op === "store" || inst.op === "memcpy" || inst.op === "memset") {
        const place = placeOf(inst.args[0])
        if (place.base !== object) continue
        const size = inst.op === "store" ? inst.width : inst.size
        if (!overlap(place.offset, size, offset, width)) continue
        return inst.op === "store" && place.offset === offset && size === width ? inst.args[1] : undefined
      }
      if (touches(inst, object, captured).write) return undefined
    }
    before = block.preds
  }
  return undefined
}

/** Makes a local of a part, which mem2reg makes a value of, and stores it to its place on each way out. */
function carry(func: IrFunction, loop: Loop, { object, offset, width, accesses }: Part, value: Value): void {
  const { span } = accesses[0]
  const [entry] = func.blocks
  const local: Inst = {
    kind: "inst",
    op: "alloca",
    id: func.nextId++,
    type: "ptr",
    args: [],
    block: entry,
    span: undefined,
    size: width,
    align: width,
    name: "",
  }
  for (const access of accesses) {
    if (access.op === "load") Object.assign(access, { align: width, args: [local] })
    else Object.assign(access, { align: width, args: [local, access.args[1]] })
  }
  const outside = loop.header.preds.filter(p => !loop.blocks.has(p))
  const into = blockOn(func, loop.header, outside)
  const start = new Emitter(func, into)
  start.store(local, width, value, width)
  into.insts.push(...start.insts)
  const exits = new Set([...loop.blocks].flatMap(b => b.term.targets.filter(t => !loop.blocks.has(t))))
  for (const exit of exits) {
    const made = blockOn(
      func,
      exit,
      exit.preds.filter(p => loop.blocks.has(p)),
    )
    const emit = new Emitter(func, made)
    emit.span = span
    const kept = emit.add({
      op: "load",
      type: width === 8 ? "i64" : "i32",
      width,
      signed: false,
      volatile: false,
      align: width,
      args: [local],
    })
    emit.store(emit.ptradd(object, offset), width, kept, accesses[0].align)
    made.insts.unshift(...emit.insts)
  }
  entry.insts.unshift(local)
}

/** A block on the ways from some blocks to another, and on no other way. */
function blockOn(func: IrFunction, target: Block, preds: readonly Block[]): Block {
  const [only] = preds
  if (preds.length === 1 && only.term.op === "jump") return only
  const made = gather(func, target, preds)
  func.blocks.splice(func.blocks.indexOf(target), 0, made)
  return made
}
