import assert from "node:assert/strict"
import { test } from "node:test"
import { disassemble } from "./disasm.ts"
import { assembleInline } from "./inlineAsm.ts"

/** The text of an `asm`, and its instructions. */
function assembles(text: string, expected: string): void {
  test(text, () => {
    const { insns } = assembleInline(text)
    const lines = disassemble(insns, { syntax: "llvm", slots: false }).trim().split("\n")
    assert.equal(lines.map(line => line.trim()).join("; "), expected)
  })
}

assembles("r1 = 1; r2 = r1\nr0 = 0", "r1 = 1; r2 = r1; r0 = 0")
assembles("r1 = 1 # one\n // nothing\n /* and\n more */ exit", "r1 = 1; exit")
assembles("1: r1 += 1; if r1 < 5 goto 1b; goto 1f; 1: exit", "r1 += 1; if r1 < 5 goto -2; goto +0; exit")
assembles(".Lx: .Ly: r0 = 0; goto .Lx", "r0 = 0; goto -2")
assembles(".8byte 0x00000007000000b7; exit", "r0 = 7; exit")

test("operands are registers beyond the machine's", () => {
  assert.deepEqual(assembleInline("r$0 = *(u32 *)(r$2 + 4); w$1 = w$0").insns, [
    { op: 0x61, dst: 16, src: 18, off: 4, imm: 0 },
    { op: 0xbc, dst: 17, src: 16, off: 0, imm: 0 },
  ])
})

test("names are given back", () => {
  const { symbols } = assembleInline("r1 = table ll; call function; r0 = 0")
  assert.deepEqual(
    [...symbols],
    [
      [0, { kind: "ksym", name: "table" }],
      [1, { kind: "call", name: "function" }],
    ],
  )
})

test("a raw instruction needs a number", () => {
  assert.throws(() => assembleInline(".8byte insn"), { code: "ISA_ASM_SYNTAX" })
})
