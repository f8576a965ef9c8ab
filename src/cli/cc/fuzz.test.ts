import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { CC_OPTIONS } from "./options.ts"
import { parseCc } from "./parse.ts"
import { splitWords } from "./response.ts"

const word = fc.oneof(
  fc.constantFrom(
    ...CC_OPTIONS.keys(),
    "-x",
    "c",
    "-",
    "--",
    "a.c",
    "b.o",
    "-Xclang",
    "-Wall",
    "-g",
    "-Wp,-MD,x",
    "=",
    "",
    "-f",
    "-W",
  ),
  fc.string({ maxLength: 8 }),
  fc
    .tuple(fc.constantFrom(...CC_OPTIONS.keys(), "-f", "-g", "-W", "-fno-"), fc.string({ maxLength: 6 }))
    .map(parts => parts.join("")),
)

test("every command line is a job, or has problems with a code and one line each", () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), words => {
      const { job, problems } = parseCc(words)
      for (const { code, message } of problems) {
        assert.match(code, /^CLI_CC_(OPTION|REFUSED|INPUT)$/)
        assert.ok(message.length > 5)
      }
      assert.ok(problems.length > 0 || job.inputs.length > 0 || job.answers.length > 0)
    }),
    { numRuns: 2000 },
  )
})

test("every response file is words", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", " ", "\\", '"', "'", "\n") }), text => {
      for (const one of splitWords(text)) assert.equal(typeof one, "string")
    }),
    { numRuns: 2000 },
  )
})
