import assert from "node:assert/strict"
import { test } from "node:test"
import { checkModule } from "../../src/ir/index.ts"
import { interpret } from "../support/irInterp.ts"
import { lowerC } from "../support/lowerC.ts"
import { oracleArguments, oracleFunctions } from "./functions.ts"
import { hasNativeCompiler, oracleText, runNative } from "./native.ts"

const native = hasNativeCompiler() ? runNative(oracleFunctions, oracleArguments) : undefined

oracleFunctions.forEach((f, i) => {
  const skip = native === undefined ? "no native C compiler (gcc)" : false
  test(`${f.before} ${f.body}`.trim(), { skip }, () => {
    const module = lowerC(oracleText(f, "oracle"))
    assert.deepEqual(checkModule(module), [])
    oracleArguments.forEach((args, k) => {
      const { value } = interpret(module.functions[0], args, { module })
      assert.equal(value, native![i][k], `oracle(${args.join(", ")})`)
    })
  })
})
