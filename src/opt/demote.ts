import type { Block, Inst, IrFunction, Phi, Terminator, Use, ValueType } from "../ir/index.ts"
import { Uses } from "../ir/index.ts"

/**
 * Puts values into stack objects: a store behind the definition, a load in front of each use elsewhere. Copies of the definition's block may
 * then write the object too; mem2reg makes it a value again, with phis where the copies meet.
 *
 *     b1: %1 = add i32 %a, 1     →    b1: %1 = add i32 %a, 1
 *     b2: ret %1                          store 4 %2, %1
 *                                     b2: %3 = load i32 u4 %2
 *                                         ret %3
 *
 * `inside` says which blocks read the value itself. Gives the object of each value that is used elsewhere.
 */
export function demote(
  func: IrFunction,
  blocks: Iterable<Block>,
  inside: (use: Block, definition: Block) => boolean,
): Map<Inst | Phi, Inst> {
  const uses = new Uses(func)
  const blockOfTerm = new Map<Terminator, Block>(func.blocks.map(b => [b.term, b]))
  /** Where a use happens: a phi takes its value at the end of the block it comes from. */
  const blockOf = ({ user, index }: Use): Block => {
    if (user.kind === "phi") return user.incoming[index]
    return user.kind === "inst" ? user.block : blockOfTerm.get(user)!
  }
  const objects = new Map<Inst | Phi, Inst>()
  const added = new Insertions()
  for (const block of blocks) {
    for (const value of [...block.phis, ...block.insts]) {
      const outside = uses.of(value).filter(use => !inside(blockOf(use), block))
      if (outside.length === 0) continue
      const object = objectFor(func, value)
      objects.set(value, object)
      added.behind(block, value.kind === "phi" ? undefined : value, storeTo(func, block, object, value))
      for (const use of outside) {
        const at = blockOf(use)
        const load = loadFrom(func, at, object, value.type as ValueType)
        added.before(at, use.user.kind === "inst" ? use.user : undefined, load)
        use.user.args[use.index] = load
      }
    }
  }
  added.apply()
  func.blocks[0].insts.unshift(...objects.values())
  return objects
}

/** Instructions that go into blocks, put there in one walk. */
class Insertions {
  readonly #before = new Map<Block, Map<Inst | undefined, Inst[]>>()
  readonly #behind = new Map<Block, Map<Inst | undefined, Inst[]>>()

  /** In front of an instruction; at the block's end without one. */
  before(block: Block, at: Inst | undefined, inst: Inst): void {
    note(this.#before, block, at, inst)
  }
  /** Behind an instruction; at the block's start without one. */
  behind(block: Block, at: Inst | undefined, inst: Inst): void {
    note(this.#behind, block, at, inst)
  }

  apply(): void {
    for (const block of new Set([...this.#before.keys(), ...this.#behind.keys()])) {
      const before = this.#before.get(block)
      const behind = this.#behind.get(block)
      const insts = [...(behind?.get(undefined) ?? [])]
      for (const inst of block.insts) insts.push(...(before?.get(inst) ?? []), inst, ...(behind?.get(inst) ?? []))
      insts.push(...(before?.get(undefined) ?? []))
      block.insts = insts
    }
  }
}

function note(map: Map<Block, Map<Inst | undefined, Inst[]>>, block: Block, at: Inst | undefined, inst: Inst): void {
  let places = map.get(block)
  if (places === undefined) {
    places = new Map()
    map.set(block, places)
  }
  const list = places.get(at)
  if (list === undefined) places.set(at, [inst])
  else list.push(inst)
}

function objectFor(func: IrFunction, value: Inst | Phi): Inst {
  const size = value.type === "i32" ? 4 : 8
  return {
    kind: "inst",
    op: "alloca",
    id: func.nextId++,
    type: "ptr",
    args: [],
    block: func.blocks[0],
    span: undefined,
    size,
    align: size,
    name: "",
  }
}

function loadFrom(func: IrFunction, block: Block, object: Inst, type: ValueType): Inst {
  const width = type === "i32" ? 4 : 8
  return {
    kind: "inst",
    op: "load",
    id: func.nextId++,
    type,
    args: [object],
    block,
    span: undefined,
    width,
    signed: false,
    volatile: false,
    align: width,
  }
}

/** A store of a value into its object, to be placed in `block`. */
export function storeTo(func: IrFunction, block: Block, object: Inst, value: Inst["args"][number]): Inst {
  const width = value.type === "i32" ? 4 : 8
  return {
    kind: "inst",
    op: "store",
    id: func.nextId++,
    type: "void",
    args: [object, value],
    block,
    span: undefined,
    width,
    volatile: false,
    align: width,
  }
}
