import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { installPackage, run } from "../support/package.ts"

// skep/test as somebody uses it who has vitest: both are installed into a folder of their own. The test file is that of docs/testing.md, the program that
// of the recipe on packets.

const page = readFileSync("docs/testing.md", "utf8")
const section = (title: string): string => page.split(/^## /m).find(part => part.startsWith(`${title}\n`)) ?? ""
const TEST = [...section("vitest").matchAll(/^ {4}(.*)$|^$/gm)].map(([, line = ""]) => line).join("\n")
const HOP = /const text = `\n([\s\S]*?)`/.exec(section("A packet that is rewritten"))?.[1] ?? ""

const { app, install, options } = installPackage("vitest@4")
writeFileSync(join(app, "hop.c"), HOP)
writeFileSync(join(app, "hop.test.ts"), TEST)

/** vitest's run of a test file: its status and all that it says. */
function vitest(...args: string[]): { status: number | null; said: string } {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const program = [join(app, "node_modules/vitest/vitest.mjs"), "run", "--no-color", ...args]
  const ran = spawnSync(process.execPath, program, { cwd: app, encoding: "utf8", env: { ...env, NO_COLOR: "1" } })
  return { status: ran.status, said: ran.stdout + ran.stderr }
}

test("skep and vitest are installed", options, () => assert.equal(install.status, 0, install.stderr))

test("the page's test runs", options, () => {
  const { status, said } = vitest("hop")
  assert.equal(status, 0, said)
  assert.match(said, /Tests +1 passed \(1\)/)
})

test("its matchers have types", options, () => {
  const wrong = TEST.replace('toHaveVerdict("ok")', "toHaveVerdict(5)")
  for (const [text, errors] of [
    [TEST, 0],
    [wrong, 1],
  ] as const) {
    writeFileSync(join(app, "typed.ts"), text)
    const compilerOptions = {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      target: "es2022",
      lib: ["es2023", "esnext.disposable"],
      module: "nodenext",
      types: ["node"],
      typeRoots: [resolve("node_modules/@types")],
    }
    writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["typed.ts"] }))
    const tsc = [resolve("node_modules/typescript/bin/tsc"), "-p", app, "--pretty", "false"]
    const { stdout } = spawnSync(process.execPath, tsc, { encoding: "utf8" })
    assert.equal([...stdout.matchAll(/: error /g)].length, errors, stdout)
  }
})

test("what differs is said", options, () => {
  const body = TEST.slice(0, TEST.indexOf('test("hop"'))
  const fails = `${body}
test("packet", () => expect(ethernet().ipv4({ ttl: 62 })).toEqualPacket(ethernet().ipv4({ ttl: 63 })))
test("not", () => expect(ethernet().ipv4()).not.toEqualPacket(ethernet().ipv4()))
test("verdict", () => expect({ retval: 2, verdict: "shot" }).toHaveVerdict("ok"))
test("verifier", async () => {
  await expect({ text: "BPF_HASH(t, u32, u64); int kprobe__f(void *c) { u32 k = 1; u64 *v = t.lookup(&k); return *v; }" }).toVerify()
})
`
  writeFileSync(join(app, "fails.test.ts"), fails)
  const { status, said } = vitest("fails")
  assert.equal(status, 1, said)
  assert.match(said, /ipv4\.ttl: 62, expected 63/)
  assert.match(said, /the packet is the one that is not expected/)
  assert.match(said, /the verdict is 'shot' \(2\), expected 'ok'/)
  assert.match(said, /refused program kprobe__f: .*may be NULL/)
})

for (const pool of ["forks", "threads"]) {
  test(`skep cover counts what vitest runs, in ${pool}`, options, () => {
    const program = [process.execPath, join(app, "node_modules/vitest/vitest.mjs"), "run", "hop", `--pool=${pool}`]
    run(app, process.execPath, join(app, "node_modules/skep/dist/skep.js"), "cover", "--", ...program)
    const lines = [...readFileSync(join(app, "lcov.info"), "utf8").matchAll(/^DA:(\d+),(\d+)$/gm)]
    const source = HOP.split("\n")
    const missed = lines.filter(([, , hits]) => hits === "0").map(([, line]) => source[Number(line) - 1].trim())
    assert.deepEqual(missed, ["return TC_ACT_SHOT;"])
    assert.ok(lines.length >= 7)
  })
}
