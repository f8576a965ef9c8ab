// Runs one of the long comparisons of tests/oracle, or another long run, which print their progress and a summary:
//   node scripts/sweep.mjs torture [words]     tests/oracle/torture/main.ts
//   node scripts/sweep.mjs cycles [words]      tests/cycles/main.ts
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { build } from "esbuild"
import { instrument } from "./instrument.mjs"

const [name, ...args] = process.argv.slice(2)
const outdir = `build/sweep/${name}`
const folder = ["tests/oracle", "tests"].map(place => `${place}/${name}`).find(place => existsSync(`${place}/main.ts`))
const parts = ["main", "worker"].filter(part => existsSync(`${folder}/${part}.ts`))
const { outputFiles } = await build({
  entryPoints: Object.fromEntries(parts.map(part => [part, `${folder}/${part}.ts`])),
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  sourcemap: true,
  loader: { ".h": "text", ".c": "text" },
  logLevel: "warning",
  write: false,
})
const isCode = file => file.path.endsWith(".mjs")
const code = outputFiles.filter(isCode).map(file => file.text)
// The fuzzer is guided by what runs in the compiler.
const counted = name === "fuzz" ? instrument(code, path => path.startsWith("src/")) : code
mkdirSync(outdir, { recursive: true })
for (const file of outputFiles) writeFileSync(file.path, isCode(file) ? counted.shift() : file.contents)
process.setSourceMapsEnabled(true)
const { main } = await import(new URL(`../${outdir}/main.mjs`, import.meta.url))
process.exitCode = await main(args)
