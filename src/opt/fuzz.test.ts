import { test } from "node:test"
import { passesKeepMeaning, pipelineKeepsMeaning } from "../../tests/support/optDifferential.ts"

// SKEP_FUZZ=10000 tries as many random modules, SKEP_FUZZ=500:100 a hundred from the 500th on.
const asked = (process.env.SKEP_FUZZ ?? "120").split(":").map(Number)
const [first, count] = asked.length === 1 ? [0, asked[0]] : asked

test(`passes in any order keep what ${count} random modules do`, () => {
  for (let seed = first; seed < first + count; seed++) passesKeepMeaning(seed, 10 + (seed % 30))
})

test(`the pipeline keeps what ${count} random modules do`, () => {
  for (let seed = first; seed < first + count; seed++) pipelineKeepsMeaning(seed, 10 + (seed % 60))
})
