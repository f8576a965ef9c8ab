import type { BinaryOp, Predicate } from "./ir.ts"

/**
 * What each arithmetic operation means, on canonical unsigned values. The interpreter, the folder of the optimiser and the builder all
 * compute with these, so there is one definition. `bits` is 32 or 64.
 */
export function evalBinary(op: BinaryOp, bits: 32 | 64, a: bigint, b: bigint): bigint {
  switch (op) {
    case "add":
      return BigInt.asUintN(bits, a + b)
    case "sub":
      return BigInt.asUintN(bits, a - b)
    case "mul":
      return BigInt.asUintN(bits, a * b)
    case "udiv":
      return b === 0n ? 0n : a / b
    case "urem":
      return b === 0n ? a : a % b
    case "sdiv":
      return b === 0n ? 0n : BigInt.asUintN(bits, BigInt.asIntN(bits, a) / BigInt.asIntN(bits, b))
    case "srem":
      return b === 0n ? a : BigInt.asUintN(bits, BigInt.asIntN(bits, a) % BigInt.asIntN(bits, b))
    case "and":
      return a & b
    case "or":
      return a | b
    case "xor":
      return a ^ b
    case "shl":
      return BigInt.asUintN(bits, a << (b & BigInt(bits - 1)))
    case "lshr":
      return a >> (b & BigInt(bits - 1))
    case "ashr":
      return BigInt.asUintN(bits, BigInt.asIntN(bits, a) >> (b & BigInt(bits - 1)))
  }
}

export function evalCompare(pred: Predicate, bits: 32 | 64, a: bigint, b: bigint): boolean {
  switch (pred) {
    case "eq":
      return a === b
    case "ne":
      return a !== b
    case "ult":
      return a < b
    case "ule":
      return a <= b
    case "ugt":
      return a > b
    case "uge":
      return a >= b
    case "slt":
      return BigInt.asIntN(bits, a) < BigInt.asIntN(bits, b)
    case "sle":
      return BigInt.asIntN(bits, a) <= BigInt.asIntN(bits, b)
    case "sgt":
      return BigInt.asIntN(bits, a) > BigInt.asIntN(bits, b)
    case "sge":
      return BigInt.asIntN(bits, a) >= BigInt.asIntN(bits, b)
  }
}

/** `sextin`: the low `low` bits, sign-extended to `bits`. */
export const evalSignExtend = (low: number, bits: 32 | 64, a: bigint): bigint =>
  BigInt.asUintN(bits, BigInt.asIntN(low, a))

/** `bswap`: the low `low` bits with their bytes reversed; zero above. */
export function evalByteSwap(low: 16 | 32 | 64, a: bigint): bigint {
  let result = 0n
  for (let i = 0; i < low; i += 8) result = (result << 8n) | ((a >> BigInt(i)) & 0xffn)
  return result
}

/** The predicate that is true exactly when `pred` is false. */
export function inversePredicate(pred: Predicate): Predicate {
  return inverse[pred]
}

/** The predicate that gives the same with its operands exchanged. */
export function swappedPredicate(pred: Predicate): Predicate {
  return swapped[pred]
}

const inverse: Record<Predicate, Predicate> = {
  eq: "ne",
  ne: "eq",
  ult: "uge",
  ule: "ugt",
  ugt: "ule",
  uge: "ult",
  slt: "sge",
  sle: "sgt",
  sgt: "sle",
  sge: "slt",
}

const swapped: Record<Predicate, Predicate> = {
  eq: "eq",
  ne: "ne",
  ult: "ugt",
  ule: "uge",
  ugt: "ult",
  uge: "ule",
  slt: "sgt",
  sle: "sge",
  sgt: "slt",
  sge: "sle",
}
