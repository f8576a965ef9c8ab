import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative, resolve } from "node:path"
import { after, test } from "node:test"
import * as esbuild from "esbuild"
import { rollup, watch } from "rollup"
import { typeChecks } from "../../tests/support/tsc.ts"
import skep, { type BundlerOptions } from "./index.ts"

const folder = mkdtempSync(join(tmpdir(), "skep-bundler-"))
after(() => rmSync(folder, { recursive: true, force: true }))
mkdirSync(join(folder, "node_modules"))
symlinkSync(resolve("."), join(folder, "node_modules/skep"))

const GOOD = "#define STEP 2\n"
const BAD = "#define STEP 2 +\n"
/** Writes a file of the project; its path. */
function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const program = file(
  "count.bpf.c",
  `#include "step.h"
BPF_HASH(counts, u32, u64);
int count(void *ctx) { u32 key = STEP; /* é */ counts.increment(key); return LIMIT; }
`,
)
const header = file("step.h", GOOD)
const main = file(
  "main.js",
  `import count from "./count.bpf.c"
export { Count } from "./count.bpf.c"
console.log(count.name, count.object.programs[0].name, count.object.maps[0].name)
`,
)
const options: BundlerOptions = { defines: { LIMIT: 0 } }
/** As messages call it. */
const shown = relative(process.cwd(), program)

function runs(path: string): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path], { encoding: "utf8" })
  assert.equal(status, 0, stderr)
  assert.equal(stdout, "count.bpf.c count counts\n")
}

const withEsbuild = (more: BundlerOptions = {}): Promise<esbuild.BuildResult> =>
  esbuild.build({
    entryPoints: [main],
    outfile: join(folder, "esbuild.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "silent",
    plugins: [skep.esbuild({ ...options, ...more })],
  })

const withRollup = async (plugin = skep.rollup(options)): Promise<readonly string[]> => {
  const bundle = await rollup({ input: main, plugins: [plugin] })
  await bundle.write({ file: join(folder, "rollup.mjs"), format: "es" })
  await bundle.close()
  return bundle.watchFiles
}

test("esbuild bundles a C file that is imported", async () => {
  const { errors, warnings } = await withEsbuild()
  assert.deepEqual([...errors, ...warnings], [])
  runs(join(folder, "esbuild.mjs"))
})

test("Rollup bundles it, and watches what it includes", async () => {
  const watched = await withRollup()
  assert.ok(watched.includes(program) && watched.includes(header), watched.join())
  runs(join(folder, "rollup.mjs"))
})

test("Vite's plugin is Rollup's, before those of Vite", async () => {
  const plugin = skep.vite(options)
  assert.equal(plugin.enforce, "pre")
  await withRollup(plugin)
  runs(join(folder, "rollup.mjs"))
})

test("a query behind the file's name is not part of it", () => {
  const watched: string[] = []
  const context = { addWatchFile: (path: string) => watched.push(path), warn: assert.fail, error: assert.fail }
  const { load } = skep.vite(options)
  assert.match(load.call(context as never, `${program}?import&t=1`)?.code ?? "", /new CompiledProgram\(/)
  assert.deepEqual(watched, [program, header])
  assert.equal(load.call(context as never, `${folder}/main.c`), null)
})

test("esbuild shows errors of the compiler at their line", async () => {
  file("step.h", BAD)
  try {
    const failure = (await withEsbuild().catch(error => error)) as esbuild.BuildFailure
    const [{ text, location }] = failure.errors
    assert.equal(text, "expected expression, found ';' [C_SYNTAX]")
    assert.deepEqual([location?.file, location?.line, location?.column], [shown, 3, 37])
    assert.match(location?.lineText ?? "", /^int count/)
  } finally {
    file("step.h", GOOD)
  }
})

test("so does Rollup, and its error has the line with a caret", async () => {
  file("step.h", BAD)
  try {
    const error = await withRollup().catch(error => error)
    assert.match(error.message, /count\.bpf\.c \(3:37\): expected expression, found ';' \[C_SYNTAX\]$/)
    assert.deepEqual(error.loc, { file: program, line: 3, column: 37 })
    assert.match(error.frame, /^int count.*\n {37}\^/)
    assert.ok(error.watchFiles.includes(header))
  } finally {
    file("step.h", GOOD)
  }
})

test("columns of esbuild count bytes", async () => {
  const path = file("wide.bpf.c", "int f(void *ctx) { /* é */ return oops; }\n")
  const failure = (await esbuild
    .build({ entryPoints: [path], bundle: true, write: false, logLevel: "silent", plugins: [skep.esbuild()] })
    .catch(error => error)) as esbuild.BuildFailure
  assert.equal(failure.errors[0].location?.column, 35)
  assert.equal(failure.errors[0].location?.length, 4)
})

test("warnings are the bundler's, too", async () => {
  const path = file("warned.bpf.c", '#warning "mind the gap"\nint f(void *ctx) { return 0; }\n')
  const { warnings } = await esbuild.build({
    entryPoints: [path],
    bundle: true,
    write: false,
    format: "esm",
    logLevel: "silent",
    plugins: [skep.esbuild()],
  })
  assert.match(warnings[0].text, /mind the gap/)
  assert.equal(warnings[0].location?.line, 1)
})

test("options that are wrong are an error of the import", async () => {
  const failure = (await withEsbuild({ cflags: ["--what"] }).catch(error => error)) as esbuild.BuildFailure
  assert.match(failure.errors[0].text, /unknown compiler flag '--what' \[BPF_OPTION\]/)
})

test("the types of an import are written beside it, and only when they change", async () => {
  const types = `${program}.d.ts`
  rmSync(types, { force: true })
  await withEsbuild()
  assert.match(readFileSync(types, "utf8"), /counts: HashTable<number, bigint>/)
  const { mtimeNs } = statSync(types, { bigint: true })
  await withEsbuild()
  assert.equal(statSync(types, { bigint: true }).mtimeNs, mtimeNs)
  rmSync(types)
  await withEsbuild({ types: false })
  assert.ok(!existsSync(types))
  await withEsbuild({ types: "d.c.ts" })
  assert.ok(existsSync(join(folder, "count.bpf.d.c.ts")))
})

const PLUGINS = `import type { Plugin } from "esbuild"
import type { Plugin as RollupPlugin } from "rollup"
import skep, { esbuild, rollup, vite } from "skep/bundler"
export const plugins: Plugin[] = [skep.esbuild(), esbuild({ include: /\\.c$/, cpu: 4 })]
export const others: RollupPlugin[] = [skep.rollup(), rollup({ types: "d.c.ts" }), vite(), skep.vite()]
// @ts-expect-error no such option
skep.rollup({ inclde: /x/ })
`

test("TypeScript finds them, and the plugins are such as bundlers take", async () => {
  await withEsbuild()
  const use = `import count, { type Count } from "./count.bpf.c"
export async function main(): Promise<void> {
  using b: Count = await count.load()
  b.table("counts").get(1)?.toString().length.toFixed()
  // @ts-expect-error no such table
  b.table("count")
}
`
  const bundler = { module: "esnext", moduleResolution: "bundler", rewriteRelativeImportExtensions: false }
  const types = readFileSync(`${program}.d.ts`, "utf8")
  typeChecks("types/bundler", { "use.ts": use, "count.bpf.c.d.ts": types }, bundler)
  const beside = { ...bundler, module: "nodenext", moduleResolution: "nodenext", allowArbitraryExtensions: true }
  typeChecks("types/bundlerNode", { "use.ts": use, "count.bpf.d.c.ts": types, "plugins.ts": PLUGINS }, beside)
})

test("a build that watches makes the bundle anew when an included file changes", async () => {
  const out = join(folder, "watched.mjs")
  const watcher = watch({ input: main, plugins: [skep.rollup(options)], output: { file: out, format: "es" } })
  try {
    const texts: string[] = []
    await new Promise<void>((done, fail) => {
      watcher.on("event", event => {
        if (event.code === "ERROR") fail(event.error)
        if (event.code === "BUNDLE_END") void event.result.close()
        if (event.code !== "END") return
        texts.push(readFileSync(out, "utf8"))
        if (texts.length === 1) file("step.h", "#define STEP 7\n")
        else done()
      })
    })
    assert.notEqual(texts[0], texts[1])
  } finally {
    await watcher.close()
    file("step.h", GOOD)
  }
})
