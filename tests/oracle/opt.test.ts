import assert from "node:assert/strict"
import { test } from "node:test"
import { optimise } from "../../src/opt/index.ts"
import { interpret } from "../support/irInterp.ts"
import { lowerC } from "../support/lowerC.ts"
import { oracleArguments, oracleFunctions } from "./functions.ts"
import { generateFunction } from "./generate/index.ts"
import { type Arguments, oracleText } from "./native.ts"
import { Random } from "./random.ts"

/** First seed and number of random functions; another range can be tried by hand. */
const first = Number(process.env.SKEP_SEED ?? 1)
const count = Number(process.env.SKEP_COUNT ?? 60)

/** Holds a function before and after the optimiser to the same results; the optimiser checks its work after each pass. */
function sameAfterOptimising(text: string, tried: readonly Arguments[]): void {
  const plain = lowerC(text)
  const optimised = lowerC(text)
  optimise(optimised, { check: true })
  for (const args of tried) {
    assert.equal(
      interpret(optimised.functions[0], args, { module: optimised }).value,
      interpret(plain.functions[0], args, { module: plain }).value,
      `oracle(${args.join(", ")})\n${text}`,
    )
  }
}

for (const f of oracleFunctions) {
  test(`optimised: ${f.before} ${f.body}`, () => sameAfterOptimising(oracleText(f, "oracle"), oracleArguments))
}

for (let seed = first; seed < first + count; seed++) {
  test(`optimised: random function ${seed}`, () => {
    const random = new Random(seed)
    const args = Array.from({ length: 4 }, (): Arguments => [random.word(), random.word(), random.word()])
    sameAfterOptimising(oracleText(generateFunction(seed), "oracle"), args)
  })
}
