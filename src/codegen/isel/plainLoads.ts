import { bitsOf, type Inst, type IrFunction, signedValue, type Value } from "../../ir/index.ts"

/**
 * Signed loads that are only compared for equality, with constants or with each other: neither they nor the constants need to be extended.
 *
 *     %1 = load i32 s1 %p; %2 = load i32 s1 %q; cmp eq %1, %2; cmp ne %1, -1          u1, u1; ne 255
 */
export function plainLoads(func: IrFunction): ReadonlySet<Value> {
  const found = new Set<Value>()
  for (const block of func.blocks) for (const inst of block.insts) if (isNarrow(inst)) found.add(inst)
  if (found.size === 0) return found
  const pairs: (readonly [Value, Value])[] = []
  const drop = (args: readonly Value[]) => {
    for (const arg of args) found.delete(arg)
  }
  for (const block of func.blocks) {
    for (const phi of block.phis) drop(phi.args)
    drop(block.term.args)
    for (const inst of block.insts) {
      const [a, b] = inst.args
      if (inst.op !== "cmp" || (inst.pred !== "eq" && inst.pred !== "ne")) drop(inst.args)
      else if (b.kind !== "const") pairs.push([a, b])
      else if (isNarrow(a) && !fits(a, signedValue(b))) found.delete(a)
    }
  }
  for (let changed = true; changed; ) {
    changed = false
    for (const [a, b] of pairs) {
      if (isNarrow(a) && isNarrow(b) && a.width === b.width && found.has(a) && found.has(b)) continue
      const before = found.size
      drop([a, b])
      if (found.size < before) changed = true
    }
  }
  return found
}

const isNarrow = (v: Value): v is Inst & { op: "load" } =>
  v.kind === "inst" && v.op === "load" && v.signed && v.width * 8 < bitsOf(v.type)

const fits = (load: Inst & { op: "load" }, value: bigint): boolean => BigInt.asIntN(load.width * 8, value) === value
