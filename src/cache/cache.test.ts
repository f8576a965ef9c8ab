import assert from "node:assert/strict"
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, afterEach, test } from "node:test"
import { cacheFolder, keep, openKept, readKept } from "./index.ts"

const top = mkdtempSync(join(tmpdir(), "skep-cache-"))
const folder = join(top, "skep")
process.env.XDG_CACHE_HOME = top
delete process.env.SKEP_CACHE
after(() => rmSync(top, { recursive: true, force: true }))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const some = Buffer.from("some bytes")

test("what is kept is read", () => {
  keep("a-1", some)
  assert.deepEqual(readKept("a-1"), some)
  assert.equal(readKept("a-2"), undefined)
  assert.deepEqual(readdirSync(folder), ["a-1"])
})

test("what is kept again takes the other's place", () => {
  keep("a-1", Buffer.from("old"))
  keep("a-1", some)
  assert.deepEqual(readKept("a-1"), some)
})

test("parts of what is kept are read, also when another took its place meanwhile", () => {
  keep("a-1", some)
  const file = openKept("a-1")!
  keep("a-1", Buffer.from("other"))
  assert.equal(file.size, some.length)
  assert.deepEqual(Buffer.from(file.read(5, 5)), Buffer.from("bytes"))
  assert.throws(() => file.read(5, 6), /cut/)
  file.close()
  assert.equal(openKept("a-2"), undefined)
})

test("four of a kind are kept, the newest", () => {
  keep("b-1", some)
  for (let n = 1; n <= 6; n++) {
    keep(`a-${n}`, some)
    utimesSync(join(folder, `a-${n}`), n, n)
  }
  assert.deepEqual(readdirSync(folder).sort(), ["a-3", "a-4", "a-5", "a-6", "b-1"])
})

test("a file that others can write is not trusted", () => {
  keep("a-1", some)
  chmodSync(join(folder, "a-1"), 0o620)
  assert.equal(readKept("a-1"), undefined)
})

test("a link is not followed", () => {
  keep("a-1", some)
  symlinkSync("a-1", join(folder, "a-2"))
  assert.equal(readKept("a-2"), undefined)
})

test("a folder that others can write is not used", () => {
  mkdirSync(folder)
  chmodSync(folder, 0o777)
  keep("a-1", some)
  assert.deepEqual(readdirSync(folder), [])
  assert.equal(cacheFolder(), undefined)
})

test("without a folder nothing is kept, and nothing is wrong", () => {
  process.env.XDG_CACHE_HOME = "/proc/no such place"
  keep("a-1", some)
  assert.equal(readKept("a-1"), undefined)
  process.env.XDG_CACHE_HOME = top
})

test("SKEP_CACHE=off", () => {
  process.env.SKEP_CACHE = "off"
  keep("a-1", some)
  assert.equal(cacheFolder(true), undefined)
  delete process.env.SKEP_CACHE
})
