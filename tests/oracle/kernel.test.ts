import assert from "node:assert/strict"
import { test } from "node:test"
import { SkepError } from "../../src/base/index.ts"
import type { CpuLevel } from "../../src/codegen/index.ts"
import { needsRoot } from "../support/kernel.ts"
import { type OracleFunction, oracleArguments, oracleFunctions } from "./functions.ts"
import { generateFunction } from "./generate/index.ts"
import { compileFunction, runInKernel, tooComplex } from "./inKernel.ts"
import { type Arguments, hasNativeCompiler, oracleText, runNative } from "./native.ts"
import { Random } from "./random.ts"

/** First seed and number of random functions; another range can be tried by hand. */
const first = Number(process.env.SKEP_SEED ?? 1)
const count = Number(process.env.SKEP_COUNT ?? 60)

const skip = needsRoot || (hasNativeCompiler() ? false : "no native C compiler (gcc)")

/** Instruction set levels to try: atomics but a plain addition came with level 3. */
const levels = (f: OracleFunction): readonly CpuLevel[] => (/__sync|__atomic/.test(f.body) ? [3, 4] : [1, 3, 4])

const native = skip ? [] : runNative(oracleFunctions, oracleArguments)
oracleFunctions.forEach((f, i) => {
  test(`in the kernel: ${f.before} ${f.body}`, { skip }, () => {
    const module = compileFunction(f)
    for (const cpu of levels(f)) {
      const values = runInKernel(module, cpu, oracleArguments)
      oracleArguments.forEach((args, k) => {
        assert.equal(values[k], native[i][k], `level ${cpu}: oracle(${args.join(", ")})`)
      })
    }
  })
})

test(`random functions ${first} to ${first + count - 1} give in the kernel what they give natively`, { skip }, () => {
  const functions = Array.from({ length: count }, (_, i) => generateFunction(first + i))
  const random = new Random(first)
  const args = Array.from({ length: 6 }, (): Arguments => [random.word(), random.word(), random.word()])
  const expected = runNative(functions, args)
  let followed = 0
  functions.forEach((f, i) => {
    let values: bigint[]
    try {
      values = runInKernel(compileFunction(f), 4, args)
    } catch (e) {
      const why = e instanceof SkepError ? `${e.message}\n${e.log?.slice(-2000) ?? ""}` : String(e)
      if (!tooComplex(e)) throw new Error(`seed ${first + i}: ${why}\n${oracleText(f, "oracle")}`, { cause: e })
      return
    }
    followed++
    args.forEach((given, k) => {
      assert.equal(
        values[k],
        expected[i][k],
        `seed ${first + i}: oracle(${given.join(", ")})\n${oracleText(f, "oracle")}`,
      )
    })
  })
  assert.ok(followed > 0.7 * count, `the verifier followed only ${followed} of ${count}`)
})
