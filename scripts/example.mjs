// Runs an example that is written in TypeScript: npm run -s example NAME [ARGUMENT…]
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { build } from "esbuild"

const [name = "", ...args] = process.argv.slice(2)
const file = `examples/${name.replace(/\.ts$/, "")}.ts`
if (!existsSync(file)) {
  const names = readdirSync("examples").filter(entry => entry.endsWith(".ts"))
  console.error(`usage: npm run -s example NAME\nexamples: ${names.map(entry => entry.slice(0, -3)).join(", ")}`)
  process.exit(2)
}
// C files that are imported are compiled by skep itself, as it was built.
const imports = /from "\.\/\w+\.bpf\.c"/.test(readFileSync(file, "utf8"))
const bundler = imports && (await import("../dist/bundler.mjs")).default
const outfile = `build/examples/${process.pid}.mjs`
await build({
  entryPoints: [file],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  external: ["koffi"],
  alias: { skep: resolve("src/index.ts") },
  // Files beside the example are found where they are, not beside the bundle.
  define: { "import.meta.url": JSON.stringify(pathToFileURL(resolve(file)).href) },
  loader: { ".h": "text", ".c": "text" },
  plugins: imports ? [bundler.esbuild({ external: false, types: false })] : [],
  logLevel: "warning",
})
process.stdout.on("error", error => process.exit(error.code === "EPIPE" ? 0 : 1))
process.argv.splice(1, process.argv.length, resolve(file), ...args)
await import(pathToFileURL(resolve(outfile)).href)
