import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../support/kernel.ts"
import { describe, fuzz } from "./run.ts"

/** Programs that are tried, always the same ones: about a minute with CI set, else less. Others are for `npm run verifier -- fuzz`. */
const PROGRAMS = process.env.CI === undefined ? 3_000 : 20_000
/** On a slow machine the last ones are left out. */
const MOST_SECONDS = 120

test(`${PROGRAMS} programs: the running kernel's verdict, and its results`, { skip: needsRoot }, () => {
  const start = performance.now()
  const { results, ran, found } = fuzz(1, PROGRAMS, () => performance.now() - start > 1000 * MOST_SECONDS)
  assert.equal(found.map(describe).join("\n"), "")
  assert.ok(results.length > 0)
  assert.ok(ran.both > 0.05 * results.length)
})
