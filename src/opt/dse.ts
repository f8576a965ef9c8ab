import {
  type Alloca,
  type Block,
  type Const,
  constant,
  countUses,
  type Inst,
  type IrFunction,
  type MemCopy,
  type MemSet,
  type Value,
} from "../ir/index.ts"
import { Emitter } from "./emit.ts"
import { capturedAllocas, hasAllocas, isAlloca, placeOf } from "./pointers.ts"
import { type Access, accessesOf, allBytes, type Bytes, bytesAt, LiveBytes, touchesUnknown } from "./stackBytes.ts"

/**
 * Dead stores: a write to a stack object whose bytes are all written again, or never read, before the function ends. A helper that fills memory
 * even when it fails (`bpf_probe_read`) writes it again too, and goes itself when nobody wants what it writes.
 *
 *     memset %1, 0, 8           →    store 4 %1, %a
 *     store 4 %1, %a                 store 4 %2, %b          ; %2 = %1 + 4
 *     store 4 %2, %b                 %3 = call helper 1 (%m, %1) -> ptr
 *     %3 = call helper 1 (%m, %1) -> ptr
 *
 * Small fills are first made stores of single words, so that each of them can die alone; of large fills and copies the live part stays.
 */
export function dse(func: IrFunction): boolean {
  if (!hasAllocas(func)) return false
  let changed = expandFills(func)
  const captured = capturedAllocas(func)
  const live = new LiveBytes(func, captured)
  const uses = countUses(func)
  for (const block of func.blocks) {
    const walk = new Backwards(block, captured, live)
    const kept: Inst[] = []
    for (let i = block.insts.length - 1; i >= 0; i--) {
      const inst = block.insts[i]
      const accesses = accessesOf(inst)
      const bytes = removable(inst, uses) ? walk.wanted(accesses) : undefined
      if (bytes === 0n) {
        changed = true
        for (const arg of inst.args) uses.set(arg, (uses.get(arg) ?? 1) - 1)
        continue
      }
      if (bytes !== undefined && (inst.op === "memset" || inst.op === "memcpy")) {
        const trimmed = trim(func, inst, bytes)
        if (trimmed !== undefined) {
          changed = true
          kept.push(...trimmed.reverse())
          walk.step(inst, accesses)
          continue
        }
      }
      walk.step(inst, accesses)
      kept.push(inst)
    }
    block.insts = kept.reverse()
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

/** Whether an instruction does nothing but write memory that its accesses tell. */
function removable(inst: Inst, uses: ReadonlyMap<Value, number>): boolean {
  switch (inst.op) {
    case "store":
      return !inst.volatile
    case "memset":
    case "memcpy":
      return true
    case "call":
      return FILLERS.has(inst.callee.kind === "helper" ? inst.callee.id : 0) && (uses.get(inst) ?? 0) === 0
    default:
      return false
  }
}

/** Helpers that fill a buffer and do nothing else (numbers of uapi/linux/bpf.h). */
const FILLERS = new Set([4, 16, 45, 112, 113, 114, 115])

/** What may still be read, on the way back through a block. */
class Backwards {
  readonly #captured: ReadonlySet<Alloca>
  /** Of the objects that the analysis followed. */
  readonly #live: Map<Alloca, Bytes>
  /** Of the others: those that are captured, and all when the analysis gave up. What is not in the map is `#rest`. */
  readonly #others = new Map<Alloca, Bytes>()
  #rest: "dead" | "live"
  readonly #known: boolean

  constructor(block: Block, captured: ReadonlySet<Alloca>, live: LiveBytes) {
    this.#captured = captured
    this.#known = live.known
    this.#live = live.known ? live.after(block) : new Map()
    this.#rest = block.term.op === "ret" ? "dead" : "live"
  }

  #get(object: Alloca): Bytes {
    if (this.#follows(object)) return this.#live.get(object) ?? 0n
    return this.#others.get(object) ?? (this.#rest === "dead" ? 0n : allBytes(object))
  }

  #follows(object: Alloca): boolean {
    return this.#known && !this.#captured.has(object)
  }

  /** The bytes that an instruction writes for somebody; undefined when it writes elsewhere too. */
  wanted(accesses: readonly Access[]): Bytes | undefined {
    let bytes: Bytes | undefined
    for (const access of accesses) {
      if (access.how === "read") continue
      if (bytes !== undefined) return undefined
      bytes = access.bytes & this.#get(access.object)
    }
    return bytes
  }

  step(inst: Inst, accesses: readonly Access[]): void {
    if (touchesUnknown(inst)) {
      this.#rest = "live"
      this.#others.clear()
    }
    for (let i = accesses.length - 1; i >= 0; i--) {
      const { object, bytes, how } = accesses[i]
      if (how === "maybe") continue
      const map = this.#follows(object) ? this.#live : this.#others
      map.set(object, how === "read" ? this.#get(object) | bytes : this.#get(object) & ~bytes)
    }
  }
}

/** The parts of a large fill or copy that are wanted, in words; undefined when that is all of it. */
function trim(func: IrFunction, inst: (MemSet | MemCopy) & Inst, wanted: Bytes): Inst[] | undefined {
  const { base, offset } = placeOf(inst.args[0])
  if (offset === undefined || !isAlloca(base) || inst.size <= WORD) return undefined
  if (wanted === bytesAt(offset, inst.size)) return undefined
  const emit = new Emitter(func, inst.block)
  emit.span = inst.span
  const part = (from: number, to: number): void => {
    let { align } = inst
    while (from % align !== 0) align >>= 1
    const target = emit.ptradd(inst.args[0], from)
    const source = inst.op === "memcpy" ? emit.ptradd(inst.args[1], from) : inst.args[1]
    emit.add({ op: inst.op, type: "void", size: to - from, align, args: [target, source] })
  }
  const word = bytesAt(0, WORD)
  let start = -1
  let left = 0
  for (let at = 0; at < inst.size; at += WORD) {
    const live = ((wanted >> BigInt(offset + at)) & word) !== 0n
    if (live && start < 0) start = at
    if (!live && start >= 0) part(start, at)
    if (!live) start = -1
    else left += Math.min(WORD, inst.size - at)
  }
  if (left === inst.size) return undefined
  if (start >= 0) part(start, inst.size)
  return emit.insts
}

const WORD = 8
