import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { build } from "esbuild"
import bundler from "../../src/bundler/index.ts"
import { scratch, skep } from "../support/cli.ts"
import { needsRoot } from "../support/kernel.ts"
import { typeChecks } from "../support/tsc.ts"

const page = readFileSync("docs/types.md", "utf8")
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, code]) => code)

const folder = join(scratch(), "types")
mkdirSync(join(folder, "node_modules"), { recursive: true })
symlinkSync(resolve("."), join(folder, "node_modules/skep"))
symlinkSync(resolve("node_modules/esbuild"), join(folder, "node_modules/esbuild"))
writeFileSync(join(folder, "calls.c"), blocks("c")[0])

writeFileSync(join(folder, "calls.bpf.c"), blocks("c")[0])
mkdirSync(join(folder, "include"), { recursive: true })

const commands = [...page.matchAll(/^ {4}skep (.*)$/gm)].map(([, line]) => line.split(" "))

test("the commands of docs/types.md write what its examples import", () => {
  assert.ok(commands.length >= 2)
  for (const args of commands) {
    const { status, stderr } = skep(args, { cwd: folder })
    assert.equal(status, 0, stderr)
  }
})

test("the examples of docs/types.md are checked by their types", () => {
  const { status, stderr } = skep(["types", "--import", "calls.bpf.c", "-o", "calls.bpf.d.c.ts"], { cwd: folder })
  assert.equal(status, 0, stderr)
  const files = Object.fromEntries(
    ["calls.d.ts", "calls_gen.ts", "calls.bpf.d.c.ts"].map(name => [name, readFileSync(join(folder, name), "utf8")]),
  )
  const examples = blocks("ts").map((code, i): [string, string] => [`example_${i}.ts`, code])
  assert.ok(examples.length >= 2)
  typeChecks("types/docs", { ...files, ...Object.fromEntries(examples) }, { allowArbitraryExtensions: true })
})

for (const [i, code] of blocks("ts").entries()) {
  test(`example ${i} of docs/types.md runs`, { skip: needsRoot }, async () => {
    const input = join(folder, `example_${i}.ts`)
    writeFileSync(input, code)
    const outfile = join(folder, `example_${i}.mjs`)
    await build({
      entryPoints: [input],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      external: ["skep", "skep/bundler", "esbuild"],
      plugins: [bundler.esbuild()],
    })
    const { status, stderr } = spawnSync(process.execPath, [outfile], { cwd: folder, encoding: "utf8" })
    // Lines that are errors of types throw when they run.
    if (!code.includes("@ts-expect-error")) assert.equal(status, 0, stderr)
    else assert.match(stderr, /BPF_NO_TABLE|has no table 'caller'/)
  })
}
