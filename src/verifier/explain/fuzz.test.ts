import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import * as fc from "fast-check"
import { explainRefusal } from "./explain.ts"
import { summarise } from "./log.ts"
import { splitLog } from "./report.ts"

const lines = ["6.1", "6.18"]
  .flatMap(version => readFileSync(`tests/golden/verifier/linux-${version}.log`, "utf8").split("\n"))
  .concat(
    "Verification failed: Memory Safety: x",
    "Reason:",
    "At:",
    "  f @ a.c:1:2",
    "  Instruction context:",
    "  >>> 3 | exit",
    "",
  )

/** A log whose lines are in no order, some of them cut or run together. */
const log = fc
  .array(fc.tuple(fc.constantFrom(...lines), fc.nat(80), fc.constantFrom("\n", "\n", "\n", "")), { maxLength: 30 })
  .map(parts => parts.map(([line, cut, end]) => (cut < 10 ? line.slice(cut) : line) + end).join(""))

test("every log is explained in one line, or not at all", () => {
  fc.assert(
    fc.property(log, text => {
      const { plain, report } = splitLog(text)
      const { reason } = summarise(plain)
      const explained = explainRefusal({
        log: plain,
        reason,
        type: "xdp",
        report,
        placeOf: () => "a.c:1",
        mapAt: () => "m",
      })
      if (explained === undefined) return
      assert.doesNotMatch(explained.what, /undefined|NaN|\n/)
      assert.doesNotMatch(explained.hint, /undefined|NaN|\n/)
    }),
    { numRuns: 3000 },
  )
})
