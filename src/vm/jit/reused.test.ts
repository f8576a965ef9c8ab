import assert from "node:assert/strict"
import { test } from "node:test"
import { Random } from "../../../tests/support/random.ts"
import { randomBpf } from "../../../tests/support/randomBpf.ts"
import type { CodeImage } from "../index.ts"
import { translate } from "./program.ts"
import { Reused } from "./reused.ts"

function moduleOf(seed: number): Uint8Array {
  const insns = randomBpf(new Random(seed))
  const probes = new Uint8Array(2 * insns.length)
  const image: CodeImage = { name: "random", insns, kfuncs: [], helper: () => undefined, probes }
  return translate(image, { verified: true }).bytes
}

test("a program becomes the same module, whatever was translated before", () => {
  const seeds = Array.from({ length: 60 }, (_, k) => 900 + k)
  const forwards = seeds.map(moduleOf)
  const backwards = seeds.toReversed().map(moduleOf).toReversed()
  assert.deepEqual(backwards, forwards)
})

test("an array is given again, and is what was asked for where it is looked at", () => {
  const reused = new Reused(Int32Array)
  const first = reused.filled(3, -1)
  first[2] = 7
  assert.deepEqual([...reused.filled(4, 0).subarray(0, 4)], [0, 0, 0, 0])
  assert.equal(reused.any(3), first)
})

test("an array that is needed once in a long time is not kept", () => {
  const reused = new Reused(Uint8Array)
  assert.ok(reused.any(1_000_000).length >= 1_000_000)
  assert.ok(reused.any(10).length < 1000)
})
