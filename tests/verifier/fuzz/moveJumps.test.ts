import assert from "node:assert/strict"
import { test } from "node:test"
import { assemble, encodeInsns } from "../../../src/isa/index.ts"
import { moveJumps } from "./moveJumps.ts"

const encoded = (text: string): Uint8Array => encodeInsns(assemble(text.replaceAll("; ", "\n")))

/** The jumps of a program once slots at a place are taken out and others put there. */
function moves(source: string, [at, removed, inserted]: readonly [number, number, number], expected: string): void {
  test(`${source}: at ${at}, ${removed} out, ${inserted} in`, () => {
    assert.deepEqual(moveJumps(encoded(source), at, removed, inserted), encoded(expected))
  })
}

moves("if r1 == 0 goto pc+1; r0 = 1; exit", [1, 1, 0], "if r1 == 0 goto pc+0; r0 = 1; exit")
moves("if r1 == 0 goto pc+1; r0 = 1; exit", [1, 0, 3], "if r1 == 0 goto pc+4; r0 = 1; exit")
moves("if r1 == 0 goto pc+1; r0 = 1; exit", [0, 0, 3], "if r1 == 0 goto pc+1; r0 = 1; exit")
moves("r0 = 1; r0 += 1; if r0 < 9 goto pc-2; exit", [1, 0, 2], "r0 = 1; r0 += 1; if r0 < 9 goto pc-4; exit")
moves("r0 = 1; r0 += 1; if r0 < 9 goto pc-2; exit", [3, 0, 2], "r0 = 1; r0 += 1; if r0 < 9 goto pc-2; exit")
moves("call pc+1; exit; r0 = 1; exit", [1, 0, 1], "call pc+2; exit; r0 = 1; exit")
