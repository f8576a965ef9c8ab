import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { SkepError } from "../base/index.ts"
import { ElfImage, ElfSymbols } from "./elf/index.ts"
import { parseLdCache } from "./process/ldCache.ts"
import { parseMaps, processMaps } from "./process/maps.ts"
import { PerfMap } from "./process/perfMap.ts"
import { parseUsdtArguments, type UsdtArgument } from "./usdt/arguments.ts"
import { usdtProbes } from "./usdt/probes.ts"

/** `s4 di`, `u8 [bp+si*4-20+sym]`, `u4 5`, `?` */
function argumentText({ place, size, signed }: UsdtArgument): string {
  const type = `${signed ? "s" : "u"}${size} `
  if (place.kind === "constant") return type + place.value
  if (place.kind === "register")
    return type + place.register.member + (place.register.shift ? `>>${place.register.shift}` : "")
  if (place.kind !== "memory") return "?"
  const { base, index, scale, offset, symbol } = place
  return `${type}[${[base?.member ?? "ip", index && `${index.member}*${scale}`, String(offset), symbol].filter(x => x !== undefined).join(" ")}]`
}
function reads(machine: number, text: string, ...want: string[]): void {
  test(`arguments ${text}`, () => assert.deepEqual(parseUsdtArguments(text, machine).map(argumentText), want))
}
const X86 = 62
const ARM = 183
reads(X86, "-4@%edi 8@$-5 1@%ah 2@%r9w 8@%rsp", "s4 di", "u8 -5", "u1 ax>>8", "u2 r9", "u8 sp")
reads(X86, "-4@-20(%rbp) 8@(%rax) 8@8(%rax,%rbx,4) 8@0x10(,%rcx,8)", "s4 [bp -20]", "u8 [ax 0]", "u8 [ax bx*4 8]", "?")
reads(
  X86,
  "4@counter(%rip) 4@counter+8(%rip) 4@8+counter(%rip) 4@table(%rdx)",
  "u4 [ip 0 counter]",
  "u4 [ip 8 counter]",
  "u4 [ip 8 counter]",
  "u4 [dx 0 table]",
)
reads(X86, "8f@%xmm0 4@%xmm1 16@%rax @ 8@ 8@$ 8@4(%rip) 8@%nothing -8@", "?", "?", "?", "?", "?", "?", "?", "?", "?")
reads(X86, "%rax", "u8 ax")
reads(X86, "")
reads(ARM, "-4@w0 8@x30 8@5 8@#-1 8@sp 8@x31", "s4 regs[0]", "u8 regs[30]", "u8 5", "u8 -1", "u8 sp", "?")
reads(
  ARM,
  "8@[x29] 8@[sp, 24] -4@[x29, #-16] 8@[x1, x2] 8@[x1, x2, lsl 3]",
  "u8 [regs[29] 0]",
  "u8 [sp 24]",
  "s4 [regs[29] -16]",
  "u8 [regs[1] regs[2]*1 0]",
  "u8 [regs[1] regs[2]*8 0]",
)
reads(243, "8@a0", "?")

test("the parts of a process's memory", () => {
  const text = [
    "55d0c0a00000-55d0c0a28000 r-xp 00002000 fe:01 1234                       /usr/bin/with blank",
    "7f0000000000-7f0000001000 rw-p 00000000 00:00 0 ",
    "7f0000002000-7f0000003000 r-xp 00000000 00:01 99    /memfd:jit (deleted)",
    "7ffe0000-7fff0000 r-xp 00000000 00:00 0                          [vdso]",
    "no such line",
    "",
  ].join("\n")
  const short = parseMaps(text).map(m => [m.start.toString(16), m.executable, m.fileOffset, m.inode, m.path, m.deleted])
  assert.deepEqual(short, [
    ["55d0c0a00000", true, 0x2000, 1234, "/usr/bin/with blank", false],
    ["7f0000000000", false, 0, 0, "", false],
    ["7f0000002000", true, 0, 99, "/memfd:jit", true],
    ["7ffe0000", true, 0, 0, "[vdso]", false],
  ])
  assert.deepEqual(processMaps(2 ** 22 + 1), [])
})

test("a perf map: later code takes the place of earlier, names may have blanks", () => {
  const map = new PerfMap(Buffer.from("1000 100 first\n1080 40 second one\nzz\n1000 10 third\n0x2000 0x10 fourth"))
  const at = (address: number): string => {
    const found = map.locate(address)
    return found === undefined ? "" : `${found.name}+${found.offset}`
  }
  assert.deepEqual([0xfff, 0x1000, 0x1010, 0x1090, 0x10f0, 0x1100, 0x200f, 0x2010].map(at), [
    "",
    "third+0",
    "first+16",
    "second one+16",
    "first+240",
    "",
    "fourth+15",
    "",
  ])
})

/** A cache as glibc writes it. */
function ldCache(...libraries: readonly (readonly [name: string, path: string])[]): Buffer {
  const header = Buffer.alloc(48 + libraries.length * 24)
  header.write("glibc-ld.so.cache1.1")
  header.writeUInt32LE(libraries.length, 20)
  header[28] = 2
  let strings = ""
  for (const [i, [name, path]] of libraries.entries()) {
    const at = 48 + i * 24
    header.writeUInt32LE(0x303, at)
    header.writeUInt32LE(header.length + strings.length, at + 4)
    strings += `${name}\0`
    header.writeUInt32LE(header.length + strings.length, at + 8)
    strings += `${path}\0`
  }
  return Buffer.concat([header, Buffer.from(strings)])
}

test("the dynamic linker's cache", () => {
  const bytes = ldCache(["libc.so.6", "/lib/libc.so.6"], ["libm.so.6", "/lib/libm.so.6"])
  assert.deepEqual(parseLdCache(bytes), [
    { flags: 0x303, name: "libc.so.6", path: "/lib/libc.so.6" },
    { flags: 0x303, name: "libm.so.6", path: "/lib/libm.so.6" },
  ])
  const old = Buffer.alloc(32)
  old.write("ld.so-1.7.0\0")
  old.writeUInt32LE(1, 12)
  assert.equal(parseLdCache(Buffer.concat([old, bytes])).length, 2)
  assert.deepEqual(parseLdCache(Buffer.from("ld.so-1.7.0\0")), [])
})

test("damaged files are refused or read in part, never more", () => {
  const file = readFileSync("/proc/self/exe").subarray(0, 1 << 16)
  const small = smallElf()
  const cache = ldCache(["libc.so.6", "/lib/libc.so.6"])
  let seed = 1
  const random = (n: number): number => (seed = Math.imul(seed, 48271) >>> 1) % n
  for (const whole of [file, small]) {
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(whole.subarray(0, i % 3 === 0 ? random(whole.length) : whole.length))
      for (let n = 0; n < 4 && bytes.length > 0; n++)
        bytes[random(Math.min(bytes.length, n === 0 ? 64 : bytes.length))] = random(256)
      try {
        const image = ElfImage.of(bytes, "damaged")
        const symbols = new ElfSymbols(image)
        symbols.locate(4096)
        symbols.find("main")
        usdtProbes(image)
      } catch (error) {
        assert.ok(error instanceof SkepError && error.code === "SYMBOLS_ELF", String(error))
      }
    }
  }
  for (let i = 0; i < 2000; i++) {
    const bytes = Buffer.from(cache.subarray(0, random(cache.length + 1)))
    for (let n = 0; n < 3 && bytes.length > 0; n++) bytes[random(bytes.length)] = random(256)
    parseLdCache(bytes)
    parseMaps(bytes.toString("latin1"))
    new PerfMap(bytes).locate(4096)
    parseUsdtArguments(bytes.toString("latin1"), i % 2 ? X86 : ARM)
  }
})

/** A 32-bit big-endian library with one function. */
function smallElf(): Buffer {
  const names = "\0.symtab\0.strtab\0bees\0"
  const bytes = Buffer.alloc(52 + 32 + 3 * 40 + 32 + names.length)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 2, 1])
  const sections = 84
  const symbols = sections + 120
  bytes.writeUInt16BE(3, 16)
  bytes.writeUInt16BE(20, 18)
  bytes.writeUInt32BE(52, 28)
  bytes.writeUInt32BE(sections, 32)
  for (const [i, value] of [32, 1, 40, 3, 2].entries()) bytes.writeUInt16BE(value, 42 + i * 2)
  for (const [i, value] of [1, 0, 0x1000, 0x1000, 4096, 4096, 5, 4096].entries()) bytes.writeUInt32BE(value, 52 + i * 4)
  const section = (n: number, fields: readonly number[]): void => {
    for (const [i, value] of fields.entries()) bytes.writeUInt32BE(value, sections + n * 40 + i * 4)
  }
  section(1, [1, 2, 0, 0, symbols, 32, 2, 1, 4, 16])
  section(2, [9, 3, 0, 0, symbols + 32, names.length, 0, 0, 1, 0])
  for (const [i, value] of [17, 0x1010, 8].entries()) bytes.writeUInt32BE(value, symbols + 16 + i * 4)
  bytes[symbols + 16 + 12] = 0x12
  bytes.writeUInt16BE(1, symbols + 16 + 14)
  bytes.write(names, symbols + 32, "latin1")
  return bytes
}

test("a 32-bit library in the other byte order", () => {
  const image = ElfImage.of(smallElf(), "small")
  const symbols = new ElfSymbols(image)
  assert.deepEqual(symbols.find("bees"), [
    { name: "bees", address: 0x1010, size: 8, indirect: false, version: undefined },
  ])
  assert.equal(symbols.locate(0x1017)?.name, "bees")
  assert.equal(symbols.locate(0x1018), undefined)
  assert.equal(image.fileOffset(0x1010), 0x10)
  assert.equal(image.address(0x10), 0x1010)
})
