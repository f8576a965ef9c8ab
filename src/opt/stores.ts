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
import { isAlloca, overlap, placeOf } from "./pointers.ts"
import { accessesOf, bytesAt } from "./stackBytes.ts"

/**
 * Stores of constants side by side in a stack object become one wide store, where the later one was.
 *
 *     store 4 %1, 0             →     store 8 %1, 0
 *     %2 = ptradd %1, 4
 *     store 4 %2, 0
 *
 * Only where the wide constant is an operand of an instruction, and nothing looks at the bytes in between.
 */
export function stores(func: IrFunction): boolean {
  let changed = false
  for (const block of func.blocks) changed = mergeIn(block) || changed
  return changed
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
  if (width === 8) return undefined
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
