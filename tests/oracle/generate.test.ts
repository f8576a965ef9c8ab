import assert from "node:assert/strict"
import { test } from "node:test"
import { checkModule } from "../../src/ir/index.ts"
import { interpret } from "../support/irInterp.ts"
import { lowerC } from "../support/lowerC.ts"
import { generateFunction } from "./generate/index.ts"
import { type Arguments, hasNativeCompiler, oracleText, runNative, runNativeWhereItCan } from "./native.ts"
import { Random } from "./random.ts"

/** First seed and number of functions; another range can be tried by hand. */
const first = Number(process.env.SKEP_SEED ?? 1)
const count = Number(process.env.SKEP_COUNT ?? 150)

const skip = hasNativeCompiler() ? false : "no native C compiler (gcc)"
test(`random functions ${first} to ${first + count - 1} give what they give natively`, { skip }, () => {
  const functions = Array.from({ length: count }, (_, i) => generateFunction(first + i))
  const random = new Random(first)
  const args = Array.from({ length: 6 }, (): Arguments => [random.word(), random.word(), random.word()])
  const native = runNative(functions, args)
  functions.forEach((f, i) => {
    const text = oracleText(f, "oracle")
    const module = lowerC(text)
    assert.deepEqual(checkModule(module), [], `seed ${first + i}\n${text}`)
    args.forEach((given, k) => {
      const { value } = interpret(module.functions[0], given, { module })
      assert.equal(value, native[i][k], `seed ${first + i}: oracle(${given.join(", ")})\n${text}`)
    })
  })
})

test("a function that the native compiler itself fails on is left out alone", { skip }, () => {
  // gcc 12 does with the sanitiser; others give 1.
  const bodies = ["return a + b", "return (_Bool) (4, 37)", "return a - b"]
  const functions = bodies.map(body => ({ before: "", body }))
  const [sum, odd, difference] = runNativeWhereItCan(functions, [[7n, 5n, 0n]])
  assert.deepEqual([sum, difference], [[12n], [2n]])
  assert.ok(odd === undefined || odd[0] === 1n)
})

test("the same seed gives the same function", () => {
  assert.deepEqual(generateFunction(7), generateFunction(7))
  assert.notDeepEqual(generateFunction(7), generateFunction(8))
})
