import assert from "node:assert/strict"
import { test } from "node:test"
import { SkepError } from "../base/index.ts"
import { checkModule, parseModule, printFunction } from "../ir/index.ts"
import { inlineCalls } from "./inline.ts"

const withF = (body: string, others: string) =>
  parseModule(`module "m" license "GPL"\nprogram @f section "socket"\nfunc @f(i32 %a) -> i32 {\n${body}\n}\n${others}`)

test("a call becomes the body, and a function that nobody calls goes", () => {
  const module = withF(
    "b0:\n %1 = call @twice(%a) -> i32\n ret %1",
    "static func @twice(i32 %x) -> i32 {\nb0:\n %1 = add i32 %x, %x\n ret %1\n}",
  )
  inlineCalls(module, () => {})
  assert.deepEqual(checkModule(module), [])
  assert.deepEqual(
    module.functions.map(f => f.name),
    ["f"],
  )
  assert.match(printFunction(module.functions[0]), /add i32 %a, %a/)
})

test("noinline keeps a function", () => {
  const module = withF(
    "b0:\n %1 = call @twice(%a) -> i32\n ret %1",
    "static func @twice(i32 %x) -> i32 noinline {\nb0:\n %1 = add i32 %x, %x\n ret %1\n}",
  )
  inlineCalls(module, () => {})
  assert.match(printFunction(module.functions[0]), /call @twice\(%a\)/)
})

test("calls of calls that grow beyond all size are an error", () => {
  let others = "static func @s0(i32 %x) -> i32 {\nb0:\n %1 = add i32 %x, 1\n ret %1\n}\n"
  for (let i = 1; i <= 24; i++) {
    const call = (from: string) => `call @s${i - 1}(${from}) -> i32`
    others += `static func @s${i}(i32 %x) -> i32 {\nb0:\n %1 = ${call("%x")}\n %2 = ${call("%1")}\n ret %2\n}\n`
  }
  const module = withF("b0:\n %1 = call @s24(%a) -> i32\n ret %1", others)
  const error = (e: unknown) => e instanceof SkepError && e.code === "OPT_TOO_LARGE"
  assert.throws(() => inlineCalls(module, () => {}), error)
})

test("a call through a pointer is one of the function that the pointer is known to be, and is inlined then", () => {
  const module = withF(
    "b0:\n %1 = funcaddr @twice\n %2 = call @apply(%1, %a) -> i32\n ret %2",
    `static func @apply(ptr %f, i32 %x) -> i32 inline {\nb0:\n %1 = call pointer(%f, %x) -> i32\n ret %1\n}
static func @twice(i32 %x) -> i32 {\nb0:\n %1 = add i32 %x, %x\n ret %1\n}`,
  )
  inlineCalls(module, () => {})
  assert.match(printFunction(module.functions[0]), /add i32 %a, %a/)
})

test("objects whose addresses get away are shared by the bodies of one function", () => {
  const module = withF(
    "b0:\n call @g() -> void\n call @g() -> void\n ret %a",
    `static func @g() -> void inline {\nb0:\n %1 = alloca 8 align 8 "kept"\n %2 = alloca 4 align 4 "own"\n %3 = globaladdr @p\n store 8 %3, %1\n store 4 %2, 1\n ret\n}
global @p .bss+0 size 8 align 8`,
  )
  inlineCalls(module, () => {})
  assert.deepEqual(checkModule(module), [])
  const text = printFunction(module.functions[0])
  assert.deepEqual([text.match(/"kept"/g)?.length, text.match(/"own"/g)?.length], [1, 2])
})
