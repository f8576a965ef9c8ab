import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { SourceFile } from "../base/index.ts"
import { defineFlags, includeResolver, parseFlags, readSource } from "./source.ts"

function flags(given: string[], macros: string[], includes: string[]): void {
  test(given.join(" "), () => assert.deepEqual(parseFlags(given), { macros, includes }))
}
flags(["-DA", "-DB=2", "-UA"], ["-DA", "-DB=2", "-UA"], [])
flags(["-D", "A=1", "-I", "x", "-Iy"], ["-DA=1"], ["x", "y"])
flags(["-include", "a.h", "-includeb.h", "-isystem", "s", "-iquoteq"], ["-include a.h", "-include b.h"], ["s", "q"])
flags(["-mcpu=v3", "-nostdinc", "-mlittle-endian", "-pipe"], [], [])
flags(["-O2", "-Wall", "-g", "-std=gnu11", "-fno-builtin", "-w"], [], [])

function badFlags(given: string[], message: RegExp): void {
  test(`${given.join(" ")} is an error`, () => assert.throws(() => parseFlags(given), { code: "BPF_OPTION", message }))
}
badFlags(["-march=x"], /unknown compiler flag '-march=x'/)
badFlags(["foo.c"], /unknown compiler flag 'foo.c'/)
badFlags(["-D"], /flag -D needs a value/)

test("defines", () => {
  const given = { A: true, B: 2, C: '"x"', D: false, E: undefined, F: 0 }
  assert.deepEqual(defineFlags(given), ["-DA=1", "-DB=2", '-DC="x"', "-DF=0"])
})

const folder = mkdtempSync(join(tmpdir(), "skep-source-"))
after(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, "own.h"), "int own;")
const main = new SourceFile(join(folder, "main.c"), "")

test('"own.h" is found beside the file that includes it', () => {
  const resolve = includeResolver([])
  const found = resolve("own.h", "quoted", main)
  assert.equal(found?.text, "int own;")
  assert.equal(resolve("own.h", "quoted", main), found)
})
test("<own.h> is found in the folders given only", () => {
  assert.equal(includeResolver([])("own.h", "angled", main), undefined)
  assert.equal(includeResolver([folder])("own.h", "angled", main)?.name, join(folder, "own.h"))
})
test("a folder is no file to include", () => {
  assert.equal(includeResolver([tmpdir()])(folder.slice(tmpdir().length + 1), "angled", main), undefined)
})

function unreadable(file: string | URL, message: RegExp, code = "BPF_FILE"): void {
  test(`reading ${String(file).replace(folder, "…")}`, () => assert.throws(() => readSource(file), { code, message }))
}
unreadable(join(folder, "none.c"), /cannot read .*none\.c: there is no such file/)
unreadable(folder, /it is a folder/)
unreadable(new URL("https://example.org/a.c"), /only paths and file: URLs/, "BPF_OPTION")
