import assert from "node:assert/strict"
import { test } from "node:test"
import { object, program } from "../../../tests/support/kernel.ts"
import { assemble } from "../../isa/index.ts"
import { VirtualMachine } from "../index.ts"

function run(text: string, budget: number): number {
  const insns = assemble(text.replaceAll(/; |(?<=:) /g, "\n"))
  const programs = [program("run", insns, { type: "syscall" })]
  using loaded = new VirtualMachine({ verify: false, budget }).load(object({ programs }))
  return loaded.program("run").testRun({}).retval
}

/** A program that no verifier has seen needs so much of a budget, give or take its code without turns. */
function needs(text: string, turns: number, expected: number): void {
  test(`${text} gives ${expected} with a budget for ${turns} turns`, () => {
    assert.equal(run(text, turns * 8 + 32), expected)
    assert.throws(() => run(text, turns), { code: "VM_BUDGET" })
  })
}

needs("r0 = 0; r1 = 0; top: r0 += r1; r1 += 1; if r1 < 1000 goto top; exit", 1000, 499_500)
needs("r0 = 0; r1 = 0; top: if r1 >= 1000 goto +3; r0 += r1; r1 += 1; goto top; exit", 1000, 499_500)
// A loop in a loop, and one that vectors make.
needs(
  "r0 = 0; r1 = 0; top: r2 = 0; in: r0 += r2; r2 += 1; if r2 < 50 goto in; r1 += 1; if r1 < 100 goto top; exit",
  5000,
  122_500,
)
needs("r0 = 0; r1 = 0; top: w0 += w1; w1 += 1; if w1 < 1000 goto top; exit", 1000, 499_500)
// Turns that nobody knows before.
needs("r0 = 0; r1 = 1; top: r0 += r1; r1 *= 2; r1 &= 0xffff; if r1 != 0 goto top; exit", 16, 65_535)
needs("r0 = 0; r1 = 0; top: r0 += 1; r1 += r0; if r1 < 5000 goto top; exit", 99, 100)

for (const loop of ["top: goto top", "r1 = 0; top: r1 += 0; if r1 < 5 goto top; r0 = 0; exit"]) {
  test(`${loop} ends`, () => assert.throws(() => run(loop, 100_000), { code: "VM_BUDGET" }))
}

test("a loop that a load of a short packet ends is not paid for in full", () => {
  const text = "r6 = r1; r7 = 0; top: r0 = *(u32 *)skb[1000]; r7 += 1; if r7 < 100000 goto top; exit"
  const insns = assemble(text.replaceAll(/; |(?<=:) /g, "\n"))
  const programs = [program("run", insns, { type: "socket_filter" })]
  using loaded = new VirtualMachine({ verify: false, budget: 1000 }).load(object({ programs }))
  assert.equal(loaded.program("run").testRun({ data: new Uint8Array(64) }).retval, 0)
})
