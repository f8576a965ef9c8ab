import assert from "node:assert/strict"
import { test } from "node:test"
import { Random } from "../../../tests/support/random.ts"
import { randomBpf } from "../../../tests/support/randomBpf.ts"
import { disassemble, type Insn } from "../../isa/index.ts"
import { type CodeImage, Core, compile, FixedEnvironment, interpret, Memory, Run, type Translate } from "../index.ts"

/** First seed and number of programs; others can be tried by hand. */
const first = Number(process.env.SKEP_SEED ?? 1)
const count = Number(process.env.SKEP_COUNT ?? 300)

const memory = new Memory()
const run = new Run(new Core(memory, new FixedEnvironment(), 1_000_000))
const context = memory.allocate(64, "context")

function result(insns: readonly Insn[], translate: Translate): bigint {
  const probes = new Uint8Array(2 * insns.length)
  const image: CodeImage = { name: "random", insns, kfuncs: [], helper: () => undefined, probes }
  const low = run.start({ kind: "program", name: "random", type: "syscall", code: translate(image) }, context)
  return BigInt.asUintN(64, (BigInt(run.high) << 32n) | BigInt(low >>> 0))
}

test(`random programs ${first} to ${first + count - 1} give as WebAssembly what the interpreter gives`, () => {
  const seen = new Set<bigint>()
  for (let seed = first; seed < first + count; seed++) {
    const insns = randomBpf(new Random(seed))
    const expected = result(insns, interpret)
    for (const verified of [false, true]) {
      const given = result(insns, image => compile(image, { verified }))
      if (given === expected) continue
      assert.fail(`seed ${seed}: ${given} is not ${expected}\n${disassemble(insns, { labels: true })}`)
    }
    seen.add(expected)
  }
  // The programs do not all come to nothing.
  assert.ok(seen.size > 0.5 * count, `${seen.size} results of ${count} programs`)
})
