import { bitsOf, type Inst, inversePredicate, type Predicate, swappedPredicate, type Value } from "../ir/index.ts"
import { anything, knownOf } from "./known.ts"

/** Between what a value lies, taken as unsigned and as signed; and single values that it is not. */
interface Bounds {
  readonly low: bigint
  readonly high: bigint
  readonly least: bigint
  readonly most: bigint
  readonly not: readonly bigint[]
}

/** More excluded values than this are forgotten: a long chain of tests stays linear. */
const MOST_EXCLUDED = 16

/** How two values may compare: bits for less, equal, greater. */
const LESS = 1
const EQUAL = 2
const GREATER = 4
const ORDERS: Readonly<Record<Predicate, number>> = {
  eq: EQUAL,
  ne: LESS | GREATER,
  ult: LESS,
  ule: LESS | EQUAL,
  ugt: GREATER,
  uge: GREATER | EQUAL,
  slt: LESS,
  sle: LESS | EQUAL,
  sgt: GREATER,
  sge: GREATER | EQUAL,
}
interface Relation {
  readonly unsigned: number
  readonly signed: number
}

/**
 * What is known at a place of the program from the branches that lead to it:
 *
 *     br (cmp ult i32 %1, 10), b1, b2     ; in b1, %1 is at most 9, and cmp eq i32 %1, 12 is false
 *
 * Facts are taken back in the reverse order in which they were learned.
 */
export class Facts {
  readonly #bounds = new Map<Value, Bounds>()
  readonly #relations = new Map<number, Relation>()
  readonly #undo: (() => void)[] = []

  /** A place to come {@link back} to. */
  mark(): number {
    return this.#undo.length
  }

  back(mark: number): void {
    while (this.#undo.length > mark) this.#undo.pop()!()
  }

  /** Takes in that a value is not zero, or (`truth` false) that it is. */
  learn(v: Value, truth: boolean): void {
    if (v.kind === "const" || v.kind === "undef") return
    this.#compare(truth ? "ne" : "eq", v, 0n)
    if (v.kind !== "inst") return
    if (v.op === "cmp") this.#learnCompare(truth ? v.pred : inversePredicate(v.pred), v.args[0], v.args[1])
    else if ((v.op === "and" && truth) || (v.op === "or" && !truth)) for (const arg of v.args) this.learn(arg, truth)
  }

  /** Whether a value is not zero; undefined when that is not known. */
  answer(v: Value): boolean | undefined {
    if (v.kind === "const") return v.value !== 0n
    if (v.kind === "undef") return undefined
    const bounds = this.#bounds.get(v)
    if (bounds !== undefined) {
      const zero = compareBounds("eq", bounds, exactly(0n, bitsOf(v.type)))
      if (zero !== undefined) return !zero
    }
    if (v.kind !== "inst") return undefined
    switch (v.op) {
      case "cmp":
        return this.compare(v.pred, v.args[0], v.args[1])
      case "zext":
      case "sext":
        return this.answer(v.args[0])
      case "and":
        return v.args.some(a => a.kind !== "const" && this.answer(a) === false) ? false : undefined
      case "or":
        return v.args.some(a => this.answer(a) === true) ? true : undefined
      default:
        return undefined
    }
  }

  /** What a comparison gives. */
  compare(pred: Predicate, a: Value, b: Value): boolean | undefined {
    if (a.kind === "undef" || b.kind === "undef") return undefined
    const left = this.#of(a)
    const right = this.#of(b)
    const answer = left === undefined && right === undefined ? undefined : this.#byBounds(pred, a, b)
    if (answer !== undefined || a.kind === "const" || b.kind === "const") return answer
    const relation = this.#relations.get(key(a, b))
    if (relation === undefined) return undefined
    const orders = pred[0] === "s" ? relation.signed : relation.unsigned
    if ((orders & ~ORDERS[pred]) === 0) return true
    return (orders & ORDERS[pred]) === 0 ? false : undefined
  }

  /** Between what a value lies, taken as signed. */
  signed(v: Value): { readonly least: bigint; readonly most: bigint } {
    return this.#of(v) ?? unknown(v)
  }

  #byBounds(pred: Predicate, a: Value, b: Value): boolean | undefined {
    return compareBounds(pred, this.#of(a) ?? unknown(a), this.#of(b) ?? unknown(b))
  }

  /** Bounds from facts, of a value or of the one that it extends or cuts. */
  #of(v: Value): Bounds | undefined {
    if (v.kind === "const") return exactly(v.value, bitsOf(v.type))
    const own = this.#bounds.get(v)
    if (own !== undefined || v.kind !== "inst") return own
    if (v.op !== "zext" && v.op !== "trunc") return undefined
    const inner = this.#of(v.args[0])
    if (inner === undefined || inner.high >> 32n !== 0n) return undefined
    const [bits, full] = v.op === "zext" ? ([64, whole(64)] as const) : ([32, whole(32)] as const)
    return settle({ ...full, low: inner.low, high: inner.high, not: inner.not }, bits)
  }

  #learnCompare(pred: Predicate, a: Value, b: Value): void {
    if (b.kind === "const") {
      this.#compare(pred, a, b.value)
      return
    }
    if (a.kind === "const") {
      this.#compare(swappedPredicate(pred), b, a.value)
      return
    }
    if (a.kind === "undef" || b.kind === "undef") return
    this.#relate(a, b, pred)
    this.#relate(b, a, swappedPredicate(pred))
    // What is less than some value is not the largest one.
    if (pred === "slt") this.#compare("slt", a, whole(bitsOf(a.type)).most)
    else if (pred === "sgt") this.#compare("slt", b, whole(bitsOf(a.type)).most)
  }

  #relate(a: Value, b: Value, pred: Predicate): void {
    const name = key(a, b)
    const before = this.#relations.get(name)
    let { unsigned, signed } = before ?? { unsigned: LESS | EQUAL | GREATER, signed: LESS | EQUAL | GREATER }
    if (pred[0] !== "s") unsigned &= ORDERS[pred]
    if (pred[0] === "s" || pred === "eq" || pred === "ne") signed &= ORDERS[pred]
    // Equal is equal, whichever way they are taken.
    if ((unsigned & EQUAL) === 0 || (signed & EQUAL) === 0) {
      unsigned &= ~EQUAL
      signed &= ~EQUAL
    }
    this.#relations.set(name, { unsigned, signed })
    this.#undo.push(() => {
      if (before === undefined) this.#relations.delete(name)
      else this.#relations.set(name, before)
    })
  }

  /** Narrows the bounds of a value, and of what it extends. */
  #compare(pred: Predicate, v: Value, c: bigint): void {
    if (v.kind === "const" || v.kind === "undef") return
    const before = this.#bounds.get(v)
    const bits = bitsOf(v.type)
    const after = settle(narrowed(this.#of(v) ?? unknown(v), pred, c, bits), bits)
    // A way that cannot be taken teaches nothing.
    if (after.low > after.high || after.least > after.most) return
    this.#bounds.set(v, after)
    this.#undo.push(() => {
      if (before === undefined) this.#bounds.delete(v)
      else this.#bounds.set(v, before)
    })
    if (v.kind !== "inst") return
    if (v.op === "zext" && c >> 32n === 0n && pred[0] !== "s") this.#compare(pred, v.args[0], c)
    if (v.op === "sext" && c === 0n && (pred === "eq" || pred === "ne")) this.learn(v.args[0], pred === "ne")
    if (v.op === "cmp" && c === 0n && (pred === "eq" || pred === "ne")) {
      this.#learnCompare(pred === "ne" ? v.pred : inversePredicate(v.pred), v.args[0], v.args[1])
    }
  }
}

/** A number for a pair of values, exact as long as there are fewer than 2^26 of them. */
const key = (a: Value, b: Value): number => number(a) * 2 ** 26 + number(b)
const number = (v: Value): number => (v.kind === "param" ? 2 * v.index + 1 : 2 * (v as Inst).id)

const SIGN32 = 1n << 31n
const SIGN64 = 1n << 63n
const wholeOf = (sign: bigint): Bounds => ({ low: 0n, high: 2n * sign - 1n, least: -sign, most: sign - 1n, not: [] })
const WHOLE32 = wholeOf(SIGN32)
const WHOLE64 = wholeOf(SIGN64)
const whole = (bits: 32 | 64): Bounds => (bits === 32 ? WHOLE32 : WHOLE64)

function exactly(value: bigint, bits: 32 | 64): Bounds {
  const signed = BigInt.asIntN(bits, value)
  return { low: value, high: value, least: signed, most: signed, not: [] }
}

/** What a value's own operation tells. */
function unknown(v: Value): Bounds {
  const bits = bitsOf(v.type)
  if (v.kind !== "inst") return whole(bits)
  const { mask } = knownOf(v, anything)
  const all = whole(bits)
  return mask === all.high ? all : settle({ ...all, high: mask }, bits)
}

/** Each way to take the value tells of the other. */
function settle(b: Bounds, bits: 32 | 64): Bounds {
  const sign = bits === 32 ? SIGN32 : SIGN64
  let { low, high, least, most } = b
  while (b.not.includes(low) && low < high) low++
  while (b.not.includes(high) && low < high) high--
  if (high < sign || low >= sign) {
    least = max(least, BigInt.asIntN(bits, low))
    most = min(most, BigInt.asIntN(bits, high))
  }
  if (least >= 0n || most < 0n) {
    low = max(low, BigInt.asUintN(bits, least))
    high = min(high, BigInt.asUintN(bits, most))
  }
  const same = low === b.low && high === b.high && least === b.least && most === b.most
  return same ? b : { low, high, least, most, not: b.not }
}

/** The smaller of two numbers. */
export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
/** The larger of two numbers. */
export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

function narrowed(b: Bounds, pred: Predicate, c: bigint, bits: 32 | 64): Bounds {
  const s = BigInt.asIntN(bits, c)
  switch (pred) {
    case "eq":
      return { ...b, low: max(b.low, c), high: min(b.high, c), least: max(b.least, s), most: min(b.most, s) }
    case "ne":
      return b.not.includes(c) || b.not.length >= MOST_EXCLUDED ? b : { ...b, not: [...b.not, c] }
    case "ult":
      return { ...b, high: min(b.high, c - 1n) }
    case "ule":
      return { ...b, high: min(b.high, c) }
    case "ugt":
      return { ...b, low: max(b.low, c + 1n) }
    case "uge":
      return { ...b, low: max(b.low, c) }
    case "slt":
      return { ...b, most: min(b.most, s - 1n) }
    case "sle":
      return { ...b, most: min(b.most, s) }
    case "sgt":
      return { ...b, least: max(b.least, s + 1n) }
    case "sge":
      return { ...b, least: max(b.least, s) }
  }
}

function compareBounds(pred: Predicate, a: Bounds, b: Bounds): boolean | undefined {
  switch (pred) {
    case "eq":
    case "ne": {
      const apart = a.high < b.low || b.high < a.low || a.most < b.least || b.most < a.least
      const single = a.low === a.high && b.low === b.high && a.low === b.low
      const excluded = (b.low === b.high && a.not.includes(b.low)) || (a.low === a.high && b.not.includes(a.low))
      if (apart || excluded) return pred === "ne"
      return single ? pred === "eq" : undefined
    }
    case "ult":
    case "uge":
      if (a.high < b.low) return pred === "ult"
      return a.low >= b.high ? pred === "uge" : undefined
    case "ule":
    case "ugt":
      if (a.high <= b.low) return pred === "ule"
      return a.low > b.high ? pred === "ugt" : undefined
    case "slt":
    case "sge":
      if (a.most < b.least) return pred === "slt"
      return a.least >= b.most ? pred === "sge" : undefined
    case "sle":
    case "sgt":
      if (a.most <= b.least) return pred === "sle"
      return a.least > b.most ? pred === "sgt" : undefined
  }
}
