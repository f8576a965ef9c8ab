import type { IntType } from "../../c/index.ts"
import type { Value } from "../ir.ts"
import { i64 } from "../values.ts"
import type { FunctionContext } from "./context.ts"
import type { Wide } from "./repr.ts"
import { mul64 } from "./wide.ts"

/**
 * The exact result of an operation on 128-bit operands, in 64-bit words, the lowest first: three for sums and differences, four for products.
 * Its highest word has the sign; a product of two unsigned numbers has none.
 */
export function exactWords(
  cx: FunctionContext,
  op: "+" | "-" | "*",
  [a, typeA]: readonly [Wide, IntType],
  [b, typeB]: readonly [Wide, IntType],
): Value[] {
  const signA = signOf(cx, a, typeA)
  const signB = signOf(cx, b, typeB)
  if (op !== "*") return sum(cx, [a.lo, a.hi, signA], [b.lo, b.hi, signB], op === "-")
  const { b: ir } = cx
  const masked = (mask: Value, v: Wide) => [i64(0), i64(0), ir.binary("and", mask, v.lo), ir.binary("and", mask, v.hi)]
  const [low, high] = [mul64(cx, a.lo, b.lo), mul64(cx, a.hi, b.hi)]
  let product: Value[] = [low.lo, low.hi, high.lo, high.hi]
  for (const cross of [mul64(cx, a.lo, b.hi), mul64(cx, a.hi, b.lo)]) {
    product = sum(cx, product, [i64(0), cross.lo, cross.hi, i64(0)], false)
  }
  // A negative number was taken for one that is larger by 2^128.
  product = sum(cx, product, masked(signA, b), true)
  return sum(cx, product, masked(signB, a), true)
}

/** 1 where words are not those of `v`, an integer of this type. */
export function differFrom(cx: FunctionContext, exact: readonly Value[], v: Wide, type: IntType): Value {
  const { b } = cx
  const sign = signOf(cx, v, type)
  const differences = exact.map((word, i) => b.binary("xor", word, i === 0 ? v.lo : i === 1 ? v.hi : sign))
  return b.cmp(
    "ne",
    differences.reduce((x, y) => b.binary("or", x, y)),
    i64(0),
  )
}

/** The word above a number: all ones where it is negative. */
function signOf(cx: FunctionContext, v: Wide, { signed }: IntType): Value {
  return signed ? cx.b.binary("ashr", v.hi, i64(63)) : i64(0)
}

/** x + y, or x - y as x + ~y + 1, word by word. */
function sum(cx: FunctionContext, x: readonly Value[], y: readonly Value[], subtract: boolean): Value[] {
  const { b } = cx
  let carry: Value = i64(subtract ? 1 : 0)
  return x.map((word, i) => {
    const first = b.binary("add", word, subtract ? b.binary("xor", y[i], i64(-1n)) : y[i])
    const second = b.binary("add", first, carry)
    carry = b.zext(b.binary("or", b.cmp("ult", first, word), b.cmp("ult", second, carry)))
    return second
  })
}
