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

/** A loop that goes round at once where `g` gives 0, and has a long body otherwise, at whose end `carried` is the next total. */
const loopWithBody = (carried: string) =>
  parseModule(`program @f section "test"
func @f(ptr %p, i64 %n) -> i64 {
b0:
 jump b1
b1:
 %1 = phi i64 [b0: 0], [b3: %6]
 %2 = phi i64 [b0: 0], [b3: %7]
 %3 = call helper 7 get_prandom_u32() -> i64
 %4 = cmp eq i64 %3, 0
 br %4, b3, b2
b2:
${Array.from({ length: 14 }, (_, i) => ` %${i + 20} = call helper 5 ktime_get_ns() -> i64\n store 8 %p, %${i + 20}\n %${i + 40} = call helper 7 get_prandom_u32() -> i64\n store 8 %p, %${i + 40}`).join("\n")}
 %5 = add i64 %2, %20
 jump b3
b3:
 %7 = phi i64 [b1: %2], [b2: ${carried}]
 %6 = add i64 %1, 1
 %8 = cmp ult i64 %6, 100
 br %8, b1, b4
b4:
 ret %7
}`)

/** The instruction behind the test of what the first call in a loop gave. */
function behindFirstTest(carried: string): string {
  const [{ insns }] = generate(loopWithBody(carried), { cpu: 3, check: true }).programs
  const lines = disassemble(insns, { syntax: "llvm", slots: false }).trim().split("\n")
  return lines[lines.findIndex(line => line.includes("if r0")) + 1]
}

test("the short way round a loop comes first where its body changes nothing that goes on", () => {
  assert.match(behindFirstTest("%2"), /r\d \+= 1/)
  assert.match(behindFirstTest("%5"), /call/)
})
