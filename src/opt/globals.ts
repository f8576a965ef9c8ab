import {
  constant,
  type GlobalRelocation,
  type GlobalVar,
  type Inst,
  type InstParts,
  type IrFunction,
  type Load,
  type Module,
  replaceValues,
  type Value,
} from "../ir/index.ts"
import { placeOf } from "./pointers.ts"

/**
 * Marks the variables that only the program sees and that it never writes: they are constants.
 *
 *     static int limit = 5;        (read, and nothing else)
 */
export function findConstants(module: Module): void {
  const candidates = new Map(module.globals.filter(g => g.internal && !g.constant).map(g => [g.name, g]))
  if (candidates.size === 0) return
  for (const { relocations } of module.globals) for (const r of relocations ?? []) candidates.delete(r.name)
  const spoil = (v: Value) => {
    const name = globalOf(v)
    if (name !== undefined) candidates.delete(name)
  }
  for (const func of module.functions) {
    for (const block of func.blocks) {
      for (const phi of block.phis) phi.args.forEach(spoil)
      for (const inst of block.insts) {
        if (inst.op === "asm") for (const symbol of inst.symbols) candidates.delete(symbol.name)
        if (inst.op === "ptradd" || (inst.op === "load" && !inst.volatile)) continue
        if (inst.op === "memcpy") spoil(inst.args[0])
        else inst.args.forEach(spoil)
      }
      block.term.args.forEach(spoil)
    }
  }
  for (const g of candidates.values()) module.globals[module.globals.indexOf(g)] = { ...g, constant: true }
}

const globalOf = (v: Value): string | undefined => {
  const { base } = placeOf(v)
  return base.kind === "inst" && base.op === "globaladdr" ? base.global : undefined
}

/** Loads of constant variables at known places become what is there: numbers, or addresses. */
export function foldGlobals(func: IrFunction, globals: ReadonlyMap<string, GlobalVar>): boolean {
  const replaced = new Map<Value, Value>()
  for (const block of func.blocks) {
    if (!block.insts.some(i => i.op === "load")) continue
    const kept: Inst[] = []
    for (const inst of block.insts) {
      const known = inst.op === "load" && !inst.volatile ? contentOf(inst, globals) : undefined
      if (known === undefined) kept.push(inst)
      else if (typeof known === "bigint") replaced.set(inst, constant(inst.type as "i32" | "i64" | "ptr", known))
      else replaced.set(inst, address(func, inst, known, kept))
    }
    block.insts = kept
  }
  replaceValues(func, replaced)
  return replaced.size > 0
}

function contentOf(load: Load & Inst, globals: ReadonlyMap<string, GlobalVar>): bigint | GlobalRelocation | undefined {
  const { base, offset } = placeOf(load.args[0])
  if (base.kind !== "inst" || base.op !== "globaladdr" || offset === undefined) return undefined
  const g = globals.get(base.global)
  const { width } = load
  if (g === undefined || !g.constant || offset < 0 || offset + width > g.size) return undefined
  const relocation = g.relocations?.find(r => r.offset < offset + width && offset < r.offset + 8)
  if (relocation !== undefined)
    return relocation.offset === offset && width === 8 && load.type === "ptr" ? relocation : undefined
  let value = 0n
  for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(g.init?.[offset + i] ?? 0)
  return load.signed ? BigInt.asIntN(width * 8, value) : value
}

/** Instructions that make an address, put in front of what comes next. */
function address(func: IrFunction, at: Inst, { kind, name, addend }: GlobalRelocation, into: Inst[]): Value {
  const add = (parts: InstParts): Inst => {
    const made = { kind: "inst", id: func.nextId++, block: at.block, span: at.span, ...parts } as Inst
    into.push(made)
    return made
  }
  const base = add(
    kind === "map"
      ? { op: "mapaddr", type: "ptr", map: name, args: [] }
      : kind === "function"
        ? { op: "funcaddr", type: "ptr", func: name, args: [] }
        : { op: "globaladdr", type: "ptr", global: name, args: [] },
  )
  return addend === 0 ? base : add({ op: "ptradd", type: "ptr", args: [base, constant("i64", addend)] })
}
