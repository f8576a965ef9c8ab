// Bundles the library and the command line into dist/, with type declarations beside them.
//   node scripts/build.mjs [--no-types]
import { spawnSync } from "node:child_process"
import { existsSync, renameSync, rmSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { build } from "esbuild"

/**
 * False when the types have errors; all else is an exception.
 * The new dist/ takes the place of the old one when it is complete: a skep that starts meanwhile finds one or the other.
 */
export async function buildDist({ types }) {
  const outdir = `build/dist-${process.pid}`
  await build({
    entryPoints: { index: "src/index.ts", skep: "src/cli/main.ts" },
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: ["koffi"],
    chunkNames: "chunks/[name]-[hash]",
    loader: { ".h": "text", ".c": "text" },
    minify: true,
    // Node shows the line that threw.
    lineLimit: 160,
    logLevel: "warning",
  })
  let ok = true
  if (types) {
    const tsc = ["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json", "--outDir", `${outdir}/types`]
    ok = spawnSync(process.execPath, tsc, { stdio: "inherit" }).status === 0
  }
  const old = `${outdir}-old`
  if (existsSync("dist")) renameSync("dist", old)
  renameSync(outdir, "dist")
  rmSync(old, { recursive: true, force: true })
  return ok
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = (await buildDist({ types: !process.argv.includes("--no-types") })) ? 0 : 1
}
