import type { Const, Core, Inst, KsymAddr, Predicate, Value } from "../../ir/index.ts"
import { constant, inversePredicate, signedValue } from "../../ir/index.ts"

/** Patterns of IR that one machine instruction covers. The planner and the selector both ask here, so they always agree. */

/** Offsets of loads and stores are 16 bits; room is left for the place in the frame and for the pieces of a split access. */
const OFFSET_LIMIT = 0x7c00

/** A pointer as a base and a constant. */
export interface SplitAddress {
  readonly base: Value
  readonly off: number
}

/** Takes constant additions off a pointer while the sum fits an instruction's offset; `extent` bytes are accessed from there. */
export function splitAddress(pointer: Value, extent: number): SplitAddress {
  let base = pointer
  let off = 0
  while (base.kind === "inst" && base.op === "ptradd" && base.args[1].kind === "const") {
    const sum = off + Number(signedValue(base.args[1]))
    if (sum < -OFFSET_LIMIT || sum + extent > OFFSET_LIMIT) break
    off = sum
    base = base.args[0]
  }
  return { base, off }
}

/** `ptradd` of a base and a relocated number, which the displacement of one access can be. */
export function coreAddress(pointer: Value): { readonly base: Value; readonly core: Core & Inst } | undefined {
  if (pointer.kind !== "inst" || pointer.op !== "ptradd") return undefined
  const core = coreOf(pointer.args[1])
  if (core === undefined || core.value < 0n || core.value > 0x7fffn) return undefined
  return { base: pointer.args[0], core }
}

/** A relocated number of 32 bits: an immediate. */
export function coreOf(v: Value): (Core & Inst) | undefined {
  return v.kind === "inst" && v.op === "core" && !isWideCore(v) ? v : undefined
}

/** Numbers of 64 bits need an `lddw`: values of enumerators and BTF ids. */
export const isWideCore = ({ type, relocation }: Core): boolean =>
  type === "i64" && (relocation === "enum_value" || relocation === "type_id_local" || relocation === "type_id_target")

/** A value that is emitted anew wherever it is needed: an address the program is loaded with, or a place in the frame. */
export type FreeAddress =
  | { readonly kind: "frame"; readonly alloca: Inst & { op: "alloca" }; readonly off: number }
  | { readonly kind: "global"; readonly name: string; readonly off: number }
  | { readonly kind: "map" | "func"; readonly name: string }
  | { readonly kind: "ksym"; readonly symbol: KsymAddr }

/** `sizeOf` gives a global's size: an address outside of it is computed, for the kernel refuses to load it. */
export function freeAddress(v: Value, sizeOf: (global: string) => number): FreeAddress | undefined {
  if (v.kind !== "inst") return undefined
  switch (v.op) {
    case "alloca":
      return { kind: "frame", alloca: v, off: 0 }
    case "globaladdr":
      return { kind: "global", name: v.global, off: 0 }
    case "mapaddr":
      return { kind: "map", name: v.map }
    case "funcaddr":
      return { kind: "func", name: v.func }
    case "ksymaddr":
      return { kind: "ksym", symbol: v }
    case "ptradd": {
      const { base, off } = splitAddress(v, 0)
      if (base.kind !== "inst") return undefined
      if (base.op === "alloca") return { kind: "frame", alloca: base, off }
      if (base.op !== "globaladdr" || off < 0 || off >= sizeOf(base.global)) return undefined
      return { kind: "global", name: base.global, off }
    }
    default:
      return undefined
  }
}

/** `ptradd` of a local variable and a register: the local's place can go into the offset of the accesses through it. */
export function indexedLocal(v: Value): { alloca: Inst & { op: "alloca" }; off: number; index: Value } | undefined {
  if (v.kind !== "inst" || v.op !== "ptradd" || v.args[1].kind === "const") return undefined
  if (coreOf(v.args[1]) !== undefined) return undefined
  const { base, off } = splitAddress(v.args[0], 0)
  return base.kind === "inst" && base.op === "alloca" ? { alloca: base, off, index: v.args[1] } : undefined
}

/** A condition as a comparison of two values; `set` is true when they have a bit in common. */
export interface Condition {
  readonly pred: Predicate | "set"
  readonly a: Value
  readonly b: Value
  /** The condition holds when the comparison does not. */
  readonly negated: boolean
}

/** A condition made of two, which are conditions themselves: `a && b` or `a || b`. */
export interface Compound {
  readonly op: "and" | "or"
  readonly a: Value
  readonly b: Value
  /** The condition holds when that does not. */
  readonly negated: boolean
}

/** Nesting of conditions up to which they are taken apart. */
const MOST_NESTED = 12

/**
 * The parts of a branch that is better made of two: both sides are comparisons that nothing else needs, or made of such.
 *
 *     %3 = and i32 %1, %2; br %3, b1, b2          if not %1 goto b2; if %2 goto b1 else b2
 */
export function matchCompound(v: Value, uses: (v: Inst) => number, depth = 0): Compound | undefined {
  if (v.kind !== "inst" || depth > MOST_NESTED) return undefined
  if (v.op === "zext") return matchCompound(v.args[0], uses, depth + 1)
  const [a, b] = v.args
  if (v.op === "cmp" && (v.pred === "eq" || v.pred === "ne") && b.kind === "const" && b.value === 0n) {
    const inner = a.kind === "inst" && uses(a) === 1 ? matchCompound(a, uses, depth + 1) : undefined
    return inner && { ...inner, negated: inner.negated !== (v.pred === "eq") }
  }
  if ((v.op !== "and" && v.op !== "or") || v.type !== "i32" || uses(v) !== 1) return undefined
  const isTest = (part: Value): boolean =>
    part.kind === "inst" &&
    uses(part) === 1 &&
    (part.op === "cmp" || matchCompound(part, uses, depth + 1) !== undefined)
  return isTest(a) && isTest(b) ? { op: v.op, a, b, negated: false } : undefined
}

/**
 * What a branch on `v` compares. `uses` counts a value's uses: a mask is only tested in place when nothing else needs it;
 * `plain` has the signed loads that are not extended.
 */
export function matchCondition(v: Value, uses: (v: Inst) => number, plain: ReadonlySet<Value>): Condition {
  if (v.kind === "inst") {
    if (v.op === "cmp") {
      const [a, b] = v.args
      const equality = v.pred === "eq" || v.pred === "ne"
      if (plain.has(a) && b.kind === "const" && a.kind === "inst" && a.op === "load") {
        const low = BigInt.asUintN(a.width * 8, b.value)
        return { pred: v.pred, a, b: { kind: "const", type: b.type, value: low }, negated: false }
      }
      if (equality && b.kind === "const" && b.value === 0n) {
        if (a.kind === "inst" && a.op === "and" && uses(a) === 1) {
          return { pred: "set", a: a.args[0], b: a.args[1], negated: v.pred === "eq" }
        }
        // x >> n == 0 is x <= 2^n - 1.
        if (a.kind === "inst" && a.op === "lshr" && uses(a) === 1) {
          const count = shiftCount(a)
          if (count !== undefined) {
            const limit = constant(a.type as "i32" | "i64", 2 ** count - 1)
            return { pred: v.pred === "eq" ? "ule" : "ugt", a: a.args[0], b: limit, negated: false }
          }
        }
        // A comparison of a comparison with zero.
        if (a.kind === "inst" && a.op === "cmp") {
          const inner = matchCondition(a, uses, plain)
          return v.pred === "ne" ? inner : { ...inner, negated: !inner.negated }
        }
      }
      return { pred: v.pred, a, b, negated: false }
    }
    if (v.op === "and" && uses(v) === 1) return { pred: "set", a: v.args[0], b: v.args[1], negated: false }
    if (v.op === "zext") return matchCondition(v.args[0], uses, plain)
  }
  const zero: Const = { kind: "const", type: v.type as Const["type"], value: 0n }
  return { pred: "ne", a: v, b: zero, negated: false }
}

/** The count of a constant shift that leaves a limit which is an immediate. */
function shiftCount(v: Inst): number | undefined {
  const [, b] = v.args
  if (b.kind !== "const") return undefined
  const count = Number(b.value & (v.type === "i32" ? 31n : 63n))
  return count <= 31 ? count : undefined
}

/** The value of which a store of `width` bytes needs no more than it stores: masks and extensions above that are left out. */
export function storedValue(v: Value, width: number): Value {
  const low = (1n << BigInt(width * 8)) - 1n
  while (v.kind === "inst") {
    const [a, b] = v.args
    const masks = v.op === "and" && b.kind === "const" && (b.value & low) === low
    const keeps = v.op === "sextin" && v.bits >= width * 8
    const converts = width <= 4 && (v.op === "zext" || v.op === "sext" || v.op === "trunc")
    if (!masks && !keeps && !converts) break
    v = a
  }
  return v
}

/** The condition with `negated` folded into the predicate where that is possible. */
export function plainCondition(c: Condition): Condition {
  return c.negated && c.pred !== "set" ? { ...c, pred: inversePredicate(c.pred), negated: false } : c
}

/** A sign extension to 64 bits that the load of its operand can do. */
export const extendsLoad = (v: Inst, uses: (v: Inst) => number): (Inst & { op: "load" }) | undefined => {
  if (v.op !== "sext") return undefined
  const [load] = v.args
  if (load.kind !== "inst" || load.op !== "load" || uses(load) !== 1) return undefined
  // An unsigned narrow load has a clear sign bit: its extension is free anyway.
  return load.width === 4 || load.signed ? load : undefined
}
