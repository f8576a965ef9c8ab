import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { apiTests, browserTests, bundleApiTests, bundleTests, type TestPage } from "./bundle.ts"
import { findChromium, runInChromium } from "./chromium.ts"
import type { FileOutcomes } from "./page.ts"

const chromium = findChromium()

const skip = chromium === undefined && "no Chromium"

test("the tests of rooms for browsers pass in Chromium", { skip }, async t =>
  passes(t, await bundleTests(browserTests())),
)

test("the tests of the API pass in Chromium", { skip }, async t => passes(t, await bundleApiTests(apiTests())))

/** Runs a page of tests. What failed in it fails here, and each file that needs no computer must have run a test. */
async function passes(t: TestContext, page: TestPage): Promise<void> {
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
  t.diagnostic(`${t.name}: ${count} tests of ${all.length} files`)
}
