import type { Span } from "../../base/index.ts"
import type { Value } from "../ir.ts"
import { i64, isConst } from "../values.ts"
import { loadPlace } from "./access.ts"
import type { FunctionContext } from "./context.ts"
import { libraryFunction } from "./library.ts"
import { type Wide, wide } from "./repr.ts"
import { wideBinary, wideNegate } from "./wide.ts"

/**
 * `a / b` or `a % b` on __int128. What C leaves open is as BPF has it for 64 bits: x / 0 is 0, x % 0 is x, and the smallest number divided by
 * -1 is itself.
 */
export function wideDivide(cx: FunctionContext, op: "/" | "%", a: Wide, b: Wide, signed: boolean, span: Span): Wide {
  const power = powerOfTwo(b)
  if (power !== undefined) return divideByPower(cx, op, a, power, signed, span)
  const quotient = signed ? signedQuotient(cx, a, b, span) : unsignedQuotient(cx, a, b, span)
  if (op === "/") return quotient
  return wideBinary(cx, "-", a, wideBinary(cx, "*", quotient, b, signed, span), signed, span)
}

/** The exponent of a constant that is a power of two. */
function powerOfTwo({ lo, hi }: Wide): number | undefined {
  if (!isConst(lo) || !isConst(hi)) return undefined
  const n = (BigInt.asUintN(64, hi.value) << 64n) | BigInt.asUintN(64, lo.value)
  // The highest bit alone is a negative number where it is signed.
  if (n === 0n || (n & (n - 1n)) !== 0n || n >> 127n !== 0n) return undefined
  return n.toString(2).length - 1
}

/** A shift or a mask; a negative number is first moved up by what the shift would lose, so that it rounds towards zero. */
function divideByPower(cx: FunctionContext, op: "/" | "%", a: Wide, power: number, signed: boolean, span: Span): Wide {
  const apply = (name: "+" | "-" | "&" | ">>", x: Wide, y: Wide) => wideBinary(cx, name, x, y, signed, span)
  const below = words((1n << BigInt(power)) - 1n)
  if (!signed) return op === "%" ? apply("&", a, below) : apply(">>", a, words(BigInt(power)))
  const sign = signWord(cx, a)
  const moved = apply("+", a, apply("&", wide(sign, sign), below))
  if (op === "/") return apply(">>", moved, words(BigInt(power)))
  return apply("-", a, apply("&", moved, words(~((1n << BigInt(power)) - 1n))))
}

const words = (n: bigint): Wide => wide(i64(BigInt.asUintN(64, n)), i64(BigInt.asUintN(64, n >> 64n)))

const signWord = (cx: FunctionContext, v: Wide): Value => cx.b.binary("ashr", v.hi, i64(63))

/** The quotient of the absolute values, with the sign that the two signs give. */
function signedQuotient(cx: FunctionContext, a: Wide, b: Wide, span: Span): Wide {
  const [signA, signB] = [signWord(cx, a), signWord(cx, b)]
  const quotient = unsignedQuotient(cx, signedBy(cx, a, signA, span), signedBy(cx, b, signB, span), span)
  return signedBy(cx, quotient, cx.b.binary("xor", signA, signB), span)
}

/** The negative of a number where `sign` is all ones, itself where it is 0: `(v ^ sign) - sign`. */
function signedBy(cx: FunctionContext, v: Wide, sign: Value, span: Span): Wide {
  if (isConst(sign)) return sign.value === 0n ? v : wideNegate(cx, v)
  const mask = wide(sign, sign)
  return wideBinary(cx, "-", wideBinary(cx, "^", v, mask, true, span), mask, true, span)
}

function unsignedQuotient(cx: FunctionContext, a: Wide, b: Wide, span: Span): Wide {
  const decl = libraryFunction("__skep_udivti3")
  const name = cx.module.use(decl, "call", span)
  const result = cx.temporary(decl.type.ret, "quotient", span)
  cx.b.span = span
  cx.b.call({ kind: "function", name }, [result.address, a.lo, a.hi, b.lo, b.hi], "void")
  return loadPlace(cx, result, span) as Wide
}
