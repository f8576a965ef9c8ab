import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../support/kernel.ts"
import { describe, fuzz } from "./run.ts"

/** What this test gets of the time; a longer run is `npm run verifier -- fuzz`. */
const SECONDS = process.env.CI === undefined ? 10 : 60

test("random and changed programs: the same verdict as the running kernel's", { skip: needsRoot }, () => {
  const start = performance.now()
  const { results, found } = fuzz(1, () => performance.now() - start > 1000 * SECONDS)
  assert.ok(results.length > 0)
  assert.equal(found.map(describe).join("\n"), "")
})
