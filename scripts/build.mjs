// Bundles the library and the command line into dist/, with type declarations beside them.
//   node scripts/build.mjs [--no-types]
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { runInThisContext } from "node:vm"
import { build } from "esbuild"
import { forBrowser } from "./browserBuild.mjs"
import { keepReachable } from "./declarations.mjs"

const common = {
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node20",
  minify: true,
  // Node shows the line that threw.
  lineLimit: 160,
  // Read as Latin-1.
  charset: "ascii",
  logLevel: "warning",
}

/** What core.js exports to skep itself. */
const INTERNAL = ["bundler", "commandLine", "testing", "used"]

/**
 * False when the types have errors; all else is an exception.
 * The new dist/ takes the place of the old one when it is complete: a skep that starts meanwhile finds one or the other.
 *
 *     core.js      all of skep, a function expression; loaded by skep.js and library.js with the code that V8 kept of it (src/start)
 *     compiler.js  of that, what the commands need that only compile, for these
 *     skep.js      the command line
 *     index.mjs    the library: the names that library.js gets from core.js
 *     browser.mjs  the library for a page: without this computer's kernel
 *     bundler.mjs  the plugin for bundlers, out of core.js, too
 *     test.mjs     what helps to test programs, also out of it
 */
export async function buildDist({ types }) {
  const outdir = `build/dist-${process.pid}`
  const bundle = {
    ...common,
    outdir,
    external: ["koffi"],
    loader: { ".h": "text", ".c": "text" },
    // A function expression, as Node makes one of every CommonJS module: src/start hands it to V8 as it is.
    banner: {
      js: `(function (exports, require, module, __filename, __dirname) { "use strict";
const importMeta = { get url() { return require("node:url").pathToFileURL(__filename).href } };`,
    },
    footer: { js: "})" },
    define: { "import.meta.url": "importMeta.url" },
  }
  await build({ ...bundle, entryPoints: { core: "src/core.ts" } })
  await build({ ...bundle, entryPoints: { compiler: "src/cli/compiler.ts" }, plugins: [nothingLazy] })
  const core = `${outdir}/core.js`
  const hashOf = file => createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 16)
  await build({
    ...common,
    entryPoints: { skep: "src/cli/main.ts", library: "src/start/library.ts" },
    outdir,
    define: {
      SKEP_BUILD: JSON.stringify(hashOf(core)),
      SKEP_COMPILER_BUILD: JSON.stringify(hashOf(`${outdir}/compiler.js`)),
    },
  })
  await build({
    ...forBrowser,
    minify: true,
    lineLimit: 160,
    entryPoints: { browser: "src/index.ts" },
    outdir,
    outExtension: { ".js": ".mjs" },
  })
  writeFileSync(`${outdir}/package.json`, '{ "type": "commonjs" }\n')
  cpSync("data/linux.snapshot", `${outdir}/linux.snapshot`)
  cpSync("docs/diagnostics", `${outdir}/diagnostics`, { recursive: true })
  const library = libraryIn(resolve(core))
  const names = Object.keys(library).filter(name => !INTERNAL.includes(name))
  const forTests = Object.keys(await library.testing())
  writeFileSync(
    `${outdir}/index.mjs`,
    `import start from "./library.js"\nexport const { ${names.sort().join(", ")} } = start.library\n`,
  )
  writeFileSync(
    `${outdir}/bundler.mjs`,
    `import start from "./library.js"
const plugins = await start.library.bundler()
export const { esbuild, rollup, vite } = plugins
export default plugins.default
`,
  )
  writeFileSync(
    `${outdir}/test.mjs`,
    `import start from "./library.js"\nexport const { ${forTests.sort().join(", ")} } = await start.library.testing()\n`,
  )
  let ok = true
  if (types) {
    const tsc = ["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json", "--outDir", `${outdir}/types`]
    ok = spawnSync(process.execPath, tsc, { stdio: "inherit" }).status === 0
    keepReachable(`${outdir}/types`, PUBLIC)
    writeFileSync(`${outdir}/types/package.json`, '{ "type": "module" }\n')
  }
  const old = `${outdir}-old`
  if (existsSync("dist")) renameSync("dist", old)
  renameSync(outdir, "dist")
  rmSync(old, { recursive: true, force: true })
  return ok
}

/**
 * Modules that some `import()` leads to are wrapped in functions, which takes time at every start. The compiler's bundle uses no such module:
 * what leads to one belongs to rooms of which it has other parts, and is left out as unused. Where it is not, the build fails.
 */
const nothingLazy = {
  name: "nothing-lazy",
  setup(build) {
    build.onResolve({ filter: /^\./ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "lazy", external: true } : undefined,
    )
    build.onEnd(() => {
      const text = readFileSync(`${build.initialOptions.outdir}/compiler.js`, "latin1")
      if (/(import|require)\("lazy"\)/.test(text)) throw new Error("compiler.js would load a part of itself lazily")
    })
  },
}

/** What the bundle exports. */
function libraryIn(file) {
  const module = { exports: {} }
  const load = runInThisContext(readFileSync(file, "latin1"), { filename: file })
  load(module.exports, createRequire(file), module, file, dirname(file))
  return module.exports
}

/** Declarations of what the package exports. */
const PUBLIC = Object.values(JSON.parse(readFileSync("package.json", "utf8")).exports).flatMap(({ types }) =>
  types === undefined ? [] : [types.replace("./dist/types/", "")],
)

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = (await buildDist({ types: !process.argv.includes("--no-types") })) ? 0 : 1
}
