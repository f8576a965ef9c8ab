// Bundles the library and the command line into dist/, with type declarations beside them.
import { execFileSync } from "node:child_process"
import { rmSync } from "node:fs"
import { build } from "esbuild"

rmSync("dist", { recursive: true, force: true })
await build({
  entryPoints: { index: "src/index.ts", skep: "src/cli/main.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  external: ["koffi"],
  chunkNames: "chunks/[name]-[hash]",
  loader: { ".h": "text" },
  logLevel: "warning",
})
if (!process.argv.includes("--no-types")) {
  execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.types.json"], { stdio: "inherit" })
}
