import assert from "node:assert/strict"
import { test } from "node:test"
import { SkepError } from "../../src/base/index.ts"
import { type CpuLevel, generate } from "../../src/codegen/index.ts"
import { lower, type Module } from "../../src/ir/index.ts"
import { optimise } from "../../src/opt/index.ts"
import { kernel, needsRoot } from "../support/kernel.ts"
import { unitOf } from "../support/lowerC.ts"
import { type OracleFunction, oracleArguments, oracleFunctions } from "./functions.ts"
import { generateFunction } from "./generate.ts"
import { type Arguments, hasNativeCompiler, oracleText, runNative } from "./native.ts"
import { Random } from "./random.ts"

/** First seed and number of random functions; another range can be tried by hand. */
const first = Number(process.env.SKEP_SEED ?? 1)
const count = Number(process.env.SKEP_COUNT ?? 60)

const skip = needsRoot || (hasNativeCompiler() ? false : "no native C compiler (gcc)")

/** A socket filter that takes its arguments from global data and leaves the result there. */
function compile(f: OracleFunction): Module {
  const text = `${oracleText(f, "oracle").replace(/\nu64 oracle\(/, "\nstatic u64 oracle(")}
static struct { u64 in[3]; u64 out; } io __attribute__((section(".data.io")));
int run(void *context) { io.out = oracle(io.in[0], io.in[1], io.in[2]); return 0; }
`
  const module = lower(unitOf(text))
  optimise(module)
  return module
}

/** What the function gives in the kernel. */
function runInKernel(module: Module, cpu: CpuLevel, tried: readonly Arguments[]): bigint[] {
  using loaded = kernel().load(generate(module, { cpu }), { lazy: true })
  const program = loaded.program("run", { type: "socket_filter" })
  const data = loaded.map(".data.io")
  const key = new Uint8Array(4)
  return tried.map(args => {
    data.update(key, new Uint8Array(BigUint64Array.of(...args, 0n).buffer))
    program.testRun({ data: new Uint8Array(64) })
    const value = data.lookup(key) as Uint8Array
    return new DataView(value.buffer, value.byteOffset).getBigUint64(24, true)
  })
}

/** Instruction set levels to try: atomics but a plain addition came with level 3. */
const levels = (f: OracleFunction): readonly CpuLevel[] => (/__sync|__atomic/.test(f.body) ? [3, 4] : [1, 3, 4])

const native = skip ? [] : runNative(oracleFunctions, oracleArguments)
oracleFunctions.forEach((f, i) => {
  test(`in the kernel: ${f.before} ${f.body}`, { skip }, () => {
    const module = compile(f)
    for (const cpu of levels(f)) {
      const values = runInKernel(module, cpu, oracleArguments)
      oracleArguments.forEach((args, k) => {
        assert.equal(values[k], native[i][k], `level ${cpu}: oracle(${args.join(", ")})`)
      })
    }
  })
})

/** The verifier follows every path; a random program may have more of them than it is ready to follow. */
const tooComplex = (e: unknown): boolean =>
  e instanceof SkepError && /too large|too complex|infinite loop|E2BIG/i.test(`${e.message} ${e.log}`)

test(`random functions ${first} to ${first + count - 1} give in the kernel what they give natively`, { skip }, () => {
  const functions = Array.from({ length: count }, (_, i) => generateFunction(first + i))
  const random = new Random(first)
  const args = Array.from({ length: 6 }, (): Arguments => [random.word(), random.word(), random.word()])
  const expected = runNative(functions, args)
  let followed = 0
  functions.forEach((f, i) => {
    let values: bigint[]
    try {
      values = runInKernel(compile(f), 4, args)
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
