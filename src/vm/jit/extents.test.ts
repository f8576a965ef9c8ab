import assert from "node:assert/strict"
import { test } from "node:test"
import { Random } from "../../../tests/support/random.ts"
import { imageOf, runText } from "../../../tests/support/vmCode.ts"
import { compile, interpret } from "../index.ts"
import { translate } from "./program.ts"
import { Op } from "./wasm/opcodes.ts"

/** First seed and number of programs; others can be tried by hand. */
const first = Number(process.env.SKEP_SEED ?? 1)
const count = Number(process.env.SKEP_COUNT ?? 80)

/** A random program that tests numbers against bounds, masks them and counts them up and down, in a loop. r0 is what became of all. */
function randomBounds(random: Random): string {
  const lines: string[] = []
  const register = (): string => `${random.pick(["w", "w", "r"])}${1 + random.below(5)}`
  const bound = (): number => random.pick([0, 1, 2, 3, 7, 8, 15, 16, 100, 127, 128, 255, 4095, 0x7fffffff])
  const mask = (): number => random.pick([0, 1, 3, 7, 15, 127, 128, 255, 4095, 0x7fffffff, -1])
  const other = (register: string): string => `${register[0]}${1 + random.below(5)}`
  for (const r of [2, 3, 4, 5]) lines.push(`r${r} = *(u${random.pick([8, 16, 32, 64])} *)(r1 + ${8 * r})`)
  lines.push("r1 = *(u16 *)(r1 + 0)", "r0 = 0", "w6 = 0", "top:")
  const statement = (depth: number): void => {
    const r = register()
    const kind = random.below(10)
    if (kind < 2) lines.push(`${r} &= ${mask()}`)
    else if (kind < 4) lines.push(`${r} += ${random.pick([-1, 1, -2, 5, 100])}`)
    else if (kind === 4) lines.push(`${r} = ${other(r)}`)
    else if (kind === 5) lines.push(random.chance(0.5) ? `${r} = ${bound()}` : `${r} += ${other(r)}`)
    else if (kind === 6) lines.push(`${r} ${random.pick(["<<=", ">>="])} ${random.below(8)}`)
    else if (kind === 7 || depth > 2) lines.push("r0 *= 31", `r0 += r${1 + random.below(5)}`)
    else {
      const label = random.chance(0.4) ? random.pick(["next", "out"]) : `l${lines.length}`
      lines.push(`if ${r} ${random.pick(["<", "<=", ">", ">=", "==", "!=", "s<", "s>"])} ${bound()} goto ${label}`)
      if (label[0] !== "l") return
      for (let n = 1 + random.below(3); n > 0; n--) statement(depth + 1)
      lines.push(`${label}:`)
    }
  }
  for (let n = 4 + random.below(12); n > 0; n--) statement(0)
  lines.push("next:", "w6 += 1", `if w6 < ${1 + random.below(12)} goto top`, "out:")
  for (let r = 1; r <= 6; r++) lines.push("r0 *= 31", `r0 += r${r}`)
  return [...lines, "exit"].join("\n")
}

/** What a text gives on some contexts, in every way to run it. */
function check(text: string, random: Random): void {
  for (let n = 0; n < 2; n++) {
    const bytes = Uint8Array.from({ length: 64 }, (_, i) =>
      random.chance(i % 8 < 2 ? 0.3 : 0.8) ? 0 : random.below(256),
    )
    const expected = runText(text, { context: bytes.slice(), translate: interpret })
    for (const verified of [false, true]) {
      const given = runText(text, { context: bytes.slice(), translate: image => compile(image, { verified }) })
      assert.equal(given, expected, `${text}\ncontext ${bytes}, verified ${verified}`)
    }
  }
}

test(`random bounds ${first} to ${first + count - 1} give as WebAssembly what the interpreter gives`, () => {
  for (let seed = first; seed < first + count; seed++) {
    const random = new Random(seed)
    check(randomBounds(random), random)
  }
})

/** Whether a mask in a loop is left out: the module has no `i32.and`. */
function mask(text: string, isLeftOut: boolean): void {
  test(`the mask in ${text} is ${isLeftOut ? "left out" : "kept"}`, () => {
    const loop = `r1 = *(u32 *)(r1 + 8); r0 = 0; w6 = 0; top: ${text}; w6 += 1; if w6 < 5 goto top; out: exit`
    const insns = loop.replaceAll("; ", "\n").replaceAll(": ", ":\n")
    assert.equal(!translate(imageOf(insns), { verified: true }).bytes.includes(Op.i32And), isLeftOut)
  })
}

mask("if w1 > 127 goto out; w2 = w1; w2 &= 127; r0 += r2", true)
mask("if r1 >= 128 goto out; w2 = w1; w2 &= 127; r0 += r2", true)
mask("if w1 > 128 goto out; w2 = w1; w2 &= 127; r0 += r2", false)
mask("if w1 < 1 goto out; if w1 > 127 goto out; w2 = w1; w2 += -1; w2 &= 127; r0 += r2", true)
mask("if w1 > 127 goto out; w2 = w1; w2 += -1; w2 &= 127; r0 += r2", false)
mask("if w1 > 127 goto out; w1 += 1; w2 = w1; w2 &= 127; r0 += r2", false)
mask("if w1 < 127 goto out; w2 = w1; w2 &= 127; r0 += r2", false)
mask("if w1 s> 127 goto out; w2 = w1; w2 &= 127; r0 += r2", false)
