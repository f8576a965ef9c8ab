import {
  type Binary,
  bitsOf,
  evalBinary,
  evalByteSwap,
  evalCompare,
  evalSignExtend,
  type Inst,
  type Predicate,
  type Value,
} from "../ir/index.ts"

/**
 * What is known of a value's bits. A value with `mask === ones` is a constant.
 *
 *     %1 = load i32 u1 %p       mask 0xff  ones 0
 *     %2 = or i32 %1, 0x100     mask 0x1ff ones 0x100
 *
 * Only what the kernel's verifier finds out too counts here: a mask or a comparison that bounds an index must stay where the verifier needs
 * it, and it knows nothing of the results of divisions, byte swaps, packet loads, helpers and shifts by an unknown count.
 */
export interface Known {
  /** Bits that may be one. */
  readonly mask: bigint
  /** Bits that are surely one. */
  readonly ones: bigint
  /** At least one bit is one. */
  readonly nonZero: boolean
  /** Of an i32 of which the verifier knows nothing: neither that the upper half of its register is zero, though the processor clears it. */
  readonly wide?: boolean
}

const ALL32 = (1n << 32n) - 1n
const ALL64 = (1n << 64n) - 1n
const ANY32: Known = { mask: ALL32, ones: 0n, nonZero: false }
const WIDE32: Known = { mask: ALL32, ones: 0n, nonZero: false, wide: true }
const ANY64: Known = { mask: ALL64, ones: 0n, nonZero: false }
const BOOLEAN: Known = { mask: 1n, ones: 0n, nonZero: false }
const ADDRESS: Known = { mask: ALL64, ones: 0n, nonZero: true }

/** All bits of a value's type. */
export const allOnes = (v: { readonly type: Value["type"] }): bigint => (bitsOf(v.type) === 32 ? ALL32 : ALL64)

/** Nothing is known. */
export function anything(v: Value): Known {
  if (bitsOf(v.type) !== 32) return ANY64
  return v.kind === "inst" && UNKNOWN_RESULTS.has(v.op) ? WIDE32 : ANY32
}

/** Arithmetic that the verifier gives up on, unless both operands are known. Source: Linux kernel/bpf/verifier.c, is_safe_to_compute_dst_reg_range. */
const UNKNOWN_RESULTS: ReadonlySet<string> = new Set(["shl", "lshr", "ashr", "udiv", "sdiv", "urem", "srem"])

const isAnything = (k: Known, all: bigint): boolean => k.mask === all && k.ones === 0n && !k.nonZero

export const exactly = (value: bigint): Known => ({ mask: value, ones: value, nonZero: value !== 0n })

const upTo = (mask: bigint): Known => ({ mask, ones: 0n, nonZero: false })

/** What holds of both. */
export function either(a: Known, b: Known): Known {
  if (a === b) return a
  const wide = a.wide || b.wide
  return { mask: a.mask | b.mask, ones: a.ones & b.ones, nonZero: a.nonZero && b.nonZero, ...(wide && { wide }) }
}

export const sameKnown = (a: Known, b: Known): boolean =>
  a === b || (a.mask === b.mask && a.ones === b.ones && a.nonZero === b.nonZero && a.wide === b.wide)

/** The constant that a value must be. */
export const constantOf = (k: Known): bigint | undefined => (k.mask === k.ones ? k.mask : undefined)

/** What follows for an instruction from what is known of its operands. */
export function knownOf(inst: Inst, of: (v: Value) => Known): Known {
  switch (inst.op) {
    case "load":
      return inst.signed || inst.width === 8 ? anything(inst) : upTo((1n << BigInt(inst.width * 8)) - 1n)
    case "alloca":
    case "mapaddr":
    case "globaladdr":
    case "funcaddr":
      return ADDRESS
    case "ptradd":
      return isObject(inst.args[0]) ? ADDRESS : ANY64
    case "cmp":
      return compared(decide(inst.pred, bitsOf(inst.args[0].type), of(inst.args[0]), of(inst.args[1])))
    case "select": {
      const cond = of(inst.args[0])
      if (cond.nonZero) return of(inst.args[1])
      return cond.mask === 0n ? of(inst.args[2]) : either(of(inst.args[1]), of(inst.args[2]))
    }
    case "zext": {
      const known = of(inst.args[0])
      return known.wide ? ANY64 : known
    }
    case "ptrtoint":
    case "inttoptr":
      return of(inst.args[0])
    case "sext":
      return signExtended(inst, of(inst.args[0]), 32)
    case "sextin":
      return signExtended(inst, of(inst.args[0]), inst.bits)
    case "trunc": {
      const { mask, ones } = of(inst.args[0])
      return from(mask & ALL32, ones & ALL32)
    }
    case "bswap": {
      const value = constantOf(of(inst.args[0]))
      return value === undefined ? anything(inst) : exactly(evalByteSwap(inst.bits, value))
    }
    case "call":
    case "ldpacket":
    case "atomic":
    case "opaque":
    case "core":
    case "ksymaddr":
    case "ascast":
    case "asm":
    case "asmout":
    case "store":
    case "memcpy":
    case "memset":
      return anything(inst)
    default:
      return binary(inst, of(inst.args[0]), of(inst.args[1]))
  }
}

const isObject = (v: Value): boolean =>
  v.kind === "inst" && (v.op === "alloca" || v.op === "globaladdr" || (v.op === "ptradd" && isObject(v.args[0])))

const from = (mask: bigint, ones: bigint): Known => ({ mask, ones, nonZero: ones !== 0n })
const compared = (answer: boolean | undefined): Known => (answer === undefined ? BOOLEAN : exactly(answer ? 1n : 0n))

/** The verifier forgets what it knew of a value that may have been negative before it was extended, and so do we. */
function signExtended(inst: Inst, { mask, ones }: Known, low: number): Known {
  const bits = (1n << BigInt(low)) - 1n
  if (((mask ^ ones) & bits) === 0n) return exactly(evalSignExtend(low, bitsOf(inst.type), mask & bits))
  return mask >> BigInt(low - 1) === 0n ? from(mask, ones) : anything(inst)
}

function binary(inst: Binary, a: Known, b: Known): Known {
  const bits = bitsOf(inst.type)
  const all = allOnes(inst)
  if (a.mask === a.ones && b.mask === b.ones) return exactly(evalBinary(inst.op, bits, a.mask, b.mask))
  switch (inst.op) {
    case "and":
      return from(a.mask & b.mask, a.ones & b.ones)
    case "or":
      return { mask: a.mask | b.mask, ones: a.ones | b.ones, nonZero: a.nonZero || b.nonZero }
    case "xor":
      if (isAnything(a, all) || isAnything(b, all)) return anything(inst)
      return from((a.mask | b.mask) & ~(a.ones & b.ones), (a.ones & ~b.mask) | (b.ones & ~a.mask))
    case "add":
      if (isAnything(a, all) || isAnything(b, all)) return anything(inst)
      return sum(a, b, 0n, all)
    case "sub":
      if (isAnything(a, all) || isAnything(b, all)) return anything(inst)
      return sum(a, { mask: all & ~b.ones, ones: all & ~b.mask, nonZero: false }, 1n, all)
    case "mul": {
      // The verifier multiplies ranges of half a word.
      const half = (1n << BigInt(bits / 2)) - 1n
      if (a.mask > half || b.mask > half) return anything(inst)
      const most = a.mask * b.mask
      const low = trailingZeros(a.mask) + trailingZeros(b.mask)
      return upTo(low >= bits ? 0n : (below(most) >> BigInt(low)) << BigInt(low))
    }
    case "shl":
    case "lshr":
    case "ashr":
      return shifted(inst, a, b, bits, all)
    default:
      return anything(inst)
  }
}

/** a + b + carry: bits whose operands and carry are known. */
function sum(a: Known, b: Known, carry: bigint, all: bigint): Known {
  const most = a.mask + b.mask + carry
  const least = a.ones + b.ones + carry
  // A carry into a bit is known where the largest and the smallest sum agree with their operands.
  const noCarry = ~(most ^ a.mask ^ b.mask)
  const withCarry = least ^ a.ones ^ b.ones
  const known = ~(a.mask ^ a.ones) & ~(b.mask ^ b.ones) & (noCarry | withCarry) & all
  let mask = (all & ~known) | (least & known)
  if (most <= all) mask &= below(most)
  return from(mask, least & known)
}

function shifted(inst: Binary, a: Known, b: Known, bits: 32 | 64, all: bigint): Known {
  const by = b.mask === b.ones ? b.mask & BigInt(bits - 1) : undefined
  if (by === undefined) return anything(inst)
  if (inst.op === "shl") return from((a.mask << by) & all, (a.ones << by) & all)
  if (inst.op === "lshr") return from(a.mask >> by, a.ones >> by)
  return from(evalBinary("ashr", bits, a.mask, by), evalBinary("ashr", bits, a.ones, by))
}

/** What a comparison must give. */
export function decide(pred: Predicate, bits: 32 | 64, a: Known, b: Known): boolean | undefined {
  if (a.mask === a.ones && b.mask === b.ones) return evalCompare(pred, bits, a.mask, b.mask)
  const sign = 1n << BigInt(bits - 1)
  switch (pred) {
    case "eq":
    case "ne": {
      const differ =
        ((a.ones & ~b.mask) | (b.ones & ~a.mask)) !== 0n || (zero(a) && b.nonZero) || (zero(b) && a.nonZero)
      return differ ? pred === "ne" : undefined
    }
    case "ult":
    case "uge": {
      if (a.mask < least(b)) return pred === "ult"
      return least(a) >= b.mask ? pred === "uge" : undefined
    }
    case "ule":
    case "ugt":
      if (a.mask <= least(b)) return pred === "ule"
      return least(a) > b.mask ? pred === "ugt" : undefined
    default: {
      // With the sign's bit turned, the order is that of unsigned numbers.
      if ((a.mask & sign) !== (a.ones & sign) || (b.mask & sign) !== (b.ones & sign)) return undefined
      return decide(`u${pred.slice(1)}` as Predicate, bits, flipped(a, sign), flipped(b, sign))
    }
  }
}

const zero = (k: Known) => k.mask === 0n
const least = (k: Known) => (k.nonZero && k.ones === 0n ? 1n : k.ones)
const flipped = ({ mask, ones }: Known, sign: bigint): Known => ({
  mask: mask ^ sign,
  ones: ones ^ sign,
  nonZero: false,
})

/** The smallest mask of low bits that covers a number. */
export const below = (n: bigint): bigint => (n === 0n ? 0n : (1n << BigInt(n.toString(2).length)) - 1n)

function trailingZeros(n: bigint): number {
  if (n === 0n) return 64
  let count = 0
  while ((n & 1n) === 0n) {
    n >>= 1n
    count++
  }
  return count
}
