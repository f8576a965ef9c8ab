import assert from "node:assert/strict"
import { test } from "node:test"
import { interpret } from "../../tests/support/irInterp.ts"
import { kernel, needsRoot } from "../../tests/support/kernel.ts"
import {
  CONTEXT_BYTES,
  Random,
  type RandomIrOptions,
  randomHelper,
  randomModule,
} from "../../tests/support/randomIr.ts"
import { SkepError } from "../base/index.ts"
import { assertValid } from "../ir/index.ts"
import { type CpuLevel, generate } from "./index.ts"

/** Random functions run in this machine's kernel give what they give as IR; its verifier takes them all. */
function sweep(name: string, seeds: number, options: RandomIrOptions): void {
  for (const cpu of [1, 2, 3, 4] as const) {
    test(`${name}, level ${cpu}, in the kernel`, { skip: needsRoot }, () => {
      for (let seed = 1; seed <= seeds; seed++) runBoth(seed * 16 + cpu, cpu, { ...options, oldAtomics: cpu < 3 })
    })
  }
}

function runBoth(seed: number, cpu: CpuLevel, options: RandomIrOptions): void {
  const random = new Random(seed ^ 0x1234567)
  const input = Uint8Array.from({ length: CONTEXT_BYTES }, () => random.below(256))
  const { value } = interpret(randomModule(seed, options).functions[0], [input.slice()], { helper: randomHelper })
  const module = randomModule(seed, { ...options, xdp: true })
  for (const func of module.functions) assertValid(func, "", module)
  try {
    using loaded = kernel().load(generate(module, { cpu, check: true }))
    assert.equal(BigInt(loaded.program("f").testRun({ data: input }).retval), (value ^ (value >> 32n)) & 0xffffffffn)
  } catch (cause) {
    if (cause instanceof SkepError && cause.code === "CODEGEN_STACK") return
    const log = cause instanceof SkepError ? `\n${cause.log?.slice(-3000)}` : ""
    throw new Error(`seed ${seed}: ${(cause as Error).message}${log}`, { cause })
  }
}

const scale = Number(process.env.SKEP_RANDOM ?? 1)
sweep("small functions", 10 * scale, { size: 6 })
sweep("functions without calls", 4 * scale, { size: 30, calls: false })
sweep("functions with much alive", 4 * scale, { size: 25, longLived: 12 })
