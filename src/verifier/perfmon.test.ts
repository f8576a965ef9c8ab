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
