import { type Call, evaluate, knownString } from "../../c/index.ts"
import type { Value } from "../ir.ts"
import { i32 } from "../values.ts"
import type { FunctionContext } from "./context.ts"
import { value } from "./expr.ts"

/** Bytes up to which strings are compared one by one, without a loop. */
const MOST_COMPARED = 64

/**
 * `strcmp(s, t)` and `strncmp(s, t, n)` where that takes a known number of steps: one of them is a string that is known, or n is a constant.
 * Undefined where neither is.
 *
 *     strcmp(s, "ab")      s[0] != 'a' ? s[0] - 'a' : s[1] != 'b' ? s[1] - 'b' : s[2]
 */
export function compareStrings(cx: FunctionContext, e: Call): Value | undefined {
  const [left, right] = [knownString(e.args[0]), knownString(e.args[1])]
  const bound = e.args.length > 2 ? evaluate(e.args[2]) : undefined
  if (e.args.length > 2 && bound === undefined) return undefined
  const ends = [left, right].flatMap(s => (s === undefined ? [] : [s.length + 1]))
  const steps = Math.min(...ends, bound === undefined ? Number.POSITIVE_INFINITY : Number(bound))
  if (steps > MOST_COMPARED) return undefined
  const { b } = cx
  const bases = [value(cx, e.args[0]), value(cx, e.args[1])]
  const byteAt = (known: Uint8Array | undefined, base: Value, i: number): Value =>
    known === undefined ? b.load("i32", 1, false, b.ptradd(base, i)) : i32(known[i] ?? 0)
  const result = b.alloca(4, 4, "difference")
  const end = b.newBlock()
  b.store(4, result, i32(0))
  for (let i = 0; i < steps; i++) {
    const [x, y] = [byteAt(left, bases[0], i), byteAt(right, bases[1], i)]
    b.store(4, result, b.binary("sub", x, y))
    if (i === steps - 1) break
    const same = b.newBlock()
    b.br(b.cmp("eq", x, y), same, end)
    b.start(same)
    // The end of a string that is known comes with the last step.
    if (left !== undefined || right !== undefined) continue
    const next = b.newBlock()
    b.br(x, next, end)
    b.start(next)
  }
  b.jump(end)
  b.start(end)
  return b.load("i32", 4, false, result)
}

/** `strcpy(to, "known")` copies its bytes; undefined for a string that is not known. */
export function copyString(cx: FunctionContext, e: Call): Value | undefined {
  const text = knownString(e.args[1])
  if (text === undefined) return undefined
  const to = value(cx, e.args[0])
  cx.b.memcpy(to, value(cx, e.args[1]), text.length + 1, 1)
  return to
}
