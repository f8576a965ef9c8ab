import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import fc from "fast-check"
import { arbitraryInsns, everyForm } from "../../tests/support/arbitraryInsn.ts"
import { findTool, inTempDir, runTool } from "../../tests/support/tools.ts"
import { ElfFile } from "../object/index.ts"
import * as isa from "./index.ts"

const objdump = findTool("llvm-objdump-19", "llvm-objdump-20", "llvm-objdump-21")
const mc = findTool("llvm-mc-19", "llvm-mc-20", "llvm-mc-21")
const skip = (objdump === undefined || mc === undefined) && "llvm-objdump-19 and llvm-mc-19 are not installed"

/** What LLVM's disassembler says, one line an instruction, without slots and without names of places. */
function llvmText(insns: isa.Insn[]): string[] {
  return inTempDir(dir => {
    const bytes = [...isa.encodeInsns(insns)]
    writeFileSync(join(dir, "a.s"), `.byte ${bytes.join(",")}\n`)
    runTool(mc!, "-triple", "bpfel", "-filetype=obj", "-o", join(dir, "a.o"), join(dir, "a.s"))
    return instructions(
      runTool(objdump!, "-d", "--mcpu=v4", "--no-print-imm-hex", "--no-show-raw-insn", join(dir, "a.o")),
    )
  })
}

/** The instructions of a listing, without slots and without what stands in angle brackets. */
const instructions = (text: string): string[] =>
  text
    .split("\n")
    .filter(line => /^ *\d+:[ \t]/.test(line))
    .map(line =>
      line
        .replace(/^ *\d+:\s+/, "")
        .replace(/ <[^<>]*>$/, "")
        .replace(/\t/g, " "),
    )

/** LLVM 19 does not know these two, and its indirect packet load has no immediate. */
const unknownToLlvm = (insn: isa.Insn): boolean =>
  ((insn.op & 0xe7) === 0xc3 && insn.imm >= 0x100) || ((insn.op & 0xe7) === 0x40 && insn.imm !== 0)

test("every form of instruction reads as in llvm-objdump", { skip }, () => {
  const insns = [...everyForm(), ...everyForm(3, 4, 12, -1, -1)].filter(insn => !unknownToLlvm(insn))
  assert.deepEqual(instructions(isa.disassemble(insns, { syntax: "llvm" })), llvmText(insns))
})

test("random instructions read as in llvm-objdump", { skip }, () => {
  const lists = fc.sample(arbitraryInsns(40), 40)
  const insns = lists.flat().filter(insn => !unknownToLlvm(insn))
  assert.deepEqual(instructions(isa.disassemble(insns, { syntax: "llvm" })), llvmText(insns))
})

test("llvm-mc assembles what is written to the same bytes", { skip }, () => {
  // It has no way to write kinds of calls, and reads distances of gotol as 16 bits.
  const insns = [...everyForm(), ...everyForm(3, 4, 12, -1, -1)].filter(
    insn => !unknownToLlvm(insn) && !(insn.op === isa.OP_CALL && insn.src !== 0) && (insn.src < 1 || !insn.imm64),
  )
  const bytes = inTempDir(dir => {
    writeFileSync(join(dir, "a.s"), isa.disassemble(insns, { syntax: "llvm", slots: false }))
    runTool(mc!, "-triple", "bpfel", "-mcpu=v4", "-filetype=obj", "-o", join(dir, "a.o"), join(dir, "a.s"))
    const elf = new ElfFile(readFileSync(join(dir, "a.o")))
    return elf.data(elf.section(".text")!)
  })
  assert.deepEqual(isa.decodeInsns(bytes), insns)
})
