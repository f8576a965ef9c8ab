import { type Call, type Expr, evaluate } from "../../c/index.ts"
import type { Block, Value } from "../ir.ts"
import { i32, i64 } from "../values.ts"
import { compareBytes, copyBytes, fillBytes, moveBytes } from "./bytewise.ts"
import type { FunctionContext } from "./context.ts"
import { word } from "./convert.ts"
import { value } from "./expr.ts"
import { fail } from "./fail.ts"
import { knownAlign } from "./known.ts"
import { intOf } from "./repr.ts"

/** Bytes that memmove takes by way of a copy on the stack, which has room for 512. */
const MOST_COPIED = 256

/** memcpy and memmove: the first through memory that does not overlap, the second by way of a copy where that is small. */
export function copyMemory(cx: FunctionContext, e: Call, overlapping: boolean): Value {
  const to = value(cx, e.args[0])
  const from = value(cx, e.args[1])
  const size = sizeOfCall(cx, e)
  if (typeof size !== "number") {
    if (overlapping) moveBytes(cx, to, from, size)
    else copyBytes(cx, to, from, size)
    return to
  }
  if (size === 0) return to
  const toAlign = knownAlign(e.args[0])
  const fromAlign = knownAlign(e.args[1])
  if (!overlapping) {
    cx.b.memcpy(to, from, size, Math.min(toAlign, fromAlign))
    return to
  }
  if (size > MOST_COPIED) {
    moveBytes(cx, to, from, i64(size))
    return to
  }
  const copy = cx.b.alloca(size, 8, "memmove")
  cx.b.memcpy(copy, from, size, fromAlign)
  cx.b.memcpy(to, copy, size, toAlign)
  return to
}

export function fillMemory(cx: FunctionContext, e: Call): Value {
  const to = value(cx, e.args[0])
  const byte = value(cx, e.args[1])
  const size = sizeOfCall(cx, e)
  if (typeof size !== "number") fillBytes(cx, to, byte.type === "i64" ? cx.b.trunc(byte) : byte, size)
  else if (size > 0) cx.b.memset(to, byte, size, knownAlign(e.args[0]))
  return to
}

/**
 * memcmp: the first words that differ, read as big-endian numbers, decide.
 *
 *     x = bswap(load a); y = bswap(load b); if (x != y) return x < y ? -1 : 1; next word
 */
export function compareMemory(cx: FunctionContext, e: Call): Value {
  const { b } = cx
  const [left, right, size] = compared(cx, e)
  if (typeof size !== "number") return compareBytes(cx, left.base, right.base, size)
  const end = b.newBlock()
  const ways: [Block, Value][] = []
  for (const { at, width } of words(size)) {
    const next = b.newBlock()
    const differ = b.newBlock()
    const x = loadWord(cx, left, at, width)
    const y = loadWord(cx, right, at, width)
    b.br(b.cmp("eq", x, y), next, differ)
    b.start(differ)
    ways.push([b.block, b.select(b.cmp("ult", bigEndian(cx, x, width), bigEndian(cx, y, width)), i32(-1), i32(1))])
    b.jump(end)
    b.start(next)
  }
  ways.push([b.block, i32(0)])
  b.start(end)
  const phi = b.phi("i32", end)
  for (const [from, v] of ways) b.addIncoming(phi, from, v)
  return phi
}

/** `memcmp(a, b, n)` alone as a condition, or compared with 0: only whether any byte differs. Undefined for any other expression. */
export function equalMemory(cx: FunctionContext, e: Expr): Value | undefined {
  if (e.kind === "binary" && (e.op === "==" || e.op === "!=") && evaluate(e.right) === 0n) {
    const differ = equalMemory(cx, e.left)
    return differ === undefined ? undefined : cx.b.cmp(e.op === "==" ? "eq" : "ne", differ, i64(0))
  }
  if (e.kind === "cast" && (e.cast === "int" || e.cast === "none")) return equalMemory(cx, e.operand)
  if (e.kind !== "call" || !isMemcmp(e)) return undefined
  const { b } = cx
  const [left, right, size] = compared(cx, e)
  if (typeof size !== "number") return b.zext(b.cmp("ne", compareBytes(cx, left.base, right.base, size), i32(0)))
  let differ: Value = i64(0)
  for (const { at, width } of words(size)) {
    const x = loadWord(cx, left, at, width)
    const y = loadWord(cx, right, at, width)
    const bits = b.binary("xor", x, y)
    differ = b.binary("or", differ, width === 8 ? bits : b.zext(bits))
  }
  return differ
}

function isMemcmp(e: Call): boolean {
  const callee = e.callee.kind === "cast" ? e.callee.operand : e.callee
  if (callee.kind !== "ref" || callee.decl.kind !== "function" || callee.decl.body !== undefined) return false
  return callee.decl.builtin === "memcmp" || callee.decl.name === "memcmp"
}

function compared(cx: FunctionContext, e: Call): [Address, Address, number | Value] {
  const left = { base: value(cx, e.args[0]), align: knownAlign(e.args[0]) }
  const right = { base: value(cx, e.args[1]), align: knownAlign(e.args[1]) }
  return [left, right, sizeOfCall(cx, e)]
}

interface Address {
  readonly base: Value
  readonly align: number
}

function* words(size: number): Generator<{ at: number; width: 1 | 2 | 4 | 8 }> {
  for (let at = 0; at < size; ) {
    const left = size - at
    const width = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1
    yield { at, width }
    at += width
  }
}

function loadWord(cx: FunctionContext, { base, align }: Address, at: number, width: 1 | 2 | 4 | 8): Value {
  const type = width === 8 ? "i64" : "i32"
  return cx.b.load(type, width, false, cx.b.ptradd(base, at), { align: Math.min(align, width) })
}

function bigEndian(cx: FunctionContext, v: Value, width: 1 | 2 | 4 | 8): Value {
  return width === 1 ? v : cx.b.bswap((width * 8) as 16 | 32 | 64, v)
}

/** The last argument: a number where it is known here. */
function sizeOfCall(cx: FunctionContext, e: Call): number | Value {
  const size = e.args[2]
  let known = evaluate(size)
  if (known === undefined) {
    const v = value(cx, size)
    if (v.kind !== "const") return word(cx, v, intOf(size.type).signed)
    known = v.value
  }
  if (known > 65536n) fail("IR_MEMORY_SIZE", `${known} bytes are too many for BPF`, e.span)
  return Number(known)
}
