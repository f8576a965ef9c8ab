import { type Alloca, type Block, type Const, constant, type Inst, type IrFunction, type Value } from "../ir/index.ts"
import { Emitter } from "./emit.ts"
import { capturedAllocas, isAlloca, placeOf, touches } from "./pointers.ts"

/**
 * Dead stores: a store into a stack object whose bytes are all written again, or never read, before the function ends.
 *
 *     memset %1, 0, 8           →    store 4 %1, %a
 *     store 4 %1, %a                 store 4 %2, %b          ; %2 = %1 + 4
 *     store 4 %2, %b                 %3 = call helper 1 (%m, %1) -> ptr
 *     %3 = call helper 1 (%m, %1) -> ptr
 *
 * Small fills are first made stores of single words, so that each of them can die alone.
 */
export function dse(func: IrFunction): boolean {
  let changed = expandFills(func)
  const captured = capturedAllocas(func)
  const read = readObjects(func, captured)
  for (const block of func.blocks) {
    const dead = deadStores(block, captured, read)
    if (dead.size === 0) continue
    block.insts = block.insts.filter(i => !dead.has(i))
    changed = true
  }
  return changed
}

/** Up to this size a fill is a row of stores. */
const LARGEST_FILL = 64

function expandFills(func: IrFunction): boolean {
  let changed = false
  for (const block of func.blocks) {
    if (!block.insts.some(i => i.op === "memset" && i.size <= LARGEST_FILL)) continue
    const emit = new Emitter(func, block)
    for (const inst of block.insts) {
      const base = inst.op === "memset" ? placeOf(inst.args[0]) : undefined
      if (
        inst.op !== "memset" ||
        inst.size > LARGEST_FILL ||
        inst.args[1].kind !== "const" ||
        base?.offset === undefined ||
        !isAlloca(base.base)
      ) {
        emit.keep(inst)
        continue
      }
      changed = true
      emit.span = inst.span
      const object = base.base
      if (object.size >= 8 && object.align < 8) object.align = 8
      const byte = (inst.args[1] as Const).value & 0xffn
      for (let at = 0; at < inst.size; ) {
        const width = ([8, 4, 2, 1] as const).find(
          w => at + w <= inst.size && (base.offset! + at) % Math.min(w, object.align) === 0 && w <= object.align,
        )!
        let value = 0n
        for (let i = 0; i < width; i++) value = (value << 8n) | byte
        emit.store(emit.ptradd(inst.args[0], at), width, constant(width === 8 ? "i64" : "i32", value), width)
        at += width
      }
    }
    block.insts = emit.insts
  }
  return changed
}

/** Objects that something may read. */
function readObjects(func: IrFunction, captured: ReadonlySet<Alloca>): Set<Value> {
  const read = new Set<Value>(captured)
  for (const block of func.blocks) {
    for (const inst of block.insts) {
      if (inst.op === "store" || inst.op === "memset" || inst.op === "ptradd" || inst.op === "cmp") continue
      const args = inst.op === "memcpy" ? [inst.args[1]] : inst.args
      for (const arg of args) if (arg.type === "ptr") read.add(placeOf(arg).base)
    }
  }
  return read
}

/** Bytes of an object that will be written before they are read: one bit each. */
type Mask = bigint
const maskOf = (offset: number, size: number): Mask => ((1n << BigInt(size)) - 1n) << BigInt(offset)

function deadStores(block: Block, captured: ReadonlySet<Alloca>, read: ReadonlySet<Value>): Set<Inst> {
  const dead = new Set<Inst>()
  const overwritten = new Map<Alloca, Mask>()
  const atEnd = (object: Alloca): Mask => (block.term.op === "ret" ? maskOf(0, object.size) : 0n)
  const mask = (object: Alloca) => overwritten.get(object) ?? atEnd(object)
  const clear = (object: Alloca, bytes: Mask = -1n) => overwritten.set(object, mask(object) & ~bytes)
  const seen = new Set<Alloca>()
  for (const inst of block.insts) for (const arg of inst.args) note(arg, seen)
  for (let i = block.insts.length - 1; i >= 0; i--) {
    const inst = block.insts[i]
    switch (inst.op) {
      case "store":
      case "memset": {
        const { base, offset } = placeOf(inst.args[0])
        if (!isAlloca(base) || (inst.op === "store" && inst.volatile)) break
        if (!read.has(base)) {
          dead.add(inst)
          break
        }
        if (offset === undefined) break
        const bytes = maskOf(offset, inst.op === "store" ? inst.width : inst.size)
        if ((bytes & ~mask(base)) === 0n) dead.add(inst)
        else overwritten.set(base, mask(base) | bytes)
        break
      }
      case "load":
        reads(inst.args[0], inst.width)
        break
      case "memcpy": {
        reads(inst.args[1], inst.size)
        break
      }
      default:
        for (const object of seen) if (touches(inst, object, captured).read) clear(object)
    }
  }
  return dead

  function reads(pointer: Value, size: number): void {
    const { base, offset } = placeOf(pointer)
    if (isAlloca(base)) clear(base, offset === undefined ? -1n : maskOf(Math.max(offset, 0), size))
    else for (const object of captured) clear(object)
  }
}

function note(arg: Value, seen: Set<Alloca>): void {
  if (arg.type !== "ptr") return
  const { base } = placeOf(arg)
  if (isAlloca(base)) seen.add(base)
}
