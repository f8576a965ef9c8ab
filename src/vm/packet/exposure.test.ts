import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { Memory } from "../memory.ts"
import { Exposure } from "./exposure.ts"

const SIZE = 256

test("programs may touch what is shown last, from its granule on, and nothing else", () => {
  const range = fc.tuple(fc.nat(SIZE), fc.nat(SIZE))
  fc.assert(
    fc.property(fc.array(range, { minLength: 1, maxLength: 8 }), ranges => {
      const memory = new Memory()
      const start = memory.allocate(SIZE + 8, "packet", { access: "none" })
      const exposure = new Exposure(memory)
      for (const [a, b] of ranges) {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        exposure.show(start + from, start + to)
        for (let at = 0; at < SIZE; at++) {
          assert.equal(memory.writable(start + at, 1), at >= (from & ~7) && at < to, `${from}–${to}: ${at}`)
        }
      }
      exposure.hide()
      assert.ok(!memory.readable(start, 1))
    }),
    { numRuns: 200 },
  )
})
