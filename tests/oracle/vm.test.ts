import assert from "node:assert/strict"
import { test } from "node:test"
import { VirtualMachine } from "../../src/vm/index.ts"
import { oracleArguments, oracleFunctions } from "./functions.ts"
import { generateFunction } from "./generate/index.ts"
import { compileFunction, runOn, tooComplex } from "./inKernel.ts"
import { type Arguments, hasNativeCompiler, oracleText, runNative } from "./native.ts"
import { Random } from "./random.ts"

/** First seed and number of random functions; another range can be tried by hand. */
const first = Number(process.env.SKEP_SEED ?? 1)
const count = Number(process.env.SKEP_COUNT ?? 30)

const skip = hasNativeCompiler() ? false : "no native C compiler (gcc)"
const machines = {
  interpreted: new VirtualMachine({ jit: false, verify: false }),
  "as WebAssembly": new VirtualMachine({ verify: false }),
}
const native = skip ? [] : runNative(oracleFunctions, oracleArguments)

for (const [how, machine] of Object.entries(machines)) {
  test(`functions give ${how} what they give natively`, { skip }, () => {
    oracleFunctions.forEach((f, i) => {
      const values = runOn(machine, compileFunction(f), 4, oracleArguments)
      oracleArguments.forEach((args, k) => {
        assert.equal(values[k], native[i][k], `${f.before} ${f.body}: oracle(${args.join(", ")})`)
      })
    })
  })

  test(`random functions ${first} to ${first + count - 1} give ${how} what they give natively`, { skip }, () => {
    const functions = Array.from({ length: count }, (_, i) => generateFunction(first + i))
    const random = new Random(first)
    const args = Array.from({ length: 6 }, (): Arguments => [random.word(), random.word(), random.word()])
    const expected = runNative(functions, args)
    functions.forEach((f, i) => {
      let values: bigint[]
      try {
        values = runOn(machine, compileFunction(f), 4, args)
      } catch (error) {
        // More than the stack holds.
        if (tooComplex(error)) return
        throw new Error(`seed ${first + i}\n${oracleText(f, "oracle")}`, { cause: error })
      }
      args.forEach((given, k) => {
        const what = `seed ${first + i}: oracle(${given.join(", ")})\n${oracleText(f, "oracle")}`
        assert.equal(values[k], expected[i][k], what)
      })
    })
  })
}
