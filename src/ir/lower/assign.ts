import type { BinaryOp as CBinaryOp, Expr } from "../../c/index.ts"
import { type Assign, ATOMIC, canonical, type IncDec, qualsOf, strideOf, type Type } from "../../c/index.ts"
import type { AtomicOp } from "../ir.ts"
import { constant, nullPtr } from "../values.ts"
import { loadPlace, reached, storePlace } from "./access.ts"
import { binary, combine } from "./arithmetic.ts"
import { cutToBits } from "./bitfield.ts"
import type { FunctionContext, Place } from "./context.ts"
import { convert, truth } from "./convert.ts"
import { readInto, scalar } from "./expr.ts"
import { fail } from "./fail.ts"
import { place } from "./place.ts"
import { constantOf, intOf, reprOf, type Scalar, wide } from "./repr.ts"

/** `left = right` and `left op= right` of scalar type. The value is what the object then holds; it is not read again. */
export function assign(cx: FunctionContext, e: Assign, needed: boolean): Scalar {
  if (e.op === undefined) {
    // The address first: a call on the right must not come between it and the store for any reason but its own.
    const to = place(cx, e.left)
    if (!needed && readsInto(cx, e, to)) return nullPtr()
    const value = scalar(cx, e.right)
    storePlace(cx, to, value)
    return needed ? held(cx, to, value) : value
  }
  const to = place(cx, e.left)
  const right = scalar(cx, e.right)
  if (isAtomic(e.left.type)) return atomicUpdate(cx, to, e.op, right, e.right.type, e)
  const old = loadPlace(cx, to, e.span)
  const computeType = e.computeType ?? e.type
  const value = combine(cx, e.op, old, e.left.type, computeType, right, e.right.type, e.span)
  storePlace(cx, to, value)
  return needed ? held(cx, to, value) : value
}

/**
 * `local.member = kernel->member`: the helper writes the member itself. A variable that is no record is better off in a register, with the
 * helper's result in a temporary.
 */
function readsInto(cx: FunctionContext, e: Assign, to: Place): boolean {
  const { right } = e
  if (right.kind !== "kernelRead" || right.bitField !== undefined) return false
  if (to.volatile || to.bitField !== undefined || !isLocalMember(cx, e.left)) return false
  readInto(cx, right, to)
  return true
}

function isLocalMember(cx: FunctionContext, e: Expr): boolean {
  let root = e
  while (root.kind === "member" && !root.arrow) root = root.base
  return e.kind === "member" && root.kind === "ref" && root.decl.kind === "var" && cx.locals.has(root.decl)
}

/** `++` and `--`. */
export function increment(cx: FunctionContext, e: IncDec, needed: boolean): Scalar {
  const to = place(cx, e.operand)
  const type = e.operand.type
  const op = e.op === "++" ? "+" : "-"
  if (isAtomic(type)) {
    const one = constantOf(type, 1n, e.span)
    const value = atomicUpdate(cx, to, op, one, type, e)
    return e.prefix || !needed ? value : binary(cx, op === "+" ? "-" : "+", value, type, one, type, e.span)
  }
  const old = loadPlace(cx, to, e.span)
  const value = stepped(cx, old, type, op, e)
  storePlace(cx, to, value)
  if (!e.prefix) return old
  return needed ? held(cx, to, value) : value
}

function stepped(cx: FunctionContext, old: Scalar, type: Type, op: "+" | "-", e: IncDec): Scalar {
  const t = canonical(type)
  if (t.kind === "pointer") {
    const stride =
      strideOf(t.to) ?? fail("IR_INCOMPLETE_TYPE", "the size of what the pointer points to is not known", e.span)
    return cx.b.ptradd(old.kind === "wide" ? old.lo : old, op === "+" ? stride : -stride)
  }
  if (old.kind === "wide") {
    return binary(cx, op, old, type, wide(constant("i64", 1), constant("i64", 0)), type, e.span)
  }
  const sum = cx.b.binary(op === "+" ? "add" : "sub", old, constant(old.type as "i32" | "i64", 1))
  if (intOf(type).name === "bool") return truth(cx, sum)
  // The sum is an int; the object may be narrower.
  return convert(cx, sum, old.type === "i32" ? INT : type, type, e.span)
}

const INT: Type = { kind: "int", quals: 0, name: "int", size: 4, signed: true, rank: 3 }

/** The value of an object after `value` was stored in it: a bit-field keeps only some bits. */
function held(cx: FunctionContext, to: Place, value: Scalar): Scalar {
  if (to.bitField === undefined || value.kind === "wide") return value
  const { signed, name } = intOf(to.type)
  return name === "bool" ? value : cutToBits(cx, value, to.bitField.bitWidth!, signed)
}

function isAtomic(type: Type): boolean {
  return (qualsOf(type) & ATOMIC) !== 0
}

const atomicOps: Partial<Record<CBinaryOp, AtomicOp>> = { "+": "add", "-": "add", "&": "and", "|": "or", "^": "xor" }

/** `object op= right` on an _Atomic object: one instruction; gives the new value. */
function atomicUpdate(cx: FunctionContext, to: Place, op: CBinaryOp, right: Scalar, rightType: Type, e: Expr): Scalar {
  const { b } = cx
  const atomic = atomicOps[op]
  const repr = reprOf(to.type, e.span)
  const { size } = intOf(to.type)
  if (atomic === undefined || (size !== 4 && size !== 8) || repr === "ptr") {
    fail("IR_ATOMIC", `BPF has no atomic ${op}= on ${size} bytes`, e.span, {
      hint: "use + - & | ^ on integers of 4 or 8 bytes",
    })
  }
  const operand = convert(cx, right, rightType, to.type, e.span)
  const plain = operand.kind === "wide" ? operand.lo : operand
  const by = op === "-" ? b.binary("sub", constant(plain.type as "i32" | "i64", 0), plain) : plain
  const old = b.atomic(atomic!, size as 4 | 8, [reached(cx, to).address, by])
  return b.binary(atomic as "add", old, by)
}
