import assert from "node:assert/strict"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { guestImage, whyNoGuest } from "./image.ts"
import { runInGuest } from "./run.ts"

const folder = `build/run-test-${process.pid}`
const head = 'const { test, describe } = require("node:test")\n'

/** Each file ends in another way; the last one that runs takes the guest with it. */
const files = {
  "a-passes.js":
    'test("one", () => {}); describe("group", () => { test("two", () => {}); test("three", { skip: "why" }) })',
  "b-fails.js": 'test("bad", () => { throw new Error("it is bad") }); test("nested", t => t.test("good", () => {}))',
  "c-crashes.js": 'console.log("before"); test("x", () => process.kill(process.pid, "SIGSEGV"))',
  "d-leaves.js": 'console.error("no module"); process.exit(3)',
  "d-says-nothing.js": "",
  "e-panics.js": 'test("y", () => require("fs").writeFileSync("/proc/sysrq-trigger", "c"))',
  "f-waits.js": 'test("z", () => {})',
}

const missing = whyNoGuest("6.1")
test("every file in the guest is accounted for, however it ends", missing ? { skip: missing } : {}, async () => {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), head + text)
  writeFileSync(join(folder, "package.json"), '{"type":"commonjs"}')
  const seen: string[] = []
  await runInGuest(
    guestImage("6.1"),
    Object.keys(files).map(name => join(folder, name)),
    ({ path, skip, error }) => {
      const what = error ? `: ${error.message.replace(/\s+/g, " ")}` : skip ? ` (${skip})` : ""
      seen.push(path.join(" > ").replace(`${folder}/`, "") + what)
    },
  )
  rmSync(folder, { recursive: true })
  assert.deepEqual(seen.slice(0, 8), [
    "a-passes.ts > one",
    "a-passes.ts > group > two",
    "a-passes.ts > group > three (why)",
    "b-fails.ts > bad: it is bad",
    "b-fails.ts > nested > good",
    "c-crashes.ts: the file ended by signal 11 after 0 tests before Segmentation fault ",
    "d-leaves.ts: the file ended with status 3 after 0 tests no module ",
    "d-says-nothing.ts: the file reported no test ",
  ])
  assert.match(
    seen[8]!,
    /^e-panics.ts: the guest crashed in this file .*Kernel panic - not syncing: sysrq triggered crash/,
  )
  assert.match(seen[9]!, /^f-waits.ts: not run: the guest crashed in .*e-panics.ts$/)
  assert.equal(seen.length, 10)
})
