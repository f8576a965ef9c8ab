import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { test } from "node:test"
import { tryInput } from "./check.ts"
import { Corpus } from "./corpus.ts"
import { fuzzInput } from "./input.ts"
import { reduceText } from "./reduce.ts"
import { seedTexts } from "./seeds.ts"

const corpus = (): Corpus => {
  const corpus = new Corpus()
  for (const text of seedTexts) corpus.add(text, true)
  return corpus
}

test("the first 300 inputs of the fuzzer compile or are refused with a code", () => {
  const texts = corpus()
  let compiled = 0
  for (let input = 1; input <= 300; input++) {
    const text = fuzzInput(input, texts)
    try {
      if (tryInput(text, input) === "compiles") compiled++
    } catch (cause) {
      throw new Error(`input ${input}\n${text}`, { cause })
    }
  }
  assert.ok(compiled > 15, `only ${compiled} compile`)
})

test("the same number and corpus give the same input", () => {
  const [a, b] = [corpus(), corpus()]
  for (let input = 1; input <= 50; input++) assert.equal(fuzzInput(input, a), fuzzInput(input, b))
})

test("the fuzzer counts the blocks that inputs reach, and keeps those that reach more", () => {
  const env = { ...process.env, SKEP_COUNT: "200", SKEP_SEED: "1", SKEP_THREADS: "1" }
  const { stdout, stderr, status } = spawnSync(process.execPath, ["scripts/sweep.mjs", "fuzz"], {
    env,
    encoding: "utf8",
  })
  assert.equal(status, 0, stdout + stderr)
  const [, reached, blocks] = /(\d+) of (\d+) blocks/.exec(stdout.slice(stdout.indexOf("fuzz:"))) ?? []
  assert.ok(Number(blocks) > 5000 && Number(reached) > 0.4 * Number(blocks), stdout)
})

test("a text is made small while it still fails", async () => {
  const text = "int a; int f(int x) { return x + /* here */ a / 0; } int g(void) { return 1; }"
  assert.equal(await reduceText(text, part => /a\s*\/\s*0/.test(part), 1000), "a/0")
  assert.equal(await reduceText(text, () => false, 1000), text)
})
