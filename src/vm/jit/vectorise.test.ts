import assert from "node:assert/strict"
import { test } from "node:test"
import { unitOf } from "../../../tests/support/lowerC.ts"
import { Random } from "../../../tests/support/random.ts"
import { LOOP_DATA, randomLoop } from "../../../tests/support/randomLoops.ts"
import { placeProgram } from "../../../tests/support/vmImage.ts"
import { generate } from "../../codegen/index.ts"
import { lower } from "../../ir/index.ts"
import { disassemble, type Insn } from "../../isa/index.ts"
import { optimise } from "../../opt/index.ts"
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
const count = Number(process.env.SKEP_COUNT ?? 300)

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
    for (const [verified, vectors] of [
      [false, true],
      [true, true],
      [true, false],
    ]) {
      if (result(insns, image => compile(image, { verified, vectors })) === expected) continue
      assert.fail(`seed ${seed}, verified ${verified}, vectors ${vectors}\n${disassemble(insns, { labels: true })}`)
    }
    if (isVectorised(insns)) vectorised++
  }
  assert.ok(vectorised > 0.15 * count, `${vectorised} of ${count} loops use vectors`)
})

/** The instructions that skep makes of a function on arrays. */
function insnsOf(body: string): readonly Insn[] {
  const text = `typedef unsigned char u8; typedef unsigned short u16; typedef unsigned u32; typedef unsigned long long u64; typedef int s32;
static u8 b[1024]; static u16 h[512]; static u32 x[256], y[256], z[256]; static u64 w[64]; static u32 n;
int run(void *context) { u32 sum = 0; ${body} return sum; }`
  const module = lower(unitOf(text))
  optimise(module)
  return placeProgram(memory, generate(module, { cpu: 4 }), "run").image.insns
}

/** Whether a loop is made with vectors. */
function vectors(body: string, expected: boolean): void {
  test(`${body} is made ${expected ? "with" : "without"} vectors`, () => {
    const insns = insnsOf(body)
    assert.equal(isVectorised(insns), expected, disassemble(insns, { labels: true }))
    assert.equal(
      result(insns, image => compile(image, { verified: true })),
      result(insns, interpret),
    )
  })
}

vectors("for (u32 i = 0; i < 1024; i++) b[i] = 7;", true)
vectors("for (u32 i = 0; i < 64; i++) w[i] = 7;", true)
vectors("for (u32 i = 0; i < 256; i++) x[i] = y[i];", true)
vectors("for (u32 i = 0; i < 256; i++) x[i] += y[i] * z[i];", true)
vectors("for (u32 i = 0; i < 256; i++) x[i] = b[i] << 8 | h[i];", true)
vectors("for (u32 i = 0; i < 256; i++) h[i] = x[i] + i * 3;", true)
vectors("for (u32 i = 0; i < 256; i++) sum += x[i] ^ 5;", true)
vectors("for (u32 i = 0; i < 256; i++) if (x[i]) sum += y[i];", true)
vectors("for (u32 i = 0; i < 1024; i++) sum += b[i] == 3;", true)
vectors("for (u32 i = 0; i < 16; i++) for (u32 k = 0; k < 16; k++) sum += x[16 * k + i] * y[k];", true)
// A turn reads what the one before has written.
vectors("for (u32 i = 1; i < 256; i++) x[i] += x[i - 1];", false)
// Elements that do not lie side by side.
vectors("for (u32 i = 0; i < 64; i++) sum += x[4 * i];", false)
vectors("for (u32 i = 0; i < 256; i++) sum += x[y[i] & 255];", false)
// What is carried from turn to turn is no sum.
vectors("for (u32 i = 0; i < 256; i++) sum = sum * 31 + x[i];", false)
vectors("for (u32 i = 0; i < 256; i++) if (x[i] > sum) sum = x[i];", false)
// Turns that are not known, or too few.
vectors("for (u32 i = 0; i < n; i++) x[i & 255] = 1;", false)
vectors("for (u32 i = 0; i < 3; i++) sum += x[i];", false)
vectors("for (u32 i = 0; i < 256; i++) { if (x[i] == 9) break; y[i] = 1; }", false)
