import assert from "node:assert/strict"
import { test } from "node:test"
import { browserTests, bundleTests } from "./bundle.ts"
import { findChromium, runInChromium } from "./chromium.ts"
import type { FileOutcomes } from "./page.ts"

const chromium = findChromium()

test("the tests of rooms for browsers pass in Chromium", { skip: chromium === undefined && "no Chromium" }, async t => {
  const page = await bundleTests(browserTests())
  const all: FileOutcomes[] = []
  await runInChromium(chromium!, page, one => all.push(one))
  for (const { file, outcomes, needs } of all) {
    const passed = outcomes.filter(({ state }) => state === "pass").length
    const failed = outcomes.filter(({ state }) => state === "fail")
    if (failed.length === 0 && !page.must.has(file)) continue
    await t.test(`${file}: ${passed} tests`, () => {
      assert.equal(failed.map(({ name, why }) => `${name}\n${why}`).join("\n"), "")
      assert.ok(needs === undefined && passed > 0, `it ran no test: ${needs}`)
    })
  }
  const count = all.flatMap(({ outcomes }) => outcomes).filter(({ state }) => state === "pass").length
  t.diagnostic(`${count} tests of ${all.length} files passed in Chromium`)
})
