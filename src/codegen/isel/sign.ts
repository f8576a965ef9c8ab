import { bitsOf, type Inst, signedValue, type Value } from "../../ir/index.ts"

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
    const result = v.kind === "phi" ? v.args.every(is) : isNotNegative(v, is)
    this.#known[v.id] = result ? 1 : -1
    return result
  }
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
