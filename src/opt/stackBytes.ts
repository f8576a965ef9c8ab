import { type Alloca, type Block, type Inst, type IrFunction, isConst, postOrder, type Value } from "../ir/index.ts"
import { argEffect } from "./effects.ts"
import { isAlloca, placeOf } from "./pointers.ts"

/** Bytes of an object, one bit each. */
export type Bytes = bigint

export const bytesAt = (offset: number, size: number): Bytes =>
  offset < 0 || offset >= MOST || size <= 0 ? 0n : ((1n << BigInt(Math.min(size, MOST))) - 1n) << BigInt(offset)
/** Objects that are larger do not fit on the stack, and are refused when they are still there at the end. */
const MOST = 4096
export const allBytes = (object: Alloca): Bytes => bytesAt(0, object.size)

/** One access to a stack object. `maybe`: written, but perhaps not all of it, or not always. */
export interface Access {
  readonly object: Alloca
  readonly bytes: Bytes
  readonly how: "read" | "write" | "maybe"
}

/** The bytes from a pointer on; all of the object's where the place or the size is not known. */
function reach(object: Alloca, offset: number | undefined, size: number | undefined): Bytes {
  const all = allBytes(object)
  if (offset === undefined) return all
  return bytesAt(Math.max(offset, 0), size ?? object.size) & all
}

/**
 * What an instruction does to stack objects through pointers that lead to them. What it may do through pointers that are not followed is in
 * {@link touchesUnknown}. Reads come before writes.
 */
export function accessesOf(inst: Inst): Access[] {
  const found: Access[] = []
  const add = (pointer: Value, size: number | undefined, how: Access["how"]): void => {
    const { base, offset } = placeOf(pointer)
    if (!isAlloca(base)) return
    const sure = how === "write" && (offset === undefined || size === undefined) ? "maybe" : how
    found.push({ object: base, bytes: reach(base, offset, size), how: sure })
  }
  switch (inst.op) {
    case "load":
      add(inst.args[0], inst.width, "read")
      break
    case "store":
      add(inst.args[0], inst.width, "write")
      break
    case "memset":
      add(inst.args[0], inst.size, "write")
      break
    case "memcpy":
      add(inst.args[1], inst.size, "read")
      add(inst.args[0], inst.size, "write")
      break
    case "call": {
      const effects = inst.args.map((_, i) => argEffect(inst, i))
      const size = (i: number): number | undefined => {
        const count = effects[i]?.size === undefined ? undefined : inst.args[effects[i].size]
        return count !== undefined && isConst(count) ? Number(count.value) : undefined
      }
      for (let i = 0; i < effects.length; i++) if (effects[i]?.reads) add(inst.args[i], size(i), "read")
      for (let i = 0; i < effects.length; i++)
        if (effects[i]?.writes) add(inst.args[i], size(i), effects[i]?.whole ? "write" : "maybe")
      break
    }
    case "atomic":
      add(inst.args[0], inst.width, "read")
      add(inst.args[0], inst.width, "maybe")
      break
    case "alloca":
    case "ptradd":
    case "cmp":
      break
    default:
      for (const arg of inst.args) {
        add(arg, undefined, "read")
        add(arg, undefined, "maybe")
      }
  }
  return found
}

/** Whether an instruction may read stack objects through pointers that are not followed. */
export function touchesUnknown(inst: Inst): boolean {
  switch (inst.op) {
    case "load":
      return !isAlloca(placeOf(inst.args[0]).base)
    case "memcpy":
      return !isAlloca(placeOf(inst.args[1]).base)
    case "atomic":
    case "call":
    case "asm":
      return true
    case "opaque":
      return inst.args.length === 0
    default:
      return false
  }
}

/** How many times a block may be gone into before the analysis gives up: functions of any size take linear time. */
const STEPS_PER_BLOCK = 40

/**
 * Which bytes of stack objects may be read later: one analysis from the uses to the definitions, for objects that are reached only through
 * pointers that are followed (`captured` ones are not). At the end of the function all are dead.
 */
export class LiveBytes {
  readonly #out = new Map<Block, Map<Alloca, Bytes>>()
  /** False when the function is too large: every byte counts as live then. */
  readonly known: boolean

  constructor(func: IrFunction, captured: ReadonlySet<Alloca>) {
    const order = postOrder(func)
    const effects = new Map<Block, Map<Alloca, { gen: Bytes; kill: Bytes }>>()
    for (const block of order) effects.set(block, effectsOf(block, captured))
    const into = new Map<Block, Map<Alloca, Bytes>>()
    let steps = order.length * STEPS_PER_BLOCK
    const waiting = new Set<Block>(order)
    for (const block of waiting) {
      waiting.delete(block)
      const out = new Map<Alloca, Bytes>()
      for (const target of block.term.targets) {
        const live = into.get(target)
        if (live === undefined) continue
        steps -= live.size
        for (const [object, bytes] of live) out.set(object, (out.get(object) ?? 0n) | bytes)
      }
      this.#out.set(block, out)
      const before = into.get(block)
      const now = new Map<Alloca, Bytes>()
      const own = effects.get(block)!
      for (const [object, bytes] of out) {
        const left = bytes & ~(own.get(object)?.kill ?? 0n)
        if (left !== 0n) now.set(object, left)
      }
      for (const [object, { gen }] of own) if (gen !== 0n) now.set(object, (now.get(object) ?? 0n) | gen)
      into.set(block, now)
      if (before !== undefined && same(before, now)) continue
      for (const pred of block.preds) if (effects.has(pred)) waiting.add(pred)
      if (--steps < 0) break
    }
    this.known = steps >= 0
  }

  /** What may be read behind a block's end. The map is the caller's to change. */
  after(block: Block): Map<Alloca, Bytes> {
    return new Map(this.#out.get(block))
  }
}

function same(a: ReadonlyMap<Alloca, Bytes>, b: ReadonlyMap<Alloca, Bytes>): boolean {
  if (a.size !== b.size) return false
  for (const [object, bytes] of a) if (b.get(object) !== bytes) return false
  return true
}

/** What a block reads before it writes it, and what it surely writes. */
function effectsOf(block: Block, captured: ReadonlySet<Alloca>): Map<Alloca, { gen: Bytes; kill: Bytes }> {
  const result = new Map<Alloca, { gen: Bytes; kill: Bytes }>()
  for (let i = block.insts.length - 1; i >= 0; i--) {
    const accesses = accessesOf(block.insts[i])
    for (let j = accesses.length - 1; j >= 0; j--) {
      const { object, bytes, how } = accesses[j]
      if (captured.has(object) || how === "maybe") continue
      const { gen, kill } = result.get(object) ?? { gen: 0n, kill: 0n }
      result.set(object, how === "read" ? { gen: gen | bytes, kill } : { gen: gen & ~bytes, kill: kill | bytes })
    }
  }
  return result
}
