import type { Span } from "../../base/index.ts"
import type { BinaryOp as CBinaryOp } from "../../c/index.ts"
import type { Value } from "../ir.ts"
import { constant, i32, i64, isConst } from "../values.ts"
import type { FunctionContext } from "./context.ts"
import { wideDivide } from "./divide.ts"
import { type Wide, wide } from "./repr.ts"

/** Arithmetic on __int128, as two 64-bit words. */
export function wideBinary(cx: FunctionContext, op: CBinaryOp, a: Wide, b: Wide, signed: boolean, span: Span): Wide {
  const { b: ir } = cx
  switch (op) {
    case "+": {
      const lo = ir.binary("add", a.lo, b.lo)
      const carry = ir.zext(ir.cmp("ult", lo, a.lo))
      return wide(lo, ir.binary("add", ir.binary("add", a.hi, b.hi), carry))
    }
    case "-": {
      const borrow = ir.zext(ir.cmp("ult", a.lo, b.lo))
      return wide(ir.binary("sub", a.lo, b.lo), ir.binary("sub", ir.binary("sub", a.hi, b.hi), borrow))
    }
    case "*": {
      const low = mul64(cx, a.lo, b.lo)
      const cross = ir.binary("add", ir.binary("mul", a.lo, b.hi), ir.binary("mul", a.hi, b.lo))
      return wide(low.lo, ir.binary("add", low.hi, cross))
    }
    case "&":
    case "|":
    case "^": {
      const name = op === "&" ? "and" : op === "|" ? "or" : "xor"
      return wide(ir.binary(name, a.lo, b.lo), ir.binary(name, a.hi, b.hi))
    }
    case "<<":
      return shiftLeft(cx, a, ir.trunc(b.lo))
    case ">>":
      return shiftRight(cx, a, ir.trunc(b.lo), signed)
    case "/":
    case "%":
      return wideDivide(cx, op, a, b, signed, span)
    default:
      throw new TypeError(`${op} is a comparison`)
  }
}

/** The 128-bit product of two unsigned words, from four products of halves. */
export function mul64(cx: FunctionContext, a: Value, b: Value): Wide {
  const { b: ir } = cx
  const half = i64(32)
  const mask = i64(0xffffffffn)
  const [al, ah] = [ir.binary("and", a, mask), ir.binary("lshr", a, half)]
  const [bl, bh] = [ir.binary("and", b, mask), ir.binary("lshr", b, half)]
  const ll = ir.binary("mul", al, bl)
  const middle = ir.binary("add", ir.binary("mul", ah, bl), ir.binary("lshr", ll, half))
  const rest = ir.binary("add", ir.binary("mul", al, bh), ir.binary("and", middle, mask))
  const high = ir.binary("add", ir.binary("mul", ah, bh), ir.binary("lshr", middle, half))
  return wide(ir.binary("mul", a, b), ir.binary("add", high, ir.binary("lshr", rest, half)))
}

/** `count` is an i32 in 0..127. Without branches: a word moved by 64 - n is moved by 1 and then by 63 - n, so that n = 0 is right. */
function shiftLeft(cx: FunctionContext, a: Wide, count: Value): Wide {
  const { b } = cx
  const n = b.binary("and", count, i32(63))
  const wordCount = b.zext(n)
  const rest = b.zext(b.binary("sub", i32(63), n))
  const lo = b.binary("shl", a.lo, wordCount)
  const over = b.binary("lshr", b.binary("lshr", a.lo, i64(1)), rest)
  const hi = b.binary("or", b.binary("shl", a.hi, wordCount), over)
  const far = b.binary("and", count, i32(64))
  return wide(b.select(far, i64(0), lo), b.select(far, lo, hi))
}

function shiftRight(cx: FunctionContext, a: Wide, count: Value, signed: boolean): Wide {
  const { b } = cx
  const op = signed ? "ashr" : "lshr"
  const n = b.binary("and", count, i32(63))
  const wordCount = b.zext(n)
  const rest = b.zext(b.binary("sub", i32(63), n))
  const hi = b.binary(op, a.hi, wordCount)
  const over = b.binary("shl", b.binary("shl", a.hi, i64(1)), rest)
  const lo = b.binary("or", b.binary("lshr", a.lo, wordCount), over)
  const fill = signed ? b.binary("ashr", a.hi, i64(63)) : i64(0)
  const far = b.binary("and", count, i32(64))
  return wide(b.select(far, hi, lo), b.select(far, fill, hi))
}

/** 0 or 1 (i32). */
export function wideCompare(cx: FunctionContext, op: string, a: Wide, b: Wide, signed: boolean): Value {
  const { b: ir } = cx
  if (op === "==" || op === "!=") {
    const differ = ir.binary("or", ir.binary("xor", a.lo, b.lo), ir.binary("xor", a.hi, b.hi))
    return ir.cmp(op === "==" ? "eq" : "ne", differ, i64(0))
  }
  if (op === ">" || op === "<=") return wideCompare(cx, op === ">" ? "<" : ">=", b, a, signed)
  // Now < or >=: equal high words leave it to the low words.
  const high = ir.cmp(op === "<" ? (signed ? "slt" : "ult") : signed ? "sge" : "uge", a.hi, b.hi)
  const low = ir.cmp(op === "<" ? "ult" : "uge", a.lo, b.lo)
  return ir.select(ir.cmp("eq", a.hi, b.hi), low, high)
}

export function wideNegate(cx: FunctionContext, a: Wide): Wide {
  const { b } = cx
  const borrow = b.zext(b.cmp("ne", a.lo, i64(0)))
  return wide(b.binary("sub", i64(0), a.lo), b.binary("sub", b.binary("sub", i64(0), a.hi), borrow))
}

export function wideNot(cx: FunctionContext, a: Wide): Wide {
  return wide(cx.b.binary("xor", a.lo, constant("i64", -1n)), cx.b.binary("xor", a.hi, constant("i64", -1n)))
}

/** `cond ? a : b`, both at hand. */
export function wideSelect(cx: FunctionContext, cond: Value, a: Wide, b: Wide): Wide {
  if (isConst(cond)) return cond.value !== 0n ? a : b
  return wide(cx.b.select(cond, a.lo, b.lo), cx.b.select(cond, a.hi, b.hi))
}
