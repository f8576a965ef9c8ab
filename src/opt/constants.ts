import {
  bitsOf,
  type Const,
  constant,
  evalBinary,
  evalByteSwap,
  evalCompare,
  evalSignExtend,
  type Inst,
  isBinary,
  type Value,
  type ValueType,
} from "../ir/index.ts"

/** The constant that an instruction gives of its operands; undefined where they are not all known, or it does more than compute. */
export function evaluated(inst: Inst, args: readonly (Value | undefined)[]): Const | undefined {
  const [a, b] = args
  if (a?.kind !== "const") return undefined
  const type = inst.type as ValueType
  switch (inst.op) {
    case "zext":
    case "trunc":
    case "ptrtoint":
    case "inttoptr":
      return constant(type, a.value)
    case "sext":
      return constant(type, BigInt.asIntN(32, a.value))
    case "sextin":
      return constant(type, evalSignExtend(inst.bits, bitsOf(type), a.value))
    case "bswap":
      return constant(type, evalByteSwap(inst.bits, a.value))
    case "cmp":
      if (b?.kind !== "const") return undefined
      return constant(type, evalCompare(inst.pred, bitsOf(a.type), a.value, b.value) ? 1 : 0)
    default:
      if (!isBinary(inst) || b?.kind !== "const") return undefined
      return constant(type, evalBinary(inst.op, bitsOf(type), a.value, b.value))
  }
}
