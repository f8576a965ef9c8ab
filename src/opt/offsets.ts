import {
  type Compare,
  type Inst,
  type IrFunction,
  i64,
  type Phi,
  type Predicate,
  replaceValues,
  type Value,
} from "../ir/index.ts"
import { placeOf } from "./pointers.ts"

/**
 * Pointers that go through an object become distances from its start, where a test compares two of them. The verifier does not tell which of two
 * pointers into one object comes first, and so would follow the loop for ever.
 *
 *     b1: %1 = phi ptr [b0: %a], [b1: %2]     →    b1: %4 = phi i64 [b0: 0], [b1: %5]
 *         store 4 %1, 0                                %1 = ptradd %a, %4
 *         %2 = ptradd %1, 4                            store 4 %1, 0
 *         %3 = cmp ult ptr %2, %end                    %5 = add i64 %4, 4
 *         br %3, b1, b2                                %3 = cmp slt i64 %5, 40         ; %end is %a + 40
 *                                                      br %3, b1, b2
 *
 * Loops that are written out round by round have no such test any more: this comes after unrolling.
 */
export function offsets(func: IrFunction): boolean {
  const starts = startsOf(func)
  if (starts.size === 0) return false
  const compares: (Compare & Inst)[] = []
  const wanted = new Set<Phi>()
  for (const { insts } of func.blocks) {
    for (const inst of insts) {
      if (inst.op !== "cmp" || inst.args[0].type !== "ptr" || inst.pred[0] === "s") continue
      const bases = inst.args.map(arg => placeOf(arg).base)
      const phis = bases.filter(base => starts.has(base))
      const [a, b] = bases.map(base => starts.get(base) ?? base)
      if (phis.length === 0 || a !== b) continue
      compares.push(inst)
      for (const phi of phis) wanted.add(phi as Phi)
    }
  }
  if (compares.length === 0) return false
  // The distance of one is made of those that come into it.
  for (const phi of wanted) {
    for (const arg of phi.args) {
      const { base } = placeOf(arg)
      if (starts.has(base)) wanted.add(base as Phi)
    }
  }
  const distances = new Distances(func, wanted)
  for (const inst of compares) {
    const args = inst.args.map(arg => distances.of(arg))
    Object.assign(inst, { args, pred: SIGNED[inst.pred] ?? inst.pred })
  }
  distances.apply(starts)
  return true
}

/** A distance is negative in front of the object's start. */
const SIGNED: Partial<Record<Predicate, Predicate>> = { ult: "slt", ule: "sle", ugt: "sgt", uge: "sge" }

/** The object, or other place, that all pointers which come into a phi lead into; phis without a single one are left out. */
function startsOf(func: IrFunction): Map<Value, Value> {
  const phis = func.blocks.flatMap(block => block.phis.filter(phi => phi.type === "ptr"))
  const starts = new Map<Value, Value>()
  const several = new Set<Value>()
  for (let changed = true; changed; ) {
    changed = false
    for (const phi of phis) {
      if (several.has(phi)) continue
      const before = starts.get(phi)
      let start = before
      for (const arg of phi.args) {
        const { base } = placeOf(arg)
        const from = base.kind === "phi" && !several.has(base) ? starts.get(base) : base
        if (from === undefined) continue
        if (from.kind === "const" || from.kind === "undef" || (start !== undefined && start !== from)) several.add(phi)
        else start = from
      }
      if (several.has(phi)) {
        starts.delete(phi)
        changed = true
      } else if (start !== undefined && start !== before) {
        starts.set(phi, start)
        changed = true
      }
    }
  }
  return starts
}

/** Makes distances of pointers, beside the instructions that make the pointers. */
class Distances {
  readonly #func: IrFunction
  readonly #phis = new Map<Phi, Phi>()
  readonly #made = new Map<Inst, Value>()

  constructor(func: IrFunction, phis: ReadonlySet<Phi>) {
    this.#func = func
    for (const phi of phis) {
      const { block } = phi
      const made: Phi = { kind: "phi", id: func.nextId++, type: "i64", block, incoming: [...phi.incoming], args: [] }
      this.#phis.set(phi, made)
    }
  }

  /** How far a pointer is from where its object starts. */
  of(v: Value): Value {
    const phi = v.kind === "phi" ? this.#phis.get(v) : undefined
    if (phi !== undefined) return phi
    if (v.kind !== "inst" || v.op !== "ptradd") return i64(0)
    const { base, offset } = placeOf(v)
    if (offset !== undefined && !this.#phis.has(base as Phi)) return i64(offset)
    const known = this.#made.get(v)
    if (known !== undefined) return known
    const [before, step] = v.args
    const far = this.of(before)
    if (far.kind === "const" && far.value === 0n) return step
    const { block } = v
    const parts = { kind: "inst", op: "add", type: "i64", args: [far, step], span: v.span } as const
    const made: Inst = { ...parts, args: [far, step], id: this.#func.nextId++, block }
    block.insts.splice(block.insts.indexOf(v), 0, made)
    this.#made.set(v, made)
    return made
  }

  /** Puts the distances where the pointers were. */
  apply(starts: ReadonlyMap<Value, Value>): void {
    const replaced = new Map<Value, Value>()
    for (const [phi, far] of this.#phis) far.args = phi.args.map(arg => this.of(arg))
    for (const [phi, far] of this.#phis) {
      const { block } = phi
      const made: Inst = {
        kind: "inst",
        op: "ptradd",
        id: this.#func.nextId++,
        type: "ptr",
        args: [starts.get(phi)!, far],
        block,
        span: undefined,
      }
      block.phis = block.phis.map(p => (p === phi ? far : p))
      block.insts.unshift(made)
      replaced.set(phi, made)
    }
    replaceValues(this.#func, replaced)
  }
}
