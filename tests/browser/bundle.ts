import { readdirSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { type BuildOptions, build, type Plugin } from "esbuild"
import { projectFiles } from "../rules/files.ts"
import { rooms } from "../rules/rooms.ts"

/** What stands for Node's modules in a browser. */
const SHIMS: Readonly<Record<string, string>> = {
  "node:test": "tests/browser/nodeTest.ts",
  "node:assert": "tests/browser/assert.ts",
  "node:assert/strict": "tests/browser/assert.ts",
}

/** A module of which every member is a function that says that a test needs a computer. */
const COMPUTER = `
const { NeedsComputer } = require(${JSON.stringify(resolve("tests/browser/nodeTest.ts"))})
const handler = name => ({
  get: (target, key) => key === "__esModule" ? false : typeof key === "symbol" ? target[key] : make(name + "." + key),
  has: () => true,
  apply: () => { throw new NeedsComputer(name) },
  construct: () => { throw new NeedsComputer(name) },
})
const make = name => new Proxy(function () {}, handler(name))
module.exports = Object.create(make(MODULE))
`

/** Of files, reading can be done. */
const FILES = `Object.assign(module.exports, require(${JSON.stringify(resolve("tests/browser/fs.ts"))}))`

/** Stands for Node's modules, `within` files whose path has these words. */
const shims = (within: RegExp): Plugin => ({
  name: "node's modules in a browser",
  setup(build) {
    build.onResolve({ filter: /^(node:|koffi$|esbuild$|rollup$)/ }, ({ path, importer }) => {
      if (!within.test(importer)) return undefined
      const shim = SHIMS[path]
      return shim === undefined ? { path, namespace: "computer" } : { path: resolve(shim) }
    })
    build.onLoad({ filter: /.*/, namespace: "computer" }, ({ path }) => ({
      contents: COMPUTER.replace("MODULE", JSON.stringify(path)) + (path === "node:fs" ? FILES : ""),
      resolveDir: ".",
    }))
  },
})

/** The tests of rooms that must run in a browser. */
export function browserTests(): string[] {
  return projectFiles().filter(path => {
    const room = /^src\/(\w+)\/.*\.test\.ts$/.exec(path)?.[1]
    return room !== undefined && rooms[room]?.browser === true && !path.endsWith(".guest.test.ts")
  })
}

/** The tests of the API that `npm run test:vm` runs, and those of machines. */
export function apiTests(): string[] {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Readonly<Record<string, string>> }
  const words = [...scripts["test:vm"]!.split("--no-guest ")[1]!.split(" "), "tests/machine/"]
  return projectFiles().filter(
    path => path.endsWith(".test.ts") && !path.endsWith(".guest.test.ts") && words.some(word => path.includes(word)),
  )
}

/** Whether a file of tests, with all that it reads, asks for nothing of a computer but to read files. */
function needsNoComputer(inputs: Iterable<string>): boolean {
  return ![...inputs].some(input => input.startsWith("computer:") && input !== "computer:node:fs")
}

/** A page of tests: its files by path, and the tests that have to run. */
export interface TestPage {
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly must: ReadonlySet<string>
}

/** How the tests of a page are bundled. */
interface Bundling {
  readonly options: Pick<BuildOptions, "inject" | "plugins">
  /** What the page does before its tests. */
  readonly begin: string
  readonly env: Readonly<Record<string, string>>
  /** Whether the modules that a file's own modules import count for what it needs of a computer. */
  readonly deep: boolean
}

/** Bundles the tests of rooms for browsers, with what stands for `node:test` and `node:assert`. */
export const bundleTests = (tests: readonly string[]): Promise<TestPage> =>
  bundlePage(tests, { options: { plugins: [shims(/./)] }, begin: "", env: {}, deep: true })

/**
 * Bundles tests of the API: the library with what stands for a computer in the bundle for pages, the tests with what stands for `node:test` and
 * `node:assert`. Programs run on the embedded machine.
 */
export async function bundleApiTests(tests: readonly string[]): Promise<TestPage> {
  const { forBrowser } = (await import(pathToFileURL(resolve("scripts/browserBuild.mjs")).href)) as {
    forBrowser: BuildOptions
  }
  const { inject, plugins = [] } = forBrowser
  return bundlePage(tests, {
    options: { inject, plugins: [shims(/\.test\.ts$|[\\/]tests[\\/]/), ...plugins] },
    begin: `import { useKernelSnapshot } from "./src/index.ts"
useKernelSnapshot(new Uint8Array(await (await fetch("/files/data/linux.snapshot")).arrayBuffer()))`,
    env: { SKEP_MACHINE: "vm" },
    deep: false,
  })
}

async function bundlePage(tests: readonly string[], { options, begin, env, deep }: Bundling): Promise<TestPage> {
  const list = tests.map(file => `${JSON.stringify(file)}: () => import(${JSON.stringify(`./${file}`)}),`).join("\n")
  const result = await build({
    stdin: {
      contents: `import { runPage } from "./tests/browser/page.ts"\n${begin}\nvoid runPage({ ${list} })`,
      resolveDir: ".",
      sourcefile: "page.ts",
    },
    outdir: "out",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "chrome110",
    write: false,
    metafile: true,
    sourcemap: "inline",
    loader: { ".h": "text", ".c": "text" },
    banner: {
      js: `globalThis.process ??= { env: ${JSON.stringify(env)}, argv: [], platform: "browser", versions: {}, pid: 1, umask: () => 0o22, on() {}, once() {}, off() {}, hrtime: { bigint: () => BigInt(Math.round(performance.now() * 1e6)) }, memoryUsage: () => ({ heapUsed: 0 }) }`,
    },
    logLevel: "error",
    ...options,
  })
  const { inputs } = result.metafile
  const must = tests.filter(file => {
    const seen = new Set<string>()
    const visit = (path: string): void => {
      if (seen.has(path)) return
      seen.add(path)
      if (!deep && path !== file) return
      for (const { path: next } of inputs[path]?.imports ?? []) visit(next)
    }
    visit(file)
    return needsNoComputer(seen)
  })
  const files = new Map(
    result.outputFiles.map(({ path, contents }) => [`/${path.slice(resolve("out").length + 1)}`, contents]),
  )
  const main = files.get("/stdin.js")!
  files.set("/main.js", main)
  return { files, must: new Set(must) }
}

/** The page itself. */
export const HTML = `<!doctype html><meta charset="utf-8"><title>skep's tests</title><script type="module" src="/main.js"></script>`

/** A file of the project (`files/src/index.ts`) or a list of those in a folder (`folders/examples`), for tests that read them. */
export function projectFile(path: string): Uint8Array | string | undefined {
  const [, what, name] = /^(files|folders)\/(.*)$/.exec(path) ?? []
  if (name === undefined || name.includes("..")) return undefined
  try {
    return what === "files" ? readFileSync(name) : JSON.stringify(readdirSync(name))
  } catch {
    return undefined
  }
}
