import type { Binary, Call, Cast, Expr } from "../ast.ts"
import { canonical, integerOf, isPointer, strideOf } from "../sema/typeops.ts"
import type { IntType, Type } from "../types.ts"

/** A value cut to the range of an integer type. */
export function wrap(value: bigint, type: IntType): bigint {
  if (type.name === "bool") return value === 0n ? 0n : 1n
  return type.signed ? BigInt.asIntN(type.size * 8, value) : BigInt.asUintN(type.size * 8, value)
}

/** A value cut to the range of an integer, enum or pointer type. */
export function wrapTo(value: bigint, type: Type): bigint {
  const int = integerOf(type)
  return int === undefined ? BigInt.asUintN(64, value) : wrap(value, int)
}

/**
 * The value of an expression that is constant, in the range of its type; undefined when it is not. Goes as far as compilers do: casts,
 * conditionals (the branch not taken may be anything), builtins of constants, variables that are constants, and pointers made from integers.
 */
export function evaluate(e: Expr): bigint | undefined {
  switch (e.kind) {
    case "int":
      return e.float === undefined ? e.value : undefined
    case "sizeof":
    case "offsetof":
      return e.value
    case "cast":
      return evaluateCast(e)
    case "unary": {
      const value = evaluate(e.operand)
      if (value === undefined) return undefined
      if (e.op === "!") return value === 0n ? 1n : 0n
      return wrapTo(e.op === "-" ? -value : e.op === "~" ? ~value : value, e.type)
    }
    case "binary":
      return evaluateBinary(e)
    case "logical": {
      const left = evaluate(e.left)
      if (left === undefined) return undefined
      if ((left !== 0n) === (e.op === "||")) return e.op === "||" ? 1n : 0n
      const right = evaluate(e.right)
      return right === undefined ? undefined : right === 0n ? 0n : 1n
    }
    case "cond": {
      const cond = evaluate(e.cond)
      if (cond === undefined) return undefined
      if (cond === 0n) return evaluate(e.other)
      return e.then === undefined ? wrapTo(cond, e.type) : evaluate(e.then)
    }
    case "call":
      return evaluateCall(e)
    case "addressOf":
      return evaluateMemberAddress(e.operand)
    default:
      return undefined
  }
}

function evaluateCast(e: Cast): bigint | undefined {
  switch (e.cast) {
    case "int":
    case "bool":
    case "pointer":
    case "pointerToInt":
    case "intToPointer":
    case "none": {
      const value = evaluate(e.operand)
      return value === undefined ? undefined : wrapTo(value, e.type)
    }
    case "decay":
      return evaluateMemberAddress(e.operand)
    case "load":
      return e.operand.kind === "ref" && e.operand.decl.kind === "var" ? e.operand.decl.value : undefined
    default:
      return undefined
  }
}

/** `&((struct s *)0)->a.b[2]`: the old way to write `offsetof`. */
function evaluateMemberAddress(lvalue: Expr): bigint | undefined {
  switch (lvalue.kind) {
    case "member": {
      const base = lvalue.arrow ? evaluate(lvalue.base) : evaluateMemberAddress(lvalue.base)
      return base === undefined ? undefined : BigInt.asUintN(64, base + BigInt(lvalue.field.offset))
    }
    case "deref":
      return evaluate(lvalue.operand)
    case "index": {
      const base = evaluate(lvalue.base)
      const index = base === undefined ? undefined : evaluate(lvalue.index)
      const stride = pointedStride(lvalue.base.type)
      return base === undefined || index === undefined ? undefined : BigInt.asUintN(64, base + index * stride)
    }
    default:
      return undefined
  }
}

function pointedStride(pointer: Type): bigint {
  const t = canonical(pointer)
  return t.kind === "pointer" ? BigInt(strideOf(t.to) ?? 1) : 1n
}

function evaluateBinary(e: Binary): bigint | undefined {
  const left = evaluate(e.left)
  if (left === undefined) return undefined
  const right = evaluate(e.right)
  if (right === undefined) return undefined
  switch (e.op) {
    case "==":
      return left === right ? 1n : 0n
    case "!=":
      return left !== right ? 1n : 0n
    case "<":
      return left < right ? 1n : 0n
    case ">":
      return left > right ? 1n : 0n
    case "<=":
      return left <= right ? 1n : 0n
    case ">=":
      return left >= right ? 1n : 0n
  }
  if (isPointer(e.left.type)) return pointerArithmetic(e, left, right)
  const type = integerOf(e.type)
  return type && arithmetic(e.op, left, right, type)
}

function pointerArithmetic(e: Binary, left: bigint, right: bigint): bigint | undefined {
  const stride = pointedStride(e.left.type)
  if (isPointer(e.right.type)) return stride === 0n ? undefined : BigInt.asIntN(64, left - right) / stride
  return BigInt.asUintN(64, e.op === "-" ? left - right * stride : left + right * stride)
}

/** `left op right` in the type of the result; undefined where C gives no value (division by zero, a shift out of range). */
export function arithmetic(op: Binary["op"], left: bigint, right: bigint, type: IntType): bigint | undefined {
  switch (op) {
    case "+":
      return wrap(left + right, type)
    case "-":
      return wrap(left - right, type)
    case "*":
      return wrap(left * right, type)
    case "/":
      return right === 0n ? undefined : wrap(left / right, type)
    case "%":
      return right === 0n ? undefined : wrap(left % right, type)
    case "&":
      return wrap(left & right, type)
    case "|":
      return wrap(left | right, type)
    case "^":
      return wrap(left ^ right, type)
    case "<<":
    case ">>": {
      if (right < 0n || right >= BigInt(type.size * 8)) return undefined
      return wrap(op === "<<" ? left << right : left >> right, type)
    }
    default:
      return undefined
  }
}

function evaluateCall(e: Call): bigint | undefined {
  const callee = e.callee.kind === "cast" ? e.callee.operand : e.callee
  if (callee.kind !== "ref" || callee.decl.kind !== "function" || callee.decl.builtin === undefined) return undefined
  const fold = FOLDED[callee.decl.builtin]
  if (fold === undefined || e.args.length === 0) return undefined
  const arg = evaluate(e.args[0])
  const type = integerOf(e.args[0].type)
  if (arg === undefined || type === undefined) return undefined
  const result = fold(arg, type.size * 8)
  return result === undefined ? undefined : wrapTo(result, e.type)
}

/** Builtins of one integer that a compiler knows the value of. `bits` is the width of the parameter. */
const FOLDED: Readonly<Record<string, (value: bigint, bits: number) => bigint | undefined>> = {
  expect: value => value,
  bswap16: value => swapBytes(value, 2),
  bswap32: value => swapBytes(value, 4),
  bswap64: value => swapBytes(value, 8),
  clz: leadingZeros,
  clzl: leadingZeros,
  clzll: leadingZeros,
  ctz: trailingZeros,
  ctzl: trailingZeros,
  ctzll: trailingZeros,
  ffs: firstSet,
  ffsl: firstSet,
  ffsll: firstSet,
  popcount: population,
  popcountl: population,
  popcountll: population,
  parity: (value, bits) => population(value, bits) & 1n,
  parityl: (value, bits) => population(value, bits) & 1n,
  parityll: (value, bits) => population(value, bits) & 1n,
}

function swapBytes(value: bigint, bytes: number): bigint {
  let result = 0n
  for (let i = 0; i < bytes; i++) result = (result << 8n) | ((value >> BigInt(8 * i)) & 0xffn)
  return result
}

function leadingZeros(value: bigint, bits: number): bigint | undefined {
  const unsigned = BigInt.asUintN(bits, value)
  return unsigned === 0n ? undefined : BigInt(bits - unsigned.toString(2).length)
}

function trailingZeros(value: bigint, bits: number): bigint | undefined {
  const text = BigInt.asUintN(bits, value).toString(2)
  const one = text.lastIndexOf("1")
  return one < 0 ? undefined : BigInt(text.length - 1 - one)
}

function firstSet(value: bigint, bits: number): bigint {
  return (trailingZeros(value, bits) ?? -1n) + 1n
}

function population(value: bigint, bits: number): bigint {
  let ones = 0n
  for (const digit of BigInt.asUintN(bits, value).toString(2)) if (digit === "1") ones++
  return ones
}
