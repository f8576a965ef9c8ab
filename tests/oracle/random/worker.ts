import { SkepError } from "../../../src/base/index.ts"
import type { CpuLevel } from "../../../src/codegen/index.ts"
import type { OracleFunction } from "../functions.ts"
import { generateFunction } from "../generate/index.ts"
import { compileFunction, runInKernel, tooComplex } from "../inKernel.ts"
import { type Arguments, oracleText, runNative, runNativeWhereItCan } from "../native.ts"
import { Random } from "../random.ts"
import { BATCH, type Batch, type BatchResult } from "./batch.ts"

const levels: readonly CpuLevel[] = [1, 3, 4]

/** Atomics that give the old value came with level 3. */
function levelOf(f: OracleFunction, seed: number): CpuLevel {
  const level = levels[seed % levels.length]
  return level === 1 && /__sync|__atomic/.test(f.body + f.before) ? 3 : level
}

function compare({ first, end }: Batch): BatchResult {
  const seeds = Array.from({ length: end - first }, (_, i) => first + i)
  const functions = seeds.map(generateFunction)
  const random = new Random(first - (first % BATCH))
  const args = Array.from({ length: 6 }, (): Arguments => [random.word(), random.word(), random.word()])
  const native = runNativeWhereItCan(functions, args, { traps: false })
  const faults: string[] = []
  let followed = 0
  let complex = 0
  functions.forEach((f, i) => {
    const expected = native[i]
    if (expected === undefined) return
    const cpu = levelOf(f, seeds[i])
    const place = `seed ${seeds[i]}, level ${cpu}`
    try {
      const values = runInKernel(compileFunction(f), cpu, args)
      followed++
      const wrong = values.findIndex((value, k) => value !== expected[k])
      if (wrong < 0) return
      // A difference is the function's own fault where its behaviour is undefined, which this tells.
      runNative([f], [args[wrong]])
      const told = `oracle(${args[wrong].join(", ")}) gives ${values[wrong]}, not ${expected[wrong]}`
      faults.push(`${place}: ${told}\n${oracleText(f, "oracle")}`)
    } catch (e) {
      if (tooComplex(e)) complex++
      else {
        const why = e instanceof SkepError ? `${e.message}\n${e.log?.slice(-1500) ?? ""}` : String((e as Error).stack)
        faults.push(`${place}: ${why}\n${oracleText(f, "oracle")}`)
      }
    }
  })
  return { followed, complex, unknown: native.filter(given => given === undefined).length, faults }
}

process.on("message", (batch: Batch) => process.send?.(compare(batch)))
