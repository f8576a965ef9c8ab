import assert from "node:assert/strict"
import { test } from "node:test"
import { Random } from "../../../tests/support/random.ts"
import { LOOP_DATA, randomLoop } from "../../../tests/support/randomLoops.ts"
import { disassemble, type Insn } from "../../isa/index.ts"
import {
  type CodeImage,
  Core,
  compile,
  FixedEnvironment,
  interpret,
  KERNEL,
  Memory,
  Run,
  type Translate,
} from "../index.ts"
import { translate } from "./program.ts"

/** First seed and number of programs; others can be tried by hand. */
const first = Number(process.env.SKEP_SEED ?? 1)
const count = Number(process.env.SKEP_COUNT ?? 400)

const memory = new Memory()
const run = new Run(new Core(memory, new FixedEnvironment(), 1_000_000))
const context = memory.allocate(64, "context")
const data = memory.allocate(LOOP_DATA, "data")

const imageOf = (insns: readonly Insn[]): CodeImage => ({
  name: "random",
  insns,
  kfuncs: [],
  helper: () => undefined,
  probes: new Uint8Array(2 * insns.length),
})

/** What a program gives and leaves in memory. */
function result(insns: readonly Insn[], make: Translate): string {
  const random = new Random(7)
  for (let at = 0; at < LOOP_DATA; at++) memory.u8[data + at] = random.chance(0.3) ? 0 : random.below(256)
  const low = run.start({ kind: "program", name: "random", type: "syscall", code: make(imageOf(insns)) }, context)
  return `${run.high} ${low} ${memory.u8.slice(data, data + LOOP_DATA)}`
}

/** Whether vectors make a difference to the module. */
const isVectorised = (insns: readonly Insn[]): boolean =>
  translate(imageOf(insns), { vectors: true }).bytes.length > translate(imageOf(insns), { vectors: false }).bytes.length

test(`random loops ${first} to ${first + count - 1} give with vectors what the interpreter gives`, () => {
  let vectorised = 0
  for (let seed = first; seed < first + count; seed++) {
    const insns = randomLoop(new Random(seed), data, KERNEL)
    const expected = result(insns, interpret)
    for (const verified of [false, true]) {
      if (result(insns, image => compile(image, { verified })) === expected) continue
      assert.fail(`seed ${seed}\n${disassemble(insns, { labels: true })}`)
    }
    if (isVectorised(insns)) vectorised++
  }
  assert.ok(vectorised > 0.15 * count, `${vectorised} of ${count} loops use vectors`)
})
