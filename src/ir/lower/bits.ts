import type { Value } from "../ir.ts"
import { constant } from "../values.ts"
import type { FunctionContext } from "./context.ts"

/** Counting bits without branches; arguments are i32 or i64, results i32. */

/** `pattern` repeated over the width of a value, for example 0x55. */
function repeated(v: Value, pattern: bigint): Value {
  return constant(v.type as "i32" | "i64", (v.type === "i64" ? 0x0101010101010101n : 0x01010101n) * pattern)
}

function bits(v: Value): 32 | 64 {
  return v.type === "i64" ? 64 : 32
}

function count(v: Value, n: number): Value {
  return constant(v.type as "i32" | "i64", n)
}

function toInt(cx: FunctionContext, v: Value): Value {
  return v.type === "i64" ? cx.b.trunc(v) : v
}

/** Sums of neighbouring bits, then pairs, then nibbles, then all bytes by one multiplication. */
export function popcount(cx: FunctionContext, v: Value): Value {
  const { b } = cx
  const pairs = b.binary("sub", v, b.binary("and", b.binary("lshr", v, count(v, 1)), repeated(v, 0x55n)))
  const mask = repeated(v, 0x33n)
  const nibbles = b.binary(
    "add",
    b.binary("and", pairs, mask),
    b.binary("and", b.binary("lshr", pairs, count(v, 2)), mask),
  )
  const bytes = b.binary("and", b.binary("add", nibbles, b.binary("lshr", nibbles, count(v, 4))), repeated(v, 0x0fn))
  return toInt(cx, b.binary("lshr", b.binary("mul", bytes, repeated(v, 1n)), count(v, bits(v) - 8)))
}

/** Number of zeros above the highest one: all bits below it are set, then the zeros are counted. */
export function leadingZeros(cx: FunctionContext, v: Value): Value {
  const { b } = cx
  let x = v
  for (let n = 1; n < bits(v); n *= 2) x = b.binary("or", x, b.binary("lshr", x, count(v, n)))
  return popcount(cx, b.binary("xor", x, count(v, -1)))
}

/** Number of zeros below the lowest one: `~v & (v - 1)` has a one for each. */
export function trailingZeros(cx: FunctionContext, v: Value): Value {
  const { b } = cx
  return popcount(cx, b.binary("and", b.binary("xor", v, count(v, -1)), b.binary("sub", v, count(v, 1))))
}

/** 1 + the position of the lowest one; 0 for 0. */
export function firstSet(cx: FunctionContext, v: Value): Value {
  const { b } = cx
  return b.select(v, b.binary("add", trailingZeros(cx, v), constant("i32", 1)), constant("i32", 0))
}

/** 1 for an odd number of ones. */
export function parity(cx: FunctionContext, v: Value): Value {
  const { b } = cx
  let x = v
  for (let n = bits(v) / 2; n >= 1; n /= 2) x = b.binary("xor", x, b.binary("lshr", x, count(v, n)))
  return toInt(cx, b.binary("and", x, count(v, 1)))
}

/** Without branches: `(x ^ sign) - sign` with sign all ones for a negative number. */
export function absolute(cx: FunctionContext, v: Value): Value {
  const { b } = cx
  const sign = b.binary("ashr", v, count(v, bits(v) - 1))
  return b.binary("sub", b.binary("xor", v, sign), sign)
}

/** Copies of the sign bit below it: the zeros above the highest bit that differs from the sign, less the sign itself. */
export function redundantSigns(cx: FunctionContext, v: Value): Value {
  const { b } = cx
  const differs = b.binary("xor", v, b.binary("ashr", v, count(v, bits(v) - 1)))
  return b.binary("sub", leadingZeros(cx, differs), constant("i32", 1))
}

/** The low `width` bits of a value moved round by `by`, modulo the width; what lies above them is zero, before and after. */
export function rotated(cx: FunctionContext, v: Value, by: Value, width: number, left: boolean): Value {
  const { b } = cx
  const mask = (n: Value) => b.binary("and", n, count(v, width - 1))
  const forth = mask(by)
  const back = mask(b.binary("sub", count(v, 0), by))
  const up = b.binary("shl", v, left ? forth : back)
  const turned = b.binary("or", up, b.binary("lshr", v, left ? back : forth))
  return width < 32 ? b.binary("and", turned, count(v, 2 ** width - 1)) : turned
}

/** The low `width` bits in the opposite order: neighbours, pairs and nibbles change places, then the bytes. */
export function reversed(cx: FunctionContext, v: Value, width: number): Value {
  const { b } = cx
  let x = v
  for (const [n, pattern] of [
    [1, 0x55n],
    [2, 0x33n],
    [4, 0x0fn],
  ] as const) {
    const mask = repeated(v, pattern)
    const down = b.binary("and", b.binary("lshr", x, count(v, n)), mask)
    x = b.binary("or", down, b.binary("shl", b.binary("and", x, mask), count(v, n)))
  }
  return width === 8 ? x : b.bswap(width as 16 | 32 | 64, x)
}
