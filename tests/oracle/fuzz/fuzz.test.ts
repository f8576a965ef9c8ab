import assert from "node:assert/strict"
import { test } from "node:test"
import { tryInput } from "./check.ts"
import { fuzzInput } from "./input.ts"

test("the first 300 inputs of the fuzzer compile or are refused with a code", () => {
  let compiled = 0
  for (let seed = 1; seed <= 300; seed++) {
    try {
      if (tryInput(fuzzInput(seed), seed) === "compiles") compiled++
    } catch (cause) {
      throw new Error(`input ${seed}\n${fuzzInput(seed)}`, { cause })
    }
  }
  assert.ok(compiled > 15, `only ${compiled} compile`)
})
