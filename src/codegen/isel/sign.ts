import { bitsOf, type Inst, type Phi, signedValue, type Value } from "../../ir/index.ts"

/** How far definitions are followed. */
const DEPTH = 12

/**
 * Which values are known to have a clear sign bit: their sign extension is then their zero extension, and signed division of two such values
 * is unsigned division.
 */
export class SignFacts {
  /** 1 for yes, -1 for not known, by id; 0 while it was not asked. */
  readonly #known: Int8Array

  constructor(limit: number) {
    this.#known = new Int8Array(limit)
  }

  isNotNegative(v: Value, depth = DEPTH): boolean {
    if (v.kind === "const") return signedValue(v) >= 0n
    if (v.kind === "undef") return true
    if (v.kind === "param" || depth === 0) return false
    const known = this.#known[v.id]
    if (known !== 0) return known > 0
    // What depends on itself, through a loop, is not known.
    this.#known[v.id] = -1
    const is = (other: Value) => this.isNotNegative(other, depth - 1)
    const result = v.kind === "phi" ? v.args.every(is) || countsUp(v) : isNotNegative(v, is)
    this.#known[v.id] = result ? 1 : -1
    return result
  }
}

/** The most that a loop's counter grows in a step, and its limit: together they are far from the sign bit. */
const MOST_STEP = 1n << 20n
const MOST_LIMIT = 1n << 30n

/**
 * A loop's counter that starts at a small number, grows, and goes round only while it is below a limit:
 *
 *     b1: %1 = phi i32 [b0: 0], [b1: %2]
 *         %2 = add i32 %1, 1
 *         br (cmp slt i32 %2, 16), b1, b2
 */
function countsUp({ args, incoming, block }: Phi): boolean {
  if (args.length !== 2) return false
  return [0, 1].some(i => {
    const [start, next] = [args[1 - i], args[i]]
    if (next.kind !== "inst" || next.op !== "add" || start.kind !== "const" || start.value > MOST_LIMIT) return false
    const [from, step] = next.args
    if (from.kind !== "phi" || from.block !== block || from.args !== args) return false
    if (step.kind !== "const" || step.value === 0n || step.value > MOST_STEP) return false
    const { term } = incoming[i]
    if (term.op !== "br" || term.targets[0] !== block || term.targets[1] === block) return false
    const [test] = term.args
    if (test.kind !== "inst" || test.op !== "cmp" || test.args[0] !== next) return false
    const [, limit] = test.args
    if (limit.kind !== "const" || limit.value > MOST_LIMIT) return false
    return test.pred === "slt" || test.pred === "sle" || test.pred === "ult" || test.pred === "ule"
  })
}

function isNotNegative(v: Inst, is: (v: Value) => boolean): boolean {
  const [a, b] = v.args
  switch (v.op) {
    case "cmp":
    case "zext":
      return true
    case "load":
      return !v.signed && v.width * 8 < bitsOf(v.type)
    case "ldpacket":
      return v.width < 4
    case "bswap":
      return v.bits === 16
    case "and":
      return is(a) || is(b)
    case "or":
    case "xor":
    case "sdiv":
      return is(a) && is(b)
    case "lshr":
      return is(a) || (b.kind === "const" && (b.value & BigInt(bitsOf(v.type) - 1)) !== 0n)
    case "ashr":
    case "sext":
    case "srem":
    case "opaque":
      return is(a)
    case "udiv":
      return is(a) || (b.kind === "const" && b.value > 1n)
    case "urem":
      return is(a) || (b.kind === "const" && b.value !== 0n && signedValue(b) >= 0n)
    case "select":
      return is(v.args[1]) && is(v.args[2])
    case "trunc":
      return isBelow(a, 31) || (a.kind === "inst" && a.op === "zext" && is(a.args[0]))
    default:
      return false
  }
}

/** Whether a 64-bit value is known to be below 2^bits. */
function isBelow(v: Value, bits: number): boolean {
  const limit = 1n << BigInt(bits)
  if (v.kind === "const") return v.value < limit
  if (v.kind !== "inst") return false
  switch (v.op) {
    case "load":
      return !v.signed && v.width * 8 <= bits
    case "and":
      return v.args.some(a => a.kind === "const" && a.value < limit)
    case "lshr":
      return v.args[1].kind === "const" && Number(v.args[1].value & 63n) >= 64 - bits
    default:
      return false
  }
}
