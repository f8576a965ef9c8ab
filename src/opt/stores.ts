import {
  type Alloca,
  type Block,
  type Const,
  constant,
  type Inst,
  type IrFunction,
  type Store,
  type Value,
  type Width,
} from "../ir/index.ts"
import { capturedAllocas, isAlloca, overlap, placeOf, touches } from "./pointers.ts"
import { accessesOf, bytesAt } from "./stackBytes.ts"

/**
 * Stores of constants side by side in a stack object become one wide store, where the later one was.
 *
 *     store 4 %1, 0             →     store 8 %1, 0
 *     %2 = ptradd %1, 4
 *     store 4 %2, 0
 *
 * Only where the wide constant is an operand of an instruction, and nothing looks at the bytes in between. A constant at the end of an object fills
 * the last eight bytes.
 */
export function stores(func: IrFunction): boolean {
  let changed = false
  for (const block of func.blocks) changed = mergeIn(block) || changed
  return widenEnds(func) || changed
}

/** Locals that take more of the stack than this stay as large as they are. */
const MOST_STACK = 480

/**
 * A constant at the end of a local fills the eight bytes that it begins, with the local made as large, where nothing else writes them: the
 * verifier takes only eight bytes at once for written anew, and for less tells states apart by what was there before.
 *
 *     %1 = alloca 42 align 8 "n"     →     %1 = alloca 48 align 8 "n"
 *     store 2 (ptradd %1, 40), 10          store 8 (ptradd %1, 40), 10
 */
function widenEnds(func: IrFunction): boolean {
  const ends = new Map<Alloca, Open[]>()
  let stack = 0
  for (const { insts } of func.blocks) {
    for (const inst of insts) {
      if (isAlloca(inst)) stack += inst.size
      const end = inst.op === "store" ? openOf(inst) : undefined
      if (end === undefined || !mayFill(end)) continue
      const list = ends.get(end.object)
      if (list === undefined) ends.set(end.object, [end])
      else list.push(end)
    }
  }
  if (ends.size === 0 || stack > MOST_STACK) return false
  const captured = capturedAllocas(func)
  for (const object of ends.keys()) if (captured.has(object)) ends.delete(object)
  for (const { insts } of func.blocks) for (const inst of insts) leaveWritten(inst, ends, captured)
  for (const [object, list] of ends) {
    object.size = list[0].offset + 8
    object.align = Math.max(object.align, 8)
    for (const { inst, width, value } of list) {
      const wide = constant("i64", BigInt.asIntN(8 * width, value))
      Object.assign(inst, { width: 8, align: 8, args: [inst.args[0], wide] })
    }
  }
  return ends.size > 0
}

/** Whether a store begins the last eight bytes of its object, and is not as large. */
const mayFill = ({ object, offset, width }: Open): boolean =>
  width < 8 && offset >= 8 && offset % 8 === 0 && offset + width <= object.size && object.size <= offset + 8

/** Leaves objects alone whose last bytes an instruction may write that is not one of the stores at their end. */
function leaveWritten(inst: Inst, ends: Map<Alloca, Open[]>, captured: ReadonlySet<Alloca>): void {
  for (const arg of inst.args) {
    const { base, offset } = placeOf(arg)
    if (!isAlloca(base)) continue
    const [end] = ends.get(base) ?? []
    if (end === undefined) continue
    switch (inst.op) {
      case "ptradd":
      case "load":
        break
      case "store": {
        const same = offset === end.offset && inst.width === end.width && ends.get(base)!.some(e => e.inst === inst)
        if (!same && overlap(offset, inst.width, end.offset, 8)) ends.delete(base)
        break
      }
      case "call":
        if (touches(inst, base, captured).write) ends.delete(base)
        break
      default:
        ends.delete(base)
    }
  }
}

/** A store that a later one may take in. */
interface Open {
  inst: Store & Inst
  readonly object: Alloca
  readonly offset: number
  readonly width: Width
  readonly value: bigint
}

function mergeIn(block: Block): boolean {
  let open: Open[] = []
  const gone = new Set<Inst>()
  for (const inst of block.insts) {
    const made = inst.op === "store" ? openOf(inst) : undefined
    if (made === undefined) {
      open = open.filter(o => !meets(inst, o))
      continue
    }
    let here = made
    open = open.filter(o => o.object !== here.object || !overlap(o.offset, o.width, here.offset, here.width))
    for (let other = partner(open, here); other !== undefined; other = partner(open, here)) {
      gone.add(other.inst)
      open.splice(open.indexOf(other), 1)
      const [low, high] = other.offset < here.offset ? [other, here] : [here, other]
      const width = (2 * here.width) as Width
      const value = constant(width === 8 ? "i64" : "i32", low.value | (high.value << BigInt(8 * here.width)))
      low.object.align = Math.max(low.object.align, width)
      Object.assign(inst, { width, align: width, args: [low.inst.args[0], value] })
      here = { inst: here.inst, object: here.object, offset: low.offset, width, value: value.value }
    }
    open.push(here)
    // Old ones seldom meet their neighbour; a bound keeps long blocks linear.
    if (open.length > 32) open.shift()
  }
  if (gone.size === 0) return false
  block.insts = block.insts.filter(i => !gone.has(i))
  return true
}

function openOf(inst: Store & Inst): Open | undefined {
  const { base, offset } = placeOf(inst.args[0])
  const value: Value = inst.args[1]
  if (inst.volatile || value.kind !== "const" || !isAlloca(base) || offset === undefined || offset < 0) return undefined
  const { width } = inst
  return { inst, object: base, offset, width, value: BigInt.asUintN(8 * width, (value as Const).value) }
}

/** The neighbour with which a store makes an aligned one whose constant an instruction can hold. */
function partner(open: readonly Open[], here: Open): Open | undefined {
  const { object, width } = here
  if (width === 8 || here.offset % width !== 0) return undefined
  const wide = 2 * width
  const start = here.offset - (here.offset % wide)
  if (start + wide > object.size) return undefined
  const at = start === here.offset ? start + width : start
  const other = open.find(o => o.object === object && o.width === width && o.offset === at)
  if (other === undefined || wide < 8) return other
  const [low, high] = other.offset < here.offset ? [other.value, here.value] : [here.value, other.value]
  const signed = BigInt.asIntN(64, low | (high << 32n))
  return signed >= -0x8000_0000n && signed <= 0x7fff_ffffn ? other : undefined
}

/** Whether an instruction may read or write the bytes of a store. */
function meets(inst: Inst, { object, offset, width }: Open): boolean {
  switch (inst.op) {
    case "load":
    case "store":
    case "memcpy":
    case "memset":
    case "call":
    case "atomic":
    case "opaque":
    case "asm":
      break
    default:
      return false
  }
  // A pointer that is not followed may lead anywhere.
  if (inst.op !== "call" && inst.args.some(a => a.type === "ptr" && !isAlloca(placeOf(a).base))) return true
  if (inst.op === "call" || inst.op === "opaque" || inst.op === "asm") return true
  const bytes = bytesAt(offset, width)
  return accessesOf(inst).some(a => a.object === object && (a.bytes & bytes) !== 0n)
}
