import assert from "node:assert/strict"
import { test } from "node:test"
import { assertValid, parseModule, printFunction } from "../ir/index.ts"
import { findConstants, foldGlobals } from "./globals.ts"

/** A body on the global `g` (bytes 05 00 00 00 ff…, the address of `h` at 8), and what is left of it. */
function folds(body: string, expected: string, how = "constant"): void {
  test(`${how}: ${body}`, () => {
    const module =
      parseModule(`global @g .data+0 size 16 align 8 ${how} = 05000000ff0000000000000000000000 reloc 8 function @h 0
program @f section "socket"
func @f() -> i64 {\nb0:\n${body}\n}
callback func @h() -> i32 {\nb0:\n ret 0\n}`)
    findConstants(module)
    const [func] = module.functions
    foldGlobals(func, new Map(module.globals.map(g => [g.name, g])))
    assertValid(func, "globals", module)
    assert.equal(
      printFunction(func)
        .split("\n")
        .slice(2, -2)
        .map(line => line.trim())
        .join("; "),
      expected,
    )
  })
}

folds("%1 = globaladdr @g\n%2 = load i64 u4 %1\nret %2", "%1 = globaladdr @g; ret 5")
folds(
  "%1 = globaladdr @g\n%2 = ptradd %1, 4\n%3 = load i64 s1 %2\nret %3",
  "%1 = globaladdr @g; %2 = ptradd %1, 4; ret -1",
)
folds(
  "%1 = globaladdr @g\n%2 = ptradd %1, 8\n%3 = load ptr u8 %2\n%4 = ptrtoint i64 %3\nret %4",
  "%1 = globaladdr @g; %2 = ptradd %1, 8; %5 = funcaddr @h; %4 = ptrtoint i64 %5; ret %4",
)
folds(
  "%1 = globaladdr @g\n%2 = load i64 u8 volatile %1\nret %2",
  "%1 = globaladdr @g; %2 = load i64 u8 volatile %1; ret %2",
)
// A variable of the module's own that is only read is a constant.
folds("%1 = globaladdr @g\n%2 = load i64 u4 %1\nret %2", "%1 = globaladdr @g; ret 5", "internal")
folds("%1 = globaladdr @g\n%2 = load i64 u4 %1\nret %2", "%1 = globaladdr @g; %2 = load i64 u4 %1; ret %2", "")
folds(
  "%1 = globaladdr @g\nstore 8 %1, 1\n%2 = load i64 u4 %1\nret %2",
  "%1 = globaladdr @g; store 8 %1, 1; %2 = load i64 u4 %1; ret %2",
  "internal",
)
