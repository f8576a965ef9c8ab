// Builds dist/, compiles the test files with esbuild and runs them with Node's own test runner.
//   node scripts/test.mjs                  every src/**/*.test.ts and tests/**/*.test.ts
//   node scripts/test.mjs src/isa asm      only the files whose path contains one of the words
//   node scripts/test.mjs --no-guest …     without those that need a booted kernel
//   node scripts/test.mjs --update …       regenerate golden files
//   node scripts/test.mjs --reporter=spec  another of Node's reporters: every test by name
// *.guest.test.ts files run in a booted kernel: tests/guest/guest.test.ts takes those that were compiled, and comes in when there are any.
import { spawnSync } from "node:child_process"
import { readdirSync, rmSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { build } from "esbuild"
import { buildDist } from "./build.mjs"

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    update: { type: "boolean" },
    "no-guest": { type: "boolean" },
    reporter: { type: "string", default: "./scripts/reporter.mjs" },
  },
})
const out = "build/test"

/** Every file below `dir` whose name ends with `.test.ts`, as a path with slashes, sorted. */
function testFiles(dir) {
  return readdirSync(dir, { recursive: true })
    .map(name => join(dir, name).replaceAll("\\", "/"))
    .filter(path => path.endsWith(".test.ts"))
    .sort()
}

const forGuest = file => file.endsWith(".guest.test.ts")
const inGuest = "tests/guest/guest.test.ts"
const withoutGuest = file => !forGuest(file) && file !== inGuest
const found = [...testFiles("src"), ...testFiles("tests")]
const all = values["no-guest"] ? found.filter(withoutGuest) : found
const files = all.filter(file => words.length === 0 || words.some(word => file.includes(word)))
if (files.some(forGuest) && !files.includes(inGuest)) files.push(inGuest)
if (files.includes(inGuest) && !files.some(forGuest)) files.push(...all.filter(forGuest))
if (files.length === 0) {
  console.error(`no test file matches: ${words.join(" ")}`)
  process.exit(1)
}

await buildDist({ types: files.some(file => file.startsWith("tests/package/")) })
rmSync(out, { recursive: true, force: true })
await build({
  entryPoints: [...files, "tests/guest/reporter.ts"],
  outdir: out,
  outbase: ".",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  sourcemap: true,
  chunkNames: "chunks/[name]-[hash]",
  loader: { ".h": "text", ".c": "text" },
  logLevel: "warning",
})
let noGuest
if (files.some(file => file.startsWith("tests/guest/"))) {
  const prepared = spawnSync(process.execPath, ["scripts/guest.mjs", "--prepare"], { encoding: "utf8" })
  if (prepared.status !== 0) noGuest = prepared.stderr.trim()
}
const compiled = files.filter(file => !forGuest(file)).map(file => join(out, file.replace(/\.ts$/, ".js")))
// Milliseconds for one test; the longest is the whole guest.
const options = ["--test-timeout=800000", `--test-reporter=${values.reporter}`, "--test-reporter-destination=stdout"]
const run = spawnSync(
  process.execPath,
  ["--enable-source-maps", "--test", `--test-concurrency=${availableParallelism()}`, ...options, ...compiled],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      ...(values.update ? { SKEP_UPDATE: "1" } : {}),
      ...(noGuest ? { SKEP_NO_GUEST: noGuest } : {}),
    },
  },
)
process.exit(run.status ?? 1)
