import assert from "node:assert/strict"
import { test } from "node:test"
import { checkFunction, findLoops, type IrFunction, parseFunction, printFunction } from "../ir/index.ts"
import { type Pass, passes } from "./passes.ts"

/** Runs passes over a function's body (`func @f(i32 %a, ptr %p) -> i32`) and compares the text. */
function pass(name: string, list: readonly Pass[], before: string, after: string): void {
  test(name, () => {
    const text = (body: string) => `func @f(i32 %a, ptr %p) -> i32 {\n${body}}\n`
    const func = parseFunction(text(before))
    for (const p of list) p.run(func)
    assert.deepEqual(checkFunction(func), [])
    assert.equal(plain(func), plain(parseFunction(text(after))))
  })
}
/** The text with values and blocks numbered in order of appearance. */
function plain(func: IrFunction): string {
  const names = new Map<string, string>()
  return printFunction(func).replace(/%\d+|\bb\d+\b/g, name => {
    if (!names.has(name)) names.set(name, `${name[0]}${names.size}`)
    return names.get(name)!
  })
}

const { mem2reg, simplify, dce, gvn, dse, cfg, sroa, stores, unroll } = passes

pass(
  "a stored parameter is the value loaded",
  [mem2reg],
  'b0:\n %1 = alloca 4 align 4 "n"\n store 4 %1, %a\n %2 = load i32 u4 %1\n ret %2\n',
  "b0:\n ret %a\n",
)
pass(
  "paths meet in a phi",
  [mem2reg],
  'b0:\n %1 = alloca 4 align 4 "n"\n store 4 %1, 1\n br %a, b1, b2\nb1:\n store 4 %1, 2\n jump b2\nb2:\n %2 = load i32 u4 %1\n ret %2\n',
  "b0:\n br %a, b1, b2\nb1:\n jump b2\nb2:\n %3 = phi i32 [b0: 1], [b1: 2]\n ret %3\n",
)
pass(
  "a pair is two objects, and then two values",
  [sroa, mem2reg],
  'b0:\n %1 = alloca 8 align 4 "s"\n memset 8 align 4 %1, 0\n %2 = ptradd %1, 4\n store 4 %2, %a\n %3 = load i32 u4 %1\n %4 = load i32 u4 %2\n %5 = add i32 %3, %4\n ret %5\n',
  "b0:\n %5 = add i32 0, %a\n ret %5\n",
)
pass("zero added is nothing added", [simplify], "b0:\n %1 = add i32 0, %a\n ret %1\n", "b0:\n ret %a\n")
pass("what nobody uses goes", [dce], "b0:\n %1 = add i32 %a, 1\n ret %a\n", "b0:\n ret %a\n")
pass(
  "a load of a local behind a join takes what each way stored",
  [gvn],
  'b0:\n %1 = alloca 4 align 4 "n"\n store 4 %1, 1\n br %a, b1, b2\nb1:\n store 4 %1, %a\n jump b2\nb2:\n %2 = load i32 u4 %1\n ret %2\n',
  'b0:\n %1 = alloca 4 align 4 "n"\n store 4 %1, 1\n br %a, b1, b2\nb1:\n store 4 %1, %a\n jump b2\nb2:\n %2 = phi i32 [b0: 1], [b1: %a]\n ret %2\n',
)
pass(
  "a load behind a join stays where one way does not know, and behind what may write",
  [gvn],
  "b0:\n br %a, b1, b2\nb1:\n store 4 %p, 1\n jump b3\nb2:\n store 4 %p, 1\n jump b3\nb3:\n %1 = ptradd %p, 2\n store 4 %1, %a\n %2 = load i32 u4 %p\n br %a, b4, b5\nb4:\n store 4 %p, 5\n jump b6\nb5:\n store 1 %p, 7\n jump b6\nb6:\n %3 = load i32 u4 %p\n %4 = add i32 %2, %3\n ret %4\n",
  "b0:\n br %a, b1, b2\nb1:\n store 4 %p, 1\n jump b3\nb2:\n store 4 %p, 1\n jump b3\nb3:\n %1 = ptradd %p, 2\n store 4 %1, %a\n %2 = load i32 u4 %p\n br %a, b4, b5\nb4:\n store 4 %p, 5\n jump b6\nb5:\n store 1 %p, 7\n jump b6\nb6:\n %3 = load i32 u4 %p\n %4 = add i32 %2, %3\n ret %4\n",
)
pass(
  "a constant at the end of a local fills eight bytes",
  [stores],
  'b0:\n %1 = alloca 10 align 4 "n"\n %2 = ptradd %1, 8\n store 2 %2, 10\n %3 = call helper 6 bpf_trace_printk(%1, i32 10) -> i64\n ret %a\n',
  'b0:\n %1 = alloca 16 align 8 "n"\n %2 = ptradd %1, 8\n store 8 %2, 10\n %3 = call helper 6 bpf_trace_printk(%1, i32 10) -> i64\n ret %a\n',
)
pass(
  "a constant in front of what another store writes stays narrow",
  [stores],
  'b0:\n %1 = alloca 14 align 4 "n"\n %2 = ptradd %1, 8\n %3 = ptradd %1, 12\n store 1 %3, %a\n store 2 %2, 10\n %4 = call helper 6 bpf_trace_printk(%1, i32 14) -> i64\n ret %a\n',
  'b0:\n %1 = alloca 14 align 4 "n"\n %2 = ptradd %1, 8\n %3 = ptradd %1, 12\n store 1 %3, %a\n store 2 %2, 10\n %4 = call helper 6 bpf_trace_printk(%1, i32 14) -> i64\n ret %a\n',
)
pass(
  "a store is forwarded to its load",
  [gvn],
  "b0:\n store 4 %p, %a\n %1 = load i32 u4 %p\n ret %1\n",
  "b0:\n store 4 %p, %a\n ret %a\n",
)
pass(
  "a fill that is written over goes",
  [dse],
  'b0:\n %1 = alloca 8 align 8 "k"\n memset 8 align 4 %1, 0\n store 4 %1, 1\n %2 = ptradd %1, 4\n store 4 %2, 2\n %3 = call helper 2 (%p, %1, %1, i32 0) -> i32\n ret %3\n',
  'b0:\n %1 = alloca 8 align 8 "k"\n store 4 %1, 1\n %2 = ptradd %1, 4\n store 4 %2, 2\n %3 = call helper 2 (%p, %1, %1, i32 0) -> i32\n ret %3\n',
)
pass(
  "bytes of a constant that was stored are known",
  [gvn, dce],
  "b0:\n store 8 %p, -2\n %1 = ptradd %p, 1\n %2 = load i32 s1 %1\n %3 = load i32 u2 %p\n %4 = ptradd %p, 6\n %5 = load i32 u4 %4\n %6 = add i32 %2, %3\n %7 = add i32 %6, %5\n ret %7\n",
  "b0:\n store 8 %p, -2\n %1 = ptradd %p, 6\n %2 = load i32 u4 %1\n %3 = add i32 -1, 65534\n %4 = add i32 %3, %2\n ret %4\n",
)
pass(
  "a known branch is taken by its predecessors",
  [cfg],
  "b0:\n br %a, b1, b2\nb1:\n jump b3\nb2:\n jump b3\nb3:\n %1 = phi i32 [b1: 1], [b2: 0]\n br %1, b4, b5\nb4:\n ret 7\nb5:\n ret 8\n",
  "b0:\n br %a, b4, b5\nb4:\n ret 7\nb5:\n ret 8\n",
)
pass(
  "a test before two returns of the same is none",
  [cfg, dce],
  "b0:\n %1 = cmp ult i32 %a, 3\n br %1, b1, b2\nb1:\n ret 7\nb2:\n ret 7\n",
  "b0:\n ret 7\n",
)
pass(
  "a counted loop is written out",
  [unroll, simplify, cfg, simplify, cfg, dce],
  "b0:\n jump b1\nb1: unroll full\n %1 = phi i32 [b0: 0], [b2: %3]\n %2 = phi i32 [b0: %a], [b2: %4]\n %5 = cmp ult i32 %1, 3\n br %5, b2, b3\nb2:\n %3 = add i32 %1, 1\n %4 = mul i32 %2, %a\n jump b1\nb3:\n ret %2\n",
  "b0:\n %1 = mul i32 %a, %a\n %2 = mul i32 %1, %a\n %3 = mul i32 %2, %a\n ret %3\n",
)

pass(
  "a place behind a relocated or unknown offset is the same place again",
  [gvn],
  `b0:
 %1 = core i64 field_byte_offset 3 "0:1" = 8
 %2 = ptradd %p, %1
 %3 = load i32 u4 %2
 %4 = core i64 field_byte_offset 3 "0:1" = 8
 %5 = ptradd %p, %4
 %6 = load i32 u4 %5
 %7 = add i32 %3, %6
 ret %7
`,
  `b0:
 %1 = core i64 field_byte_offset 3 "0:1" = 8
 %2 = ptradd %p, %1
 %3 = load i32 u4 %2
 %7 = add i32 %3, %3
 ret %7
`,
)
pass(
  "a store behind one unknown offset may meet another",
  [gvn],
  `b0:
 %1 = zext i64 %a
 %2 = ptradd %p, %1
 %3 = ptradd %2, 4
 %4 = load i32 u4 %3
 store 4 %2, 1
 %5 = load i32 u4 %3
 store 4 %p, 2
 %6 = load i32 u4 %3
 %7 = add i32 %4, %5
 %8 = add i32 %7, %6
 ret %8
`,
  `b0:
 %1 = zext i64 %a
 %2 = ptradd %p, %1
 %3 = ptradd %2, 4
 %4 = load i32 u4 %3
 store 4 %2, 1
 store 4 %p, 2
 %6 = load i32 u4 %3
 %7 = add i32 %4, %4
 %8 = add i32 %7, %6
 ret %8
`,
)
test("each of many loops is unrolled in a large function", () => {
  const loops = Array.from({ length: 2000 }, (_, i) => {
    const [x, y, c] = [3 * i + 1, 3 * i + 2, 3 * i + 3]
    const [before, at, next] = [2 * i, 2 * i + 1, 2 * i + 2]
    return `b${before}:\n jump b${at}\nb${at}:\n %${x} = phi i32 [b${before}: 0], [b${at}: %${y}]\n %${y} = add i32 %${x}, 1\n %${c} = cmp ult i32 %${y}, 1\n br %${c}, b${at}, b${next}\n`
  })
  const func = parseFunction(`func @f(i32 %a) -> i32 {\n${loops.join("")}b4000:\n ret %a\n}\n`)
  unroll.run(func)
  simplify.run(func)
  cfg.run(func)
  assert.deepEqual(checkFunction(func), [])
  assert.equal(findLoops(func).loops.length, 0)
})
