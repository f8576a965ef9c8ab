import assert from "node:assert/strict"
import { test } from "node:test"
import { assemble, encodeInsns } from "../isa/index.ts"
import { verify } from "./index.ts"

/** What a socket filter is refused for without CAP_PERFMON; with it, it is taken. */
function seesTooMuch(source: string, why: string): void {
  test(source, () => {
    const insns = encodeInsns(assemble(source.replaceAll("; ", "\n")))
    assert.equal(verify({ insns, type: "socket_filter" }).refusal?.message, undefined)
    assert.equal(verify({ insns, type: "socket_filter", perfmon: false }).refusal?.message, why)
  })
}

seesTooMuch("r0 = r10; exit", "R0 leaks addr as return value")
seesTooMuch("r0 = *(u64 *)(r10 -8); exit", "invalid read from stack R10 off=-8 size=8")
seesTooMuch("r0 = r10; r0 -= r1; exit", "R0 pointer -= pointer prohibited")
seesTooMuch("r0 = 0; if r1 > 5 goto pc+0; exit", "R1 pointer comparison prohibited")
seesTooMuch("*(u64 *)(r10 -8) = r1; *(u8 *)(r10 -8) = 3; r0 = 0; exit", "attempt to corrupt spilled pointer on stack")

/** What only a program without any privilege is refused for. */
for (const source of [
  "r6 = r10; r0 = 0; r0 += 1; if r0 < 20 goto pc-2; exit",
  "*(u64 *)(r10 -16) = 0; *(u64 *)(r10 -8) = 0; r2 = *(u32 *)(r1 +0); r2 &= 7; r3 = r10; r3 += -16; r3 += r2; r0 = *(u8 *)(r3 +0); exit",
]) {
  test(`allowed without CAP_PERFMON: ${source}`, () => {
    const insns = encodeInsns(assemble(source.replaceAll("; ", "\n")))
    assert.equal(verify({ insns, type: "socket_filter", perfmon: false }).refusal?.message, undefined)
    assert.notEqual(verify({ insns, type: "socket_filter", privileged: false }).refusal?.message, undefined)
  })
}
