import assert from "node:assert/strict"
import { test } from "node:test"
import { interpret } from "../../tests/support/irInterp.ts"
import {
  CONTEXT_BYTES,
  Random,
  type RandomIrOptions,
  randomHelper,
  randomModule,
} from "../../tests/support/randomIr.ts"
import { runObject } from "../../tests/support/runObject.ts"
import { assertValid, printFunction } from "../ir/index.ts"
import { encodeInsns, insnProblem } from "../isa/index.ts"
import { type CpuLevel, generate } from "./index.ts"

/** Helpers that random functions call. */
const HELPERS = [100, 101, 102, 103, 104, 105, 110]

function agree(seed: number, cpu: CpuLevel, options: RandomIrOptions): void {
  const module = randomModule(seed, { ...options, oldAtomics: cpu < 3 })
  const [func] = module.functions
  assertValid(func)
  const before = printFunction(func)
  const random = new Random(seed ^ 0x1234567)
  const context = Uint8Array.from({ length: CONTEXT_BYTES }, () => random.below(256))
  const expected = interpret(func, [context], { helper: randomHelper })
  const object = generate(module, { cpu, check: true })
  assert.equal(printFunction(func), before, "the IR is left alone")
  const [program] = object.programs
  for (const insn of program.insns) assert.equal(insnProblem(insn), undefined)
  encodeInsns(program.insns)
  const actual = runObject(object, "f", [context], { helper: randomHelper, helpers: HELPERS })
  assert.equal(actual, expected.value)
}

/** Random functions give the same as IR and as BPF code. */
function sweep(name: string, seeds: number, options: RandomIrOptions): void {
  for (const cpu of [1, 2, 3, 4] as const) {
    test(`${name}, level ${cpu}`, () => {
      for (let seed = 1; seed <= seeds; seed++) {
        try {
          agree(seed * 16 + cpu, cpu, options)
        } catch (cause) {
          const message = cause instanceof Error ? cause.message : String(cause)
          throw new Error(`seed ${seed * 16 + cpu}: ${message}`, { cause })
        }
      }
    })
  }
}

const scale = Number(process.env.SKEP_RANDOM ?? 1)
sweep("small functions", 60 * scale, { size: 6 })
sweep("functions without calls", 20 * scale, { size: 40, calls: false })
sweep("functions with much alive", 16 * scale, { size: 40, longLived: 14 })
sweep("large functions", 2 * scale, { size: 300, longLived: 6 })
