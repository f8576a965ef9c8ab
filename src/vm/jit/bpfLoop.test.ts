import assert from "node:assert/strict"
import { test } from "node:test"
import { object, program } from "../../../tests/support/kernel.ts"
import { assemble } from "../../isa/index.ts"
import { VirtualMachine } from "../index.ts"

/** r0 of a program with the function `f` behind it, interpreted and as WebAssembly. */
function gives(text: string, f: string, expected: number): void {
  for (const jit of [false, true]) {
    test(`${jit ? "as WebAssembly" : "interpreted"}: ${text}; f: ${f} gives ${expected}`, () => {
      const insns = assemble(`${text}; exit\nf:; ${f}; exit`.replaceAll("; ", "\n"))
      const programs = [program("run", insns, { type: "syscall" })]
      using loaded = new VirtualMachine({ jit, verify: false, budget: 10_000_000 }).load(object({ programs }))
      assert.equal(loaded.program("run").testRun({}).retval, expected >>> 0)
    })
  }
}

const SUM = "r0 = *(u64 *)(r2 + 0); r0 += r1; *(u64 *)(r2 + 0) = r0; r0 = 0"
const loop = (count: string, flags = 0): string =>
  `*(u64 *)(r10 - 16) = 5; *(u64 *)(r10 - 8) = 0; ${count}; r2 = subprog[f]; r3 = r10; r3 += -8; r4 = ${flags}; call bpf_loop`

gives(`${loop("r1 = 10")}; r0 = *(u64 *)(r10 - 8)`, SUM, 45)
gives(loop("r1 = 10"), SUM, 10)
gives(loop("r1 = 0"), SUM, 0)
gives(loop("r1 = -1"), SUM, 0xffff_fff9)
gives(loop("r1 = 0x100000003 ll"), SUM, 3)
gives(`${loop("r1 = -1")}; r0 >>= 32`, SUM, 0)
gives(loop("r1 = 10", 1), SUM, -22)
gives(`${loop("r1 = 10", 1)}; r0 >>= 32`, SUM, -1)
gives(loop("r1 = 10"), "r0 = 0; if r1 < 4 goto +1; r0 = 1", 5)
gives(loop("r1 = 10"), "r0 = 0x100000000 ll", 10)
// The function reaches a slot of its caller below the one that it is given.
gives(
  `${loop("r1 = 3")}; r0 = *(u64 *)(r10 - 16)`,
  "r0 = *(u64 *)(r2 - 8); r0 += r0; *(u64 *)(r2 - 8) = r0; r0 = 0",
  40,
)
gives(`r7 = 3; ${loop("r1 = 1000")}; r0 += r7`, "r6 = r1; r7 = 99; r0 = 0", 1003)
// Which function it is, is decided when it runs.
gives(
  "r2 = subprog[f]; r6 = 0; if r1 != 0 goto +1; r2 = r6; r1 = 6; r3 = 0; r4 = 0; call bpf_loop",
  "r0 = 0; if r1 < 3 goto +1; r0 = 1",
  4,
)

/** A program whose loops do not end in time. */
function ends(text: string, f: string, code: string): void {
  test(`${text}; f: ${f} ends with ${code}`, () => {
    const insns = assemble(`${text}; exit\nf:; ${f}; r0 = 0; exit`.replaceAll("; ", "\n"))
    const programs = [program("run", insns, { type: "syscall" })]
    using loaded = new VirtualMachine({ verify: false, budget: 10_000 }).load(object({ programs }))
    assert.throws(() => loaded.program("run").testRun({}), { code })
  })
}
ends(loop("r1 = 100000"), "r6 = 0", "VM_BUDGET")
ends(loop("r1 = 1000"), loop("r1 = 1000"), "VM_STACK")
