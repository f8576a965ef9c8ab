import assert from "node:assert/strict"
import { test } from "node:test"
import { build } from "esbuild"
import { findChromium, runInChromium } from "./chromium.ts"
import type { Outcome } from "./nodeTest.ts"

const chromium = findChromium()

test("skep in a page", { skip: chromium === undefined && "no Chromium" }, async t => {
  const { outputFiles } = await build({
    entryPoints: ["tests/browser/library.ts"],
    bundle: true,
    format: "esm",
    write: false,
    target: "chrome110",
  })
  const outcomes: Outcome[] = []
  const files = new Map([["/main.js", outputFiles[0].contents]])
  await runInChromium(chromium!, { files, must: new Set() }, one => outcomes.push(...one.outcomes))
  const expect: Readonly<Record<string, unknown>> = {
    "a program is compiled, verified and run, and its table read": [46, ["1024: 3"]],
    "types of the kernel are those of the snapshot": ["kprobe kprobe__do_exit"],
    "events come to the page": { n: 50 },
    "a mistake has its line and its caret": ["C_UNDECLARED", true],
    "a file that a page cannot read": [
      "cannot read program.c: a browser has no files",
      "fetch it, and give its text or its bytes",
    ],
    "what only a computer has says so": ["BPF_FILE", "BROWSER_NO_COMPUTER", "BROWSER_NO_COMPUTER"],
  }
  assert.equal(outcomes.length, Object.keys(expect).length, outcomes[0]?.why)
  for (const { name, state, why } of outcomes) {
    await t.test(name, () => {
      assert.equal(state, "pass", why)
      assert.deepEqual(JSON.parse(why!), expect[name])
    })
  }
})
