import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { test } from "node:test"

/** What scripts/instrument.mjs makes of the bundles. */
function instrumented(...texts: string[]): string[] {
  const script = `import { instrument } from "./scripts/instrument.mjs"
console.log(JSON.stringify(instrument(${JSON.stringify(texts)}, path => path.startsWith("src/"))))`
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" })
  assert.equal(stderr, "")
  return JSON.parse(stdout)
}

const cases = [
  ["if (a) return b;", "if (a) {$c[0]++;return b;}"],
  ["if (a(b)) {", "if (a(b)) {$c[0]++;"],
  ["} else if (a) f();", "} else if (a) {$c[0]++;f();}"],
  ["else g();", "else {$c[0]++;g();}"],
  ["for (const a of b) f(a);", "for (const a of b) {$c[0]++;f(a);}"],
  ["if (a) for (;;) f();", "if (a) for (;;) f();"],
  ["} while (a);", "} while (a);"],
  ["const f = (a) => {", "const f = (a) => {$c[0]++;"],
  ["  method(a) {", "  method(a) {$c[0]++;"],
  ['case "a": {', 'case "a": {$c[0]++;'],
  ["default:", "default:$c[0]++;"],
  ["switch (a) {", "switch (a) {"],
  ["class A extends b(c) {", "class A extends b(c) {"],
  ["const a = {", "const a = {"],
  ["a = `\nif (b) {\n`;", "a = `\nif (b) {\n`;"],
  ["a = `$" + "{b(() => {\n})}\nif (b) {`;", "a = `$" + "{b(() => {$c[0]++;\n})}\nif (b) {`;"],
  ['if (a === ")") return /["`)]/.test(a);', 'if (a === ")") {$c[0]++;return /["`)]/.test(a);}'],
  ["// if (a) {", "// if (a) {"],
] as const

test("counters in blocks", async t => {
  const start = "// src/a.ts\n"
  const results = instrumented(...cases.map(([line]) => start + line))
  let count = 0
  for (const [i, [line, expected]] of cases.entries()) {
    await t.test(line, () => {
      const body = results[i].slice(results[i].indexOf(start) + start.length)
      assert.equal(body.replace(/\$c\[\d+\]/g, "$c[0]"), expected)
    })
    count += (expected.match(/\$c\[/g) ?? []).length
  }
  assert.ok(results.every(text => text.startsWith(`const $c = globalThis.skepCounters ??= new Uint8Array(${count}); `)))
})

test("only the wanted files are counted", () => {
  const [text] = instrumented("// tests/a.ts\nif (a) {\n// src/b.ts\nif (b) {")
  assert.match(text, /\nif \(a\) \{\n.*\nif \(b\) \{\$c\[0\]\+\+;$/)
})
