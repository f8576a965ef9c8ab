import type { Span } from "../../base/index.ts"
import type { Expr, Type } from "../../c/index.ts"
import type { Value } from "../ir.ts"
import { i64 } from "../values.ts"
import { copyInto } from "./aggregate.ts"
import type { FunctionContext, Place } from "./context.ts"
import { sizeFor } from "./repr.ts"

/**
 * The convention that BPF compilers share: a struct, union or `__int128` of up to 16 bytes is passed in as many registers as it has begun words
 * of 8 bytes, what lies above its last byte being anything; a larger one as the address of a copy. The program's own functions get the address
 * always, which costs nothing once they are inlined.
 */
export function wordsOf(type: Type, span: Span): number | undefined {
  const size = sizeFor(type, span)
  return size > 16 ? undefined : Math.ceil(size / 8)
}

/** The words of an argument. */
export function wordsOfArgument(cx: FunctionContext, arg: Expr, type: Type, words: number): Value[] {
  const { b } = cx
  if (words === 0) return []
  const copy = cx.temporary(type, "argument", arg.span, 8)
  const last = b.ptradd(copy.address, 8 * (words - 1))
  // Older verifiers refuse to read bytes of the stack that nobody wrote.
  if (sizeFor(type, arg.span) % 8 !== 0) b.store(8, last, i64(0))
  copyInto(cx, arg, copy)
  return Array.from({ length: words }, (_, i) =>
    b.load("i64", 8, false, i === words - 1 ? last : copy.address, { align: 8 }),
  )
}

/** A parameter that came in words. */
export function placeOfWords(cx: FunctionContext, type: Type, name: string, span: Span, words: Value[]): Place {
  const place = cx.temporary(type, name, span, 8)
  words.forEach((word, i) => {
    cx.b.store(8, cx.b.ptradd(place.address, 8 * i), word, { align: 8 })
  })
  return place
}
