import { type Call, type IntType, pointerOf } from "../../c/index.ts"
import type { Value } from "../ir.ts"
import { i64 } from "../values.ts"
import { storePlace } from "./access.ts"
import type { FunctionContext } from "./context.ts"
import { convert, word } from "./convert.ts"
import { scalar } from "./expr.ts"
import { differFrom, exactWords } from "./overflow128.ts"
import { pointed } from "./place.ts"
import { intOf, type Scalar, type Wide, wide } from "./repr.ts"
import { mul64, wideBinary, wideCompare } from "./wide.ts"

/**
 * `__builtin_{add,sub,mul}_overflow(a, b, result)`: the exact result is computed in a type that holds it (64 bits for operands of up to
 * 32, 128 for those of 64, else words), cut to the result's type and stored; overflow is that the cut value, widened again, differs.
 */
export function overflow(cx: FunctionContext, op: "+" | "-" | "*", e: Call): Value {
  const { b } = cx
  const left = scalar(cx, e.args[0])
  const right = scalar(cx, e.args[1])
  const pointer = scalar(cx, e.args[2]) as Value
  const target = pointerOf(e.args[2].type)!.to
  const [a, c, t] = [intOf(e.args[0].type), intOf(e.args[1].type), intOf(target)]
  if (a.size > 8 || c.size > 8 || t.size > 8) {
    const [x, y] = ([0, 1] as const).map(
      i => convert(cx, i === 0 ? left : right, e.args[i].type, wideOf(i === 0 ? a : c), e.span) as Wide,
    )
    const words = exactWords(cx, op, [x, a], [y, c])
    const cut = convert(cx, wide(words[0], words[1]), wideOf(t), target, e.span)
    storePlace(cx, pointed(pointer, target), cut)
    return differFrom(cx, words, convert(cx, cut, target, wideOf(t), e.span) as Wide, t)
  }
  // Only a product of two unsigned numbers can be too large for the signed type of its width.
  const signed = op !== "*" || a.signed || c.signed
  const narrowEnough = a.size <= 4 && c.size <= 4
  const exact: Scalar = narrowEnough
    ? b.binary(op === "+" ? "add" : op === "-" ? "sub" : "mul", word(cx, left, a.signed), word(cx, right, c.signed))
    : exactWide(cx, op, left, a, right, c)
  const exactType = intType(narrowEnough ? 8 : 16, signed)
  const cut = convert(cx, exact, exactType, target, e.span)
  storePlace(cx, pointed(pointer, target), cut)
  const back = convert(cx, cut, target, exactType, e.span)
  if (exact.kind === "wide") return wideCompare(cx, "!=", exact, back as Wide, false)
  // An exact value of 64 bits may have the other signedness than a result of 64 bits.
  const differs = b.cmp("ne", exact, back as Value)
  if (t.size < 8 || t.signed === signed) return differs
  return b.binary("or", differs, b.cmp("slt", exact, i64(0)))
}

function exactWide(
  cx: FunctionContext,
  op: "+" | "-" | "*",
  left: Scalar,
  a: IntType,
  right: Scalar,
  c: IntType,
): Wide {
  const x = widen(cx, left, a)
  const y = widen(cx, right, c)
  if (op !== "*") return wideBinary(cx, op, x, y, true, cx.decl.span)
  if (!a.signed && !c.signed) return mul64(cx, x.lo, y.lo)
  return wideBinary(cx, "*", x, y, true, cx.decl.span)
}

function widen(cx: FunctionContext, v: Scalar, type: IntType): Wide {
  const lo = word(cx, v, type.signed)
  return wide(lo, type.signed ? cx.b.binary("ashr", lo, i64(63)) : i64(0))
}

const wideOf = ({ signed }: IntType): IntType => intType(16, signed)

function intType(size: 8 | 16, signed: boolean): IntType {
  const name = size === 8 ? (signed ? "long" : "ulong") : signed ? "int128" : "uint128"
  return { kind: "int", quals: 0, name, size, signed, rank: size === 8 ? 4 : 6 }
}
