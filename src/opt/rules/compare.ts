import {
  bitsOf,
  type Compare,
  constant,
  evalCompare,
  type Inst,
  i32,
  inversePredicate,
  isConst,
  type Predicate,
  swappedPredicate,
  type Value,
  type ValueType,
} from "../../ir/index.ts"
import { decide } from "../known.ts"
import { placeOf } from "../pointers.ts"
import { testOf } from "./boolean.ts"
import type { Context } from "./context.ts"

/** Comparisons: a constant goes to the right, what the bits decide is decided, and words are compared where they are still words. */
export function compare(inst: Compare & Inst, ctx: Context): Value | undefined {
  if (inst.args[0].kind === "const" && inst.args[1].kind !== "const") {
    ctx.change({ args: [inst.args[1], inst.args[0]], pred: swappedPredicate(inst.pred) })
  }
  const [a, b] = inst.args
  // A value equals itself, and an undefined one may equal any.
  if (a === b || a.kind === "undef" || b.kind === "undef") return i32(evalCompare(inst.pred, 64, 0n, 0n) ? 1 : 0)
  const answer = decide(inst.pred, bitsOf(a.type), ctx.known(a), ctx.known(b))
  if (answer !== undefined) return i32(answer ? 1 : 0)
  if (b.kind !== "const") return ofOnePlace(inst, a, b) ?? ofOneKind(inst, a, b, ctx)
  const c = b.value
  const test = c <= 1n && (inst.pred === "eq" || inst.pred === "ne") ? testOf(a) : undefined
  if (test !== undefined) {
    // The answer of a test, tested: itself or its opposite.
    if ((inst.pred === "ne") === (c === 0n)) return test
    return ctx.change({ pred: inversePredicate(test.pred), args: [...test.args] })
  }
  // So is what is 0 or 1 by its bits.
  if (c <= 1n && inst.pred === (c === 0n ? "ne" : "eq") && a.type === "i32" && ctx.mask(a) === 1n) return a
  const edge = atEdge(inst.pred, c)
  if (edge !== undefined) return ctx.change({ pred: edge, args: [a, constant(a.type as ValueType, 0)] })
  if (a.kind !== "inst") return undefined
  if (a.op === "zext" || a.op === "sext") return ofWord(inst, a, c, ctx)
  if (a.op === "trunc") return ofWhole(inst, a, c, ctx)
  return inst.pred === "eq" || inst.pred === "ne" ? equality(inst, a, c, ctx) : undefined
}

/** Below one is zero, above zero is not. */
function atEdge(pred: Predicate, c: bigint): Predicate | undefined {
  if (c === 0n && pred === "ugt") return "ne"
  if (c === 0n && pred === "ule") return "eq"
  if (c === 1n && pred === "uge") return "ne"
  return c === 1n && pred === "ult" ? "eq" : undefined
}

const UNSIGNED: Readonly<Record<string, Predicate>> = { slt: "ult", sle: "ule", sgt: "ugt", sge: "uge" }
/** Zero-extended words have no sign. */
const predicateOfWords = (pred: Predicate, how: string): Predicate => (how === "zext" ? (UNSIGNED[pred] ?? pred) : pred)

/** Places behind one pointer compare as their offsets do: an object does not go round the end of memory. */
function ofOnePlace(inst: Compare & Inst, a: Value, b: Value): Value | undefined {
  if (a.type !== "ptr" || inst.pred[0] === "s") return undefined
  const [left, right] = [placeOf(a), placeOf(b)]
  if (left.base !== right.base || left.offset === undefined || right.offset === undefined) return undefined
  const middle = 1n << 63n
  return i32(evalCompare(inst.pred, 64, BigInt(left.offset) + middle, BigInt(right.offset) + middle) ? 1 : 0)
}

/** `cmp (ext a), (ext b)` compares the words, `cmp (ptrtoint a), (ptrtoint b)` the pointers. */
function ofOneKind(inst: Compare & Inst, a: Value, b: Value, ctx: Context): Value | undefined {
  if (a.kind !== "inst" || b.kind !== "inst" || a.op !== b.op) return undefined
  if (a.op !== "zext" && a.op !== "sext") return undefined
  return ctx.change({ pred: predicateOfWords(inst.pred, a.op), args: [a.args[0], b.args[0]] })
}

/** `cmp (ext a), c` compares the word when the constant is one of its values. */
function ofWord(inst: Compare & Inst, a: Inst, c: bigint, ctx: Context): Value | undefined {
  const low = c & 0xffff_ffffn
  const back = a.op === "zext" ? low : BigInt.asUintN(64, BigInt.asIntN(32, low))
  if (back !== c) return undefined
  return ctx.change({ pred: predicateOfWords(inst.pred, a.op), args: [a.args[0], i32(low)] })
}

/** `cmp (trunc x), c` compares x itself when nothing is cut off: what the verifier then learns of x holds of all of it. */
function ofWhole(inst: Compare & Inst, a: Inst, c: bigint, ctx: Context): Value | undefined {
  const [x] = a.args
  const mask = ctx.mask(x)
  // A constant beyond 31 bits would need an instruction of its own.
  if (mask >> 32n !== 0n || c >> 31n !== 0n) return undefined
  if (UNSIGNED[inst.pred] !== undefined && mask >> 31n !== 0n) return undefined
  return ctx.change({ args: [x, constant("i64", c)] })
}

/** Equality is the same before a sum, a difference or an exclusive or with the other side. */
function equality(inst: Compare & Inst, a: Inst, c: bigint, ctx: Context): Value | undefined {
  const [x, y] = a.args
  switch (a.op) {
    case "add":
      return isConst(y) ? ctx.change({ args: [x, constant(a.type as ValueType, c - y.value)] }) : undefined
    case "xor":
      if (isConst(y)) return ctx.change({ args: [x, constant(a.type as ValueType, c ^ y.value)] })
      return c === 0n ? ctx.change({ args: [x, y] }) : undefined
    case "sub":
      return c === 0n ? ctx.change({ args: [x, y] }) : undefined
    case "and":
      // One bit that is set is one that is not clear.
      if (c === 0n || !isConst(y, c) || (c & (c - 1n)) !== 0n) return undefined
      return ctx.change({ pred: inversePredicate(inst.pred), args: [a, constant(a.type as ValueType, 0)] })
    case "ptrtoint":
      return c === 0n ? ctx.change({ args: [x, constant("ptr", 0)] }) : undefined
    default:
      return undefined
  }
}
