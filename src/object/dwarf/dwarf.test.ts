import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { sampleObject } from "../../../tests/support/sampleObject.ts"
import { findTool, inTempDir, runTool } from "../../../tests/support/tools.ts"
import { type BpfObject, readElf, writeElf } from "../index.ts"
import { DwarfBytes } from "./bytes.ts"

const dwarfdump = findTool("llvm-dwarfdump-19", "llvm-dwarfdump-20", "llvm-dwarfdump")
const addr2line = findTool("llvm-addr2line-19", "llvm-addr2line-20", "llvm-addr2line")
const skip = dwarfdump === undefined && "llvm-dwarfdump is not installed"

const debug = { producer: "skep test", directory: "/src" }

/** Writes an object with DWARF and calls `use` with its path. */
function written<T>(object: BpfObject, use: (path: string) => T): T {
  return inTempDir(dir => {
    const path = join(dir, "a.o")
    writeFileSync(path, writeElf(object, { debug }))
    return use(path)
  })
}

test("llvm-dwarfdump finds nothing wrong", { skip }, () => {
  const text = written(sampleObject(), path => runTool(dwarfdump!, "--verify", path))
  assert.match(text, /Verifying \.debug_line\.\.\.\n(.*\n)*No errors\.\n/)
  assert.doesNotMatch(text, /warning|error:/)
})

test("the unit says who made it, where, and which functions it has", { skip }, () => {
  const object = sampleObject()
  const text = written(object, path => runTool(dwarfdump!, "--debug-info", path))
  assert.match(text, /DW_AT_producer\t\("skep test"\)/)
  assert.match(text, /DW_AT_comp_dir\t\("\/src"\)/)
  const names = [...text.matchAll(/DW_TAG_subprogram\n\s+DW_AT_name\t\("(\w+)"\)/g)].map(([, name]) => name)
  assert.deepEqual(names.sort(), [...object.programs, ...object.functions].map(fn => fn.name).sort())
  assert.match(text, /DW_TAG_formal_parameter\n\s+DW_AT_name\t\("ctx"\)\n\s+DW_AT_type\t\(0x\w+ "void \*"\)/)
})

test("each row of the line table is a line of the object", { skip }, () => {
  const object = sampleObject()
  const text = written(object, path => runTool(dwarfdump!, "--debug-line", path))
  const rows = [...text.matchAll(/^0x(\w+) +(\d+) +(\d+) +\d+ .*is_stmt$/gm)].map(([, at, line, column]) =>
    [Number.parseInt(at, 16), Number(line), Number(column)].join(),
  )
  const slot = (fn: BpfObject["functions"][number], insn: number): number =>
    fn.insns.slice(0, insn).reduce((sum, { imm64 }) => sum + (imm64 === undefined ? 1 : 2), 0)
  const want: string[] = []
  for (const fn of [...object.functions, ...object.programs]) {
    for (const info of fn.lineInfo)
      want.push([8 * slot(fn, info.insn), object.lines[info.line].line, info.column].join())
  }
  // Addresses count from each section, and functions of .text follow each other.
  assert.equal(rows.length, want.length)
  assert.deepEqual(
    rows.map(row => row.replace(/^\d+,/, "")),
    want.map(row => row.replace(/^\d+,/, "")),
  )
})

test("an address leads to its line", { skip: addr2line === undefined && "llvm-addr2line is not installed" }, () => {
  const sample = sampleObject()
  const [count] = sample.programs.filter(({ name }) => name === "count")
  // A file with one function: addresses of an object count from each section.
  const alone = { ...count, relocations: [] }
  const object = { ...sample, programs: [alone], functions: [], maps: [] }
  for (const { insn, line } of count.lineInfo) {
    const at = 8 * count.insns.slice(0, insn).reduce((sum, { imm64 }) => sum + (imm64 === undefined ? 1 : 2), 0)
    const text = written(object, path => runTool(addr2line!, "-f", "-e", path, `0x${at.toString(16)}`).trim())
    assert.match(text, new RegExp(`^count\\n.*:${sample.lines[line].line}$`))
  }
})

test("a reader of objects does not mind", () => {
  const plain = readElf(writeElf(sampleObject()))
  const withDebug = readElf(writeElf(sampleObject(), { debug }))
  assert.deepEqual(withDebug, plain)
})

/** One case: a number in LEB128. */
function leb(value: bigint, signed: boolean, bytes: number[]): void {
  test(`${signed ? "sleb" : "uleb"} ${value}`, () => {
    const out = new DwarfBytes()
    if (signed) out.sleb(value)
    else out.uleb(Number(value))
    assert.deepEqual([...out.encode()], bytes)
  })
}
leb(0n, false, [0])
leb(127n, false, [0x7f])
leb(128n, false, [0x80, 1])
leb(2n ** 32n, false, [0x80, 0x80, 0x80, 0x80, 0x10])
leb(0n, true, [0])
leb(63n, true, [0x3f])
leb(64n, true, [0xc0, 0])
leb(-1n, true, [0x7f])
leb(-64n, true, [0x40])
leb(-65n, true, [0xbf, 0x7f])
leb(2n ** 63n, true, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1])
