// Measures skep, side by side with BCC 0.26 where that is installed: npm run bench [-- --runs=N] [--corpus=DIR]. See bench/.
// npm run bench -- --only=verifier: instructions that the verifier goes through in a second.
// npm run bench -- --only=vm [words]: small programs on the embedded machine, side by side with the kernel and gcc; "operations" for maps and helpers;
// "translation" for how long programs take to become WebAssembly.
import { build } from "esbuild"
import { buildDist } from "./build.mjs"

const only = ["vm", "verifier"].find(part => process.argv.includes(`--only=${part}`))
if (only === undefined) await buildDist({ types: false })
const entryPoints = {
  bench: "bench/bench.ts",
  load: "bench/load.ts",
  compile: "bench/compile.ts",
  sizes: "bench/sizes.ts",
  corpus: "bench/corpus.ts",
  maps: "bench/maps.ts",
  vm: "bench/vm/bench.ts",
  verifier: "bench/verifier/bench.ts",
}
const options = {
  outdir: "build/bench",
  bundle: true,
  splitting: false,
  platform: "node",
  target: "node20",
  // Constants stand where they are used, as they do in the package.
  minifySyntax: true,
  // The package itself is found as an installed one is: by its name, in dist/.
  external: ["koffi", "skep"],
  loader: { ".h": "text", ".c": "text" },
  logLevel: "warning",
}
await build({ ...options, entryPoints, format: "esm", outExtension: { ".js": ".mjs" } })
// V8 keeps the code of scripts, and not of modules.
if (only === "vm") await build({ ...options, entryPoints: ["bench/vm/firstProgram.ts"], format: "iife", minify: true })
const { main } = await import(new URL(`../build/bench/${only ?? "bench"}.mjs`, import.meta.url))
process.exitCode = await main(process.argv.slice(2).filter(arg => !arg.startsWith("--only=")))
