import assert from "node:assert/strict"
import { test } from "node:test"
import type { CpuLevel } from "../../src/codegen/index.ts"
import { oracleArguments, oracleFunctions } from "./functions.ts"
import { generateFunction } from "./generate/index.ts"
import { compileFunction, tooComplex } from "./inKernel.ts"
import { executors, runInVm } from "./inVm.ts"
import { type Arguments, hasNativeCompiler, oracleText, runNative } from "./native.ts"
import { Random } from "./random.ts"

/** First seed and number of random functions; another range can be tried by hand. */
const first = Number(process.env.SKEP_SEED ?? 1)
const count = Number(process.env.SKEP_COUNT ?? 60)

const skip = hasNativeCompiler() ? false : "no native C compiler (gcc)"
const native = skip ? [] : runNative(oracleFunctions, oracleArguments)

oracleFunctions.forEach((f, i) => {
  test(`on the embedded machine: ${f.before} ${f.body}`, { skip }, () => {
    const module = compileFunction(f)
    const levels: CpuLevel[] = /__sync|__atomic/.test(f.body) ? [3, 4] : [1, 4]
    for (const cpu of levels) {
      for (const [how, translate] of executors) {
        const values = runInVm(module, cpu, oracleArguments, translate)
        oracleArguments.forEach((args, k) => {
          assert.equal(values[k], native[i][k], `${how}, level ${cpu}: oracle(${args.join(", ")})`)
        })
      }
    }
  })
})

test(`random functions ${first} to ${first + count - 1} give on the embedded machine what they give natively`, {
  skip,
}, () => {
  const functions = Array.from({ length: count }, (_, i) => generateFunction(first + i))
  const random = new Random(first)
  const args = Array.from({ length: 6 }, (): Arguments => [random.word(), random.word(), random.word()])
  const expected = runNative(functions, args)
  functions.forEach((f, i) => {
    const module = compileFunction(f)
    for (const [how, translate] of executors) {
      let values: bigint[]
      try {
        values = runInVm(module, 4, args, translate)
      } catch (e) {
        if (tooComplex(e)) return
        throw new Error(`seed ${first + i}, ${how}: ${e}\n${oracleText(f, "oracle")}`, { cause: e })
      }
      assert.deepEqual(values, expected[i], `seed ${first + i}, ${how}\n${oracleText(f, "oracle")}`)
    }
  })
})
