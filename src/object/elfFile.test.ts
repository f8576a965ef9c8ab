import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import fc from "fast-check"
import { sampleObject } from "../../tests/support/sampleObject.ts"
import { findTool, inTempDir, runTool } from "../../tests/support/tools.ts"
import { SkepError } from "../base/index.ts"
import { ElfFile, readElf, writeElf } from "./index.ts"

const sample = writeElf(sampleObject())

test("sections, symbols and relocations are found", () => {
  const elf = new ElfFile(sample)
  assert.equal(elf.littleEndian, true)
  assert.equal(elf.machine, 247)
  const names = elf.sections.map(section => section.name)
  for (const name of ["", ".text", "socket", "xdp", ".maps", ".BTF", ".BTF.ext", "license", ".symtab", ".strtab"]) {
    assert.ok(names.includes(name), name)
  }
  const text = elf.section(".text")!
  const add = elf.symbols.find(symbol => symbol.name === "add")!
  assert.deepEqual([add.section, add.value, add.size], [text.index, 0, 32])
  const [first] = elf.relocations(elf.section("socket")!)
  assert.deepEqual([first.offset, first.type, first.symbol.name, first.addend], [32, 1, "stats", 0])
  assert.deepEqual([...elf.data(elf.section("license")!)], [71, 80, 76, 0])
  assert.equal(elf.data(elf.section(".bss")!).length, 16)
})

/** A tiny big-endian file: an empty section, a string table with names, and a symbol table without symbols. */
function bigEndian(): Uint8Array {
  const bytes = new Uint8Array(64 + 16 + 2 * 64)
  const view = new DataView(bytes.buffer)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 2, 1])
  view.setUint16(16, 1)
  view.setUint16(18, 247)
  view.setUint32(44, 80)
  view.setUint16(58, 64)
  view.setUint16(60, 2)
  view.setUint16(62, 1)
  bytes.set(new TextEncoder().encode("\0.strtab\0"), 64)
  const at = 80 + 64
  view.setUint32(at, 1)
  view.setUint32(at + 4, 3)
  view.setUint32(at + 28, 64)
  view.setUint32(at + 36, 16)
  return bytes
}

test("big-endian files are read", () => {
  const elf = new ElfFile(bigEndian())
  assert.equal(elf.littleEndian, false)
  assert.equal(elf.machine, 247)
  assert.deepEqual(
    elf.sections.map(section => section.name),
    ["", ".strtab"],
  )
  assert.deepEqual(elf.symbols, [])
})

/** The change makes the reader refuse the file with this code. */
function refused(what: string, code: string, change: (bytes: Uint8Array, view: DataView) => unknown): void {
  test(`refuses ${what}`, () => {
    const copy = sample.slice()
    const changed = change(copy, new DataView(copy.buffer))
    const bytes = changed instanceof Uint8Array ? changed : copy
    assert.throws(
      () => {
        const elf = new ElfFile(bytes)
        for (const section of elf.sections) elf.relocations(section)
        for (const section of elf.sections) elf.data(section)
      },
      (error: unknown) => error instanceof SkepError && error.code === code && error.hint !== undefined,
    )
  })
}

const table = Number(new DataView(sample.buffer).getBigUint64(40, true))
/** Where the header of a section is. */
const header = (name: string): number => table + 64 * new ElfFile(sample).section(name)!.index

refused("an empty file", "OBJECT_ELF_MAGIC", () => new Uint8Array())
refused("text", "OBJECT_ELF_MAGIC", () => new TextEncoder().encode("int x;"))
refused("half a header", "OBJECT_ELF_TRUNCATED", bytes => bytes.subarray(0, 40))
refused("a 32-bit file", "OBJECT_ELF_MAGIC", bytes => bytes.fill(1, 4, 5))
refused("an unknown byte order", "OBJECT_ELF_HEADER", bytes => bytes.fill(3, 5, 6))
refused("a file without its end", "OBJECT_ELF_TRUNCATED", bytes => bytes.subarray(0, -1))
refused("section headers of another size", "OBJECT_ELF_HEADER", (_, view) => view.setUint16(58, 40, true))
refused("section headers outside", "OBJECT_ELF_TRUNCATED", (_, view) => view.setUint32(40, 1 << 30, true))
refused("section headers far outside", "OBJECT_ELF_HEADER", (_, view) => view.setInt32(44, -1, true))
refused("no section of names", "OBJECT_ELF_HEADER", (_, view) => view.setUint16(62, 999, true))
refused("a name outside", "OBJECT_ELF_STRING", (_, view) => view.setUint32(header(".text"), 1 << 20, true))
refused("a section outside", "OBJECT_ELF_TRUNCATED", (_, view) => view.setUint32(header(".text") + 32, 1 << 20, true))
refused("a huge section without bytes", "OBJECT_ELF_SIZE", (_, view) => view.setUint32(header(".bss") + 36, 1, true))
refused("half a symbol", "OBJECT_ELF_SYMBOL", (_, view) => {
  const at = header(".symtab") + 32
  view.setUint32(at, view.getUint32(at, true) - 8, true)
})
refused("a symbol in no section", "OBJECT_ELF_SYMBOL", (_, view) => {
  view.setUint16(new ElfFile(sample).section(".symtab")!.offset + 24 + 6, 999, true)
})
refused("a relocation of no symbol", "OBJECT_ELF_RELOCATION", (_, view) => {
  view.setUint32(new ElfFile(sample).section(".relsocket")!.offset + 12, 999, true)
})
refused("a relocation outside", "OBJECT_ELF_RELOCATION", (_, view) => {
  view.setUint32(new ElfFile(sample).section(".relsocket")!.offset, 99999, true)
})

test("any damage is an error with a code", () => {
  const damage = fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(damage, fc.oneof(fc.constant(sample.length), fc.nat(sample.length)), (changes, length) => {
      const bytes = sample.slice(0, length)
      for (const [at, value] of changes) bytes[at] = value
      try {
        readElf(bytes)
      } catch (error) {
        assert.ok(error instanceof SkepError, String((error as Error).stack))
        assert.match(error.code, /^(OBJECT|ISA|BTF)_/)
      }
    }),
    { numRuns: 400 },
  )
})

test("damage of headers and tables is an error with a code", () => {
  const elf = new ElfFile(sample)
  const symtab = elf.section(".symtab")!
  const spots = [...Array(64).keys(), ...Array.from({ length: sample.length - table }, (_, i) => table + i)]
  for (let i = 0; i < symtab.size; i++) spots.push(symtab.offset + i)
  fc.assert(
    fc.property(fc.constantFrom(...spots), fc.nat(7), (at, bit) => {
      const bytes = sample.slice()
      bytes[at] ^= 1 << bit
      try {
        readElf(bytes)
      } catch (error) {
        assert.ok(error instanceof SkepError, String((error as Error).stack))
      }
    }),
    { numRuns: 600 },
  )
})

const readelf = findTool("readelf")
test("readelf reads what is written", { skip: readelf === undefined && "readelf is not installed" }, () => {
  inTempDir(dir => {
    const path = join(dir, "sample.o")
    writeFileSync(path, sample)
    const text = runTool(readelf!, "-aW", path)
    assert.doesNotMatch(text, /warning|error|corrupt/i)
    assert.match(text, /Machine: +Linux BPF/)
    assert.match(text, /32 FUNC +LOCAL +DEFAULT +\d+ add\n/)
    assert.match(text, /OBJECT +GLOBAL DEFAULT +\d+ stats\n/)
    assert.match(text, /R_BPF_INSN_64 +0+ stats\n/)
    assert.match(text, /R_BPF_INSN_DISP32 +0+ add\n/)
  })
})
