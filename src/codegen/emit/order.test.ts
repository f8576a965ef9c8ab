import assert from "node:assert/strict"
import { test } from "node:test"
import { parseModule } from "../../ir/index.ts"
import { disassemble } from "../../isa/index.ts"
import { generate } from "../index.ts"

test("what is in bounds comes right behind the test, whichever way round it is written", () => {
  for (const [pred, above, within] of [
    ["ugt", "b1", "b2"],
    ["ule", "b2", "b1"],
  ]) {
    const module = parseModule(`program @f section "test"
func @f(ptr %p, i64 %n) -> i64 {
b0:
 %1 = cmp ${pred} i64 %n, 5
 br %1, b1, b2
${above}:
 %2 = load i64 u4 %p
 jump b3
${within}:
 %3 = load i64 u8 %p
 jump b3
b3:
 %4 = phi i64 [${above}: %2], [${within}: %3]
 %5 = mul i64 %4, %n
 ret %5
}`)
    const [{ insns }] = generate(module, { cpu: 3, check: true }).programs
    const [test, next] = disassemble(insns, { syntax: "llvm", slots: false }).trim().split("\n")
    assert.match(test, /if r2 > 5 goto/)
    assert.match(next, /u64/)
  }
})
