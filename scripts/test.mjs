// Compiles the test files with esbuild and runs them with Node's own test runner.
//   node scripts/test.mjs                  every src/**/*.test.ts and tests/**/*.test.ts
//   node scripts/test.mjs src/isa asm      only the files whose path contains one of the words
//   node scripts/test.mjs --update …       regenerate golden files
import { spawnSync } from "node:child_process"
import { readdirSync, rmSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join, relative, sep } from "node:path"
import { build } from "esbuild"

const args = process.argv.slice(2)
const update = args.includes("--update")
const words = args.filter(a => !a.startsWith("--"))
const out = "build/test"

/** Every file below `dir` whose name ends with `.test.ts`, sorted. */
function testFiles(dir) {
  const found = []
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) found.push(...testFiles(path))
    else if (entry.name.endsWith(".test.ts")) found.push(path)
  }
  return found.sort()
}

const files = [...testFiles("src"), ...testFiles("tests")].filter(
  f => words.length === 0 || words.some(w => f.split(sep).join("/").includes(w)),
)
if (files.length === 0) {
  console.error(`no test file matches: ${words.join(" ")}`)
  process.exit(1)
}
rmSync(out, { recursive: true, force: true })
await build({
  entryPoints: files,
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
  loader: { ".h": "text" },
  logLevel: "warning",
})
const compiled = files.map(f => join(out, relative(".", f).replace(/\.ts$/, ".js")))
const run = spawnSync(
  process.execPath,
  ["--enable-source-maps", "--test", `--test-concurrency=${availableParallelism()}`, ...compiled],
  { stdio: "inherit", env: { ...process.env, ...(update ? { SKEP_UPDATE: "1" } : {}) } },
)
process.exit(run.status ?? 1)
