import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { pathToFileURL } from "node:url"
import { build } from "esbuild"
import { inTempDirAsync } from "../support/tools.ts"
import { typeChecks } from "../support/tsc.ts"
import { findChromium, runInChromium } from "./chromium.ts"
import type { Outcome } from "./nodeTest.ts"

const chromium = findChromium()
const SOURCES = "examples/playground"

test("the playground type-checks, and who visits it", () => {
  const own = readdirSync(SOURCES).filter(name => name.endsWith(".ts"))
  const files = Object.fromEntries(own.map(name => [name, readFileSync(join(SOURCES, name), "utf8")]))
  const visit = readFileSync("tests/browser/playground/visit.ts", "utf8").replace(
    "../nodeTest.ts",
    "../../../tests/browser/nodeTest.ts",
  )
  const lib = ["es2023", "esnext.disposable", "esnext.collection", "dom", "dom.iterable"]
  typeChecks("browser/playground", { ...files, "visit.ts": visit }, { lib })
})

test("the playground in Chromium", { skip: chromium === undefined && "no Chromium" }, async t => {
  const script = await import(pathToFileURL(resolve("scripts/playground.mjs")).href)
  const driver = await build({
    entryPoints: ["tests/browser/playground/visit.ts"],
    bundle: true,
    format: "esm",
    write: false,
  })
  const outcomes: Outcome[] = []
  await inTempDirAsync(async folder => {
    await script.buildPlayground(folder)
    const own = readdirSync(folder).map((name): [string, Uint8Array] => [
      `/playground/${name}`,
      readFileSync(join(folder, name)),
    ])
    const files = new Map([["/main.js", driver.outputFiles[0].contents], ...own])
    await runInChromium(chromium!, { files, must: new Set() }, one => outcomes.push(...one.outcomes))
  })
  const expect: Readonly<Record<string, unknown>> = {
    "each program says whether it verifies": [
      ["which files are opened", "good"],
      ["how long reads take", "good"],
      ["who hands the CPU to whom", "good"],
      ["who connects where", "good"],
      ["what the verifier refuses", "bad"],
    ],
    "a refusal names line, way and remedy": [
      /may be NULL.*program\.c:7.*\n(.*\n)*.*1\. program\.c:6: .*\n(.*\n)*hint: test the pointer/,
      "7",
    ],
    "output comes, and lines are counted": [true, 6, ["0×"]],
    "a histogram is drawn": [false, true],
    "a table has a column for each member": ["prev_pid", "curr_pid", "value"],
    "events are decoded": /^events: \{"pid":\d+,"port":80,"comm":"\w+"\}$/,
    "the log and the instructions can be read": [
      /^kprobe__do_sys_openat2:\nfunc#0 @0\n(.*\n)+0: R1=ctx\(\) R10=fp0/,
      /^kprobe__do_sys_openat2:\n +0: \(79\) r3 = /,
    ],
    "a mistake is marked as it is typed": [/'bees'/, "2"],
  }
  assert.deepEqual(
    outcomes.map(({ name }) => name),
    Object.keys(expect),
    outcomes[0]?.why,
  )
  for (const { name, state, why } of outcomes) {
    await t.test(name, () => {
      assert.equal(state, "pass", why)
      same(JSON.parse(why!), expect[name])
    })
  }
})

/** Deep equality, with expressions for texts. */
function same(actual: unknown, expected: unknown): void {
  if (expected instanceof RegExp) assert.match(String(actual), expected)
  else if (Array.isArray(expected) && Array.isArray(actual)) {
    assert.equal(actual.length, expected.length, JSON.stringify(actual))
    for (const [i, one] of expected.entries()) same(actual[i], one)
  } else assert.deepEqual(actual, expected)
}
