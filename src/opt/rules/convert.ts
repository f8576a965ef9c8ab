import { constant, evalByteSwap, type Inst, i32, isConst, type Value, type ValueType } from "../../ir/index.ts"
import type { Context } from "./context.ts"

/** Conversions: those that change nothing go, and a cut is made before the operation where that is as cheap. */
export function convert(inst: Inst, ctx: Context): Value | undefined {
  const [v] = inst.args
  const type = inst.type as ValueType
  if (v.kind === "const") return constant(type, inst.op === "sext" ? BigInt.asIntN(32, v.value) : v.value)
  if (v.kind === "undef") return constant(type, 0)
  switch (inst.op) {
    case "ptrtoint":
      return v.kind === "inst" && v.op === "inttoptr" ? v.args[0] : undefined
    case "inttoptr":
      return v.kind === "inst" && v.op === "ptrtoint" ? v.args[0] : undefined
    case "sext":
      return ctx.positive(v) ? ctx.change({ op: "zext" }) : undefined
    case "zext":
      // Nothing was cut off.
      return v.kind === "inst" && v.op === "trunc" && ctx.mask(v.args[0]) >> 32n === 0n ? v.args[0] : undefined
    case "trunc":
      return v.kind === "inst" ? cut(v, ctx) : undefined
    default:
      return undefined
  }
}

const NARROWABLE = new Set(["add", "sub", "mul", "and", "or", "xor"])

/** What `trunc v` is without the 64-bit operation. */
function cut(v: Inst, ctx: Context): Value | undefined {
  if (v.op === "zext" || v.op === "sext") return v.args[0]
  const [x, y] = v.args
  if (v.op === "and" && isConst(y) && (y.value & 0xffff_ffffn) === 0xffff_ffffn) {
    return low(x) ?? ctx.add({ op: "trunc", type: "i32", args: [x] })
  }
  if (v.op === "sextin" && v.bits === 32) return low(x) ?? ctx.add({ op: "trunc", type: "i32", args: [x] })
  // What the verifier learns of a value that is tested, too, would not hold of another one that is computed anew.
  if (!NARROWABLE.has(v.op) || ctx.isShared(v)) return undefined
  const a = low(x)
  const b = low(y)
  return a === undefined || b === undefined ? undefined : ctx.add({ op: v.op as "add", type: "i32", args: [a, b] })
}

/** The low half of a value where it is there already. */
function low(v: Value): Value | undefined {
  if (v.kind === "const") return i32(v.value)
  return v.kind === "inst" && (v.op === "zext" || v.op === "sext") ? v.args[0] : undefined
}

/** `sextin`: of a value that is positive, or extended already. */
export function signExtend(inst: Inst & { op: "sextin" }, ctx: Context): Value | undefined {
  const [v] = inst.args
  if (v.kind === "undef") return constant(v.type, 0)
  if (ctx.mask(v) >> BigInt(inst.bits - 1) === 0n) return v
  if (v.kind !== "inst") return undefined
  if (v.op === "sextin") return v.bits <= inst.bits ? v : ctx.change({ args: [v.args[0]] })
  if (v.op === "sext" && inst.bits === 32) return v
  if (v.op === "load" && v.signed && v.width * 8 <= inst.bits) return v
  return coveredBy(v, inst.bits) ? ctx.change({ args: [v.args[0]] }) : undefined
}

/** `bswap`: twice is nothing, and bits above those swapped do not matter. */
export function byteSwap(inst: Inst & { op: "bswap" }, ctx: Context): Value | undefined {
  const [v] = inst.args
  if (v.kind === "undef") return constant(inst.type as ValueType, 0)
  if (v.kind === "const") return constant(inst.type as ValueType, evalByteSwap(inst.bits, v.value))
  if (v.kind !== "inst") return undefined
  if (v.op === "bswap" && v.bits === inst.bits && ctx.mask(v.args[0]) >> BigInt(inst.bits) === 0n) return v.args[0]
  return coveredBy(v, inst.bits) ? ctx.change({ args: [v.args[0]] }) : undefined
}

/** Whether an instruction leaves the low bits of its first operand, of its own type, as they are. */
export function coveredBy(v: Inst, bits: number): boolean {
  if (v.op === "and") {
    const all = (1n << BigInt(bits)) - 1n
    return v.args[1].kind === "const" && (v.args[1].value & all) === all
  }
  return v.op === "sextin" && v.bits >= bits
}
