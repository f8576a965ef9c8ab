import { type Alloca, type Inst, type IrFunction, i64, type MemCopy, replaceValues, type Value } from "../ir/index.ts"
import { capturedAllocas, hasAllocas, isAlloca, placeOf } from "./pointers.ts"
import { accessesOf, allBytes, type Bytes, LiveBytes } from "./stackBytes.ts"

/**
 * Copies between stack objects: two objects become one, and the copy goes, where neither is written while the other one's bytes are still
 * wanted.
 *
 *     memcpy 32 %2, %1                         →     %3 = call helper 1 (%m, %1) -> ptr      ; %1 is not written behind the copy
 *     %3 = call helper 1 (%m, %2) -> ptr
 *
 * The smaller object, of which the copy has every byte, becomes a part of the larger.
 */
export function copies(func: IrFunction): boolean {
  if (!hasAllocas(func)) return false
  const found = candidates(func)
  const captured = found.size === 0 ? new Set<Alloca>() : capturedAllocas(func)
  for (const pair of found) if (captured.has(pair.small) || captured.has(pair.large)) found.delete(pair)
  if (found.size === 0) return false
  const live = new LiveBytes(func, captured)
  if (!live.known) return false
  removeClashes(func, found, live)
  const taken = new Set<Alloca>()
  const parts = new Map<Value, Pair>()
  const replaced = new Map<Value, Value>()
  const made: Inst[] = []
  for (const pair of found) {
    const { small, large, offset } = pair
    // What was found of a pair holds no more when one of the two has become another object.
    if (taken.has(small) || taken.has(large)) continue
    taken.add(small).add(large)
    parts.set(small, pair)
    large.align = Math.max(large.align, Math.min(8, small.align))
    if (offset === 0) replaced.set(small, large)
    else {
      const part: Inst = {
        kind: "inst",
        op: "ptradd",
        id: func.nextId++,
        type: "ptr",
        args: [large, i64(offset)],
        block: func.blocks[0],
        span: small.span,
      }
      made.push(part)
      replaced.set(small, part)
    }
  }
  if (parts.size === 0) return false
  const goes = (inst: Inst): boolean => {
    if (inst.op !== "memcpy") return parts.has(inst)
    const pair = inst.args.map(arg => parts.get(placeOf(arg).base)).find(p => p !== undefined)
    return pair !== undefined && joins(inst, pair)
  }
  for (const block of func.blocks) block.insts = block.insts.filter(i => !goes(i))
  const entry = func.blocks[0]
  const last = entry.insts.findLastIndex(i => i.op === "alloca")
  entry.insts.splice(last + 1, 0, ...made)
  replaceValues(func, replaced)
  return true
}

interface Pair {
  readonly copy: MemCopy & Inst
  readonly small: Alloca
  readonly large: Alloca
  /** Where the small object lies in the large one. */
  readonly offset: number
}

/** Copies of a whole stack object from or to another one. */
function candidates(func: IrFunction): Set<Pair> {
  const found = new Set<Pair>()
  const fixed = new Set<Value>()
  for (const block of func.blocks) {
    for (const inst of block.insts) {
      if ((inst.op === "load" || inst.op === "store") && inst.volatile) fixed.add(placeOf(inst.args[0]).base)
      if (inst.op !== "memcpy") continue
      const [to, from] = inst.args.map(placeOf)
      if (!isAlloca(to.base) || !isAlloca(from.base) || to.base === from.base) continue
      if (to.offset === undefined || from.offset === undefined) continue
      const whole = ({ base, offset }: typeof to): boolean => offset === 0 && (base as Alloca).size === inst.size
      const add = (small: typeof to, large: typeof to): void => {
        const a = small.base as Alloca
        const b = large.base as Alloca
        const offset = large.offset!
        if (offset % Math.min(8, a.align) !== 0 || offset + a.size > b.size) return
        found.add({ copy: inst, small: a, large: b, offset })
      }
      if (whole(to)) add(to, from)
      else if (whole(from)) add(from, to)
    }
  }
  for (const pair of found) if (fixed.has(pair.small) || fixed.has(pair.large)) found.delete(pair)
  return found
}

/** Takes out the pairs of which one is written, the copy itself aside, where the other may still be read. */
function removeClashes(func: IrFunction, pairs: Set<Pair>, live: LiveBytes): void {
  const of = new Map<Alloca, Pair[]>()
  const note = (object: Alloca, pair: Pair): void => {
    const list = of.get(object)
    if (list === undefined) of.set(object, [pair])
    else list.push(pair)
  }
  for (const pair of pairs) {
    note(pair.small, pair)
    note(pair.large, pair)
  }
  for (const block of func.blocks) {
    const now = live.after(block)
    for (let i = block.insts.length - 1; i >= 0; i--) {
      const inst = block.insts[i]
      const accesses = accessesOf(inst)
      const read = (): void => {
        for (const { object, bytes, how } of accesses)
          if (how === "read") now.set(object, (now.get(object) ?? 0n) | bytes)
      }
      // What is read while the other is written must not be the same memory either.
      read()
      for (const { object, bytes, how } of accesses) {
        if (how === "read") continue
        for (const pair of of.get(object) ?? []) {
          if (!pairs.has(pair) || joins(inst, pair)) continue
          if (clash(pair, object, bytes, now)) pairs.delete(pair)
        }
      }
      for (const { object, bytes, how } of accesses)
        if (how === "write") now.set(object, (now.get(object) ?? 0n) & ~bytes)
      read()
    }
  }
}

/** Whether an instruction copies between the two what will be one. */
function joins(inst: Inst, { small, large, offset }: Pair): boolean {
  if (inst.op !== "memcpy") return false
  const [to, from] = inst.args.map(placeOf)
  if (to.offset === undefined || from.offset === undefined) return false
  if (to.base === small) return from.base === large && from.offset === to.offset + offset
  return to.base === large && from.base === small && to.offset === from.offset + offset
}

function clash(pair: Pair, written: Alloca, bytes: Bytes, live: ReadonlyMap<Alloca, Bytes>): boolean {
  const { small, large, offset } = pair
  if (written === large) return ((bytes >> BigInt(offset)) & allBytes(small) & (live.get(small) ?? 0n)) !== 0n
  return ((bytes << BigInt(offset)) & (live.get(large) ?? 0n)) !== 0n
}
