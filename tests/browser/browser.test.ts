import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { golden } from "../support/golden.ts"
import { apiTests, browserTests, bundleApiTests, bundleTests, type TestPage } from "./bundle.ts"
import { findChromium, runInChromium } from "./chromium.ts"
import type { FileOutcomes } from "./page.ts"

const chromium = findChromium()

const skip = chromium === undefined && "no Chromium"

test("the tests of rooms for browsers pass in Chromium", { skip }, async t =>
  passes(t, await bundleTests(browserTests()), "rooms"),
)

test("the tests of the API pass in Chromium", { skip }, async t => passes(t, await bundleApiTests(apiTests()), "api"))

/**
 * Runs a page of tests. What failed in it fails here, each file that needs no computer must have run a test, and how many tests of a file were skipped is
 * held in a file, so that none falls silent unseen.
 */
async function passes(t: TestContext, page: TestPage, skipped: string): Promise<void> {
  const all: FileOutcomes[] = []
  await runInChromium(chromium!, page, one => all.push(one))
  for (const { file, outcomes, needs } of all) {
    const passed = outcomes.filter(({ state }) => state === "pass").length
    const failed = outcomes.filter(({ state }) => state === "fail")
    if (failed.length === 0 && !page.must.has(file)) continue
    await t.test(`${file}: ${passed} tests`, () => {
      assert.equal(failed.map(({ name, why }) => `${name}\n${why}`).join("\n"), "")
      // A file of which each test has a reason of its own to be skipped is in the list below.
      assert.ok(needs === undefined && outcomes.length > 0, `it ran no test: ${needs}`)
    })
  }
  await t.test("no other tests are skipped than before", () => {
    const names = all.flatMap(({ file, outcomes }) =>
      outcomes.filter(({ state }) => state === "skip").map(({ name, why }) => `${file}: ${name}: ${why}`),
    )
    try {
      golden(`tests/golden/browser/skipped-${skipped}.txt`, all.map(skippedLine).join(""))
    } catch (error) {
      t.diagnostic(`skipped:\n${names.join("\n")}`)
      throw error
    }
  })
  const count = all.flatMap(({ outcomes }) => outcomes).filter(({ state }) => state === "pass").length
  t.diagnostic(`${t.name}: ${count} tests of ${all.length} files`)
}

/** `src/isa/codec.test.ts: 2`, or `all` of a file that cannot be read without a computer; nothing where none was skipped. */
function skippedLine({ file, outcomes, needs }: FileOutcomes): string {
  const count = outcomes.filter(({ state }) => state === "skip").length
  return needs === undefined && count === 0 ? "" : `${file}: ${needs === undefined ? count : "all"}\n`
}
