import type { Value } from "../ir.ts"
import { i32, i64 } from "../values.ts"
import type { FunctionContext } from "./context.ts"

/** Memory functions whose number of bytes is not known here: loops over bytes. Inlining and unrolling may find the number later. */

/**
 *     i = 0; header: i < size ? body : end; body: …; i = i + 1; jump header
 *
 * `body` may leave for `end` before its time.
 */
function eachByte(cx: FunctionContext, size: Value, body: (i: Value, leave: (differ: Value) => void) => void): void {
  const { b } = cx
  const index = b.alloca(8, 8, "index")
  b.store(8, index, i64(0))
  const header = b.newBlock()
  const inside = b.newBlock()
  const end = b.newBlock()
  b.start(header)
  const i = b.load("i64", 8, false, index)
  b.br(b.cmp("ult", i, size), inside, end)
  b.start(inside)
  body(i, differ => {
    const next = b.newBlock()
    b.br(differ, end, next)
    b.start(next)
  })
  b.store(8, index, b.binary("add", i, i64(1)))
  b.jump(header)
  b.start(end)
}

export function copyBytes(cx: FunctionContext, to: Value, from: Value, size: Value): void {
  const { b } = cx
  eachByte(cx, size, i => b.store(1, b.ptradd(to, i), b.load("i32", 1, false, b.ptradd(from, i))))
}

/**
 * Bytes to where they may overlap: downwards where a byte that is still to be read would be overwritten.
 *
 *     to - from < size ? (i = size; while (i != 0) { i = i - 1; to[i] = from[i] }) : copyBytes(to, from, size)
 */
export function moveBytes(cx: FunctionContext, to: Value, from: Value, size: Value): void {
  const { b } = cx
  const index = b.alloca(8, 8, "index")
  const [down, header, inside, up, end] = Array.from({ length: 5 }, () => b.newBlock())
  b.br(b.cmp("ult", b.binary("sub", b.ptrtoint(to), b.ptrtoint(from)), size), down, up)
  b.start(down)
  b.store(8, index, size)
  b.jump(header)
  b.start(header)
  const left = b.load("i64", 8, false, index)
  b.br(b.cmp("ne", left, i64(0)), inside, end)
  b.start(inside)
  const i = b.binary("sub", left, i64(1))
  b.store(1, b.ptradd(to, i), b.load("i32", 1, false, b.ptradd(from, i)))
  b.store(8, index, i)
  b.jump(header)
  b.start(up)
  copyBytes(cx, to, from, size)
  b.jump(end)
  b.start(end)
}

export function fillBytes(cx: FunctionContext, to: Value, byte: Value, size: Value): void {
  eachByte(cx, size, i => cx.b.store(1, cx.b.ptradd(to, i), byte))
}

/** The difference of the first bytes that differ; 0 where none do. */
export function compareBytes(cx: FunctionContext, left: Value, right: Value, size: Value): Value {
  const { b } = cx
  const result = b.alloca(4, 4, "difference")
  b.store(4, result, i32(0))
  eachByte(cx, size, (i, leave) => {
    const x = b.load("i32", 1, false, b.ptradd(left, i))
    const y = b.load("i32", 1, false, b.ptradd(right, i))
    b.store(4, result, b.binary("sub", x, y))
    leave(b.cmp("ne", x, y))
  })
  return b.load("i32", 4, false, result)
}
