import assert from "node:assert/strict"
import { test } from "node:test"
import { assemble } from "../../isa/index.ts"
import { type CodeImage, Core, compile, FixedEnvironment, interpret, KERNEL, Memory, Run } from "../index.ts"

const memory = new Memory()
const run = new Run(new Core(memory, new FixedEnvironment(), 100_000))
const context = memory.allocate(64, "context")
const data = memory.allocate(64, "data")
for (let at = 0; at < 64; at++) memory.u8[data + at] = at + 1

/** Low word of r0 of a program that finds the address of 64 bytes (1, 2, 3, …) in r7. `table` stands for that address. */
function gives(text: string, expected: number): void {
  test(`${text} gives ${expected}`, () => {
    const table = `0x${((BigInt(KERNEL >>> 0) << 32n) | BigInt(data)).toString(16)} ll`
    const insns = assemble(`r7 = ${table}; ${text}; exit`.replaceAll("table", table).replaceAll("; ", "\n"))
    const image: CodeImage = { name: "t", insns, kfuncs: [], helper: () => undefined, probes: new Uint8Array(128) }
    for (const code of [interpret(image), compile(image), compile(image, { verified: true })]) {
      assert.equal(run.start({ kind: "program", name: "t", type: "syscall", code }, context), expected)
    }
  })
}

const loop = (text: string): string =>
  `r0 = 0; r6 = 0; again: ${text}; w6 += 1; if r6 < 4 goto again`.replace("again: ", "again:; ")
gives("r0 = *(u8 *)(r7 + 5)", 6)
gives(loop("r5 = table; r5 += r6; r1 = *(u8 *)(r5 + 1); r0 += r1"), 14)
// The index is a copy of a register that is written again later on.
gives(loop("r5 = table; r3 = r6; r5 += r3; r1 = *(u8 *)(r5 + 1); r0 += r1"), 14)
gives(loop("r5 = table; r3 = r6; r3 += 2; r5 += r3; r1 = *(u8 *)(r5 + 1); r0 += r1"), 22)
gives(loop("r5 = table; r3 = r6; r5 += r3; w6 += 1; r1 = *(u8 *)(r5 + 1); r0 += r1"), 6)
gives(loop("r3 = r6; r3 += 3; r5 = table; r5 += r3; r4 = r5; r4 += 4; r1 = *(u8 *)(r4 + 1); r0 += r1"), 42)
gives(loop("r3 = r6; r5 = table; r5 += r3; r5 += r6; r1 = *(u8 *)(r5 + 1); r0 += r1"), 20)
