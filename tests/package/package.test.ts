import assert from "node:assert/strict"
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { installPackage, run } from "../support/package.ts"

// The package as somebody gets it: packed, installed into an empty folder, imported, run, type-checked, weighed.

const version = JSON.parse(readFileSync("package.json", "utf8")).version as string
const { app, packed, install, options: installed } = installPackage()

test("the package has the library, the program, types and documents, and nothing else", () => {
  for (const path of [
    "dist/index.mjs",
    "dist/bundler.mjs",
    "dist/test.mjs",
    "dist/browser.mjs",
    "dist/skep.js",
    "dist/core.js",
    "dist/linux.snapshot",
    "dist/types/index.d.ts",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
  ]) {
    assert.ok(packed.includes(path), `${path} is not in the package`)
  }
  const others = packed.filter(
    path =>
      !/^(dist\/((skep|core|compiler|library)\.js|(index|bundler|test|browser)\.mjs|(types\/)?package\.json|types\/.*\.d\.ts|linux\.snapshot|diagnostics\/[A-Z0-9_]+\.md)|[A-Z]+(\.md)?|package\.json)$/.test(
        path,
      ),
  )
  assert.deepEqual(others, [])
})

test("it installs into an empty folder", installed, () => assert.equal(install.status, 0, install.stderr))

test("import { BPF } works", installed, () => {
  const script = 'import { BPF } from "skep"; console.log(typeof BPF.load)'
  assert.equal(run(app, process.execPath, "--input-type=module", "-e", script), "function\n")
})

test("so do the plugins for bundlers", installed, () => {
  const script = 'import skep, { vite } from "skep/bundler"; console.log(skep.esbuild().name, vite().enforce)'
  assert.equal(run(app, process.execPath, "--input-type=module", "-e", script), "skep pre\n")
})

test("so does what tests use", installed, () => {
  const script =
    'import { ethernet, testProgram } from "skep/test"\n' +
    'using_(await testProgram({ text: "int f(struct xdp_md *ctx) { return 2; }" }))\n' +
    'function using_(t) { console.log(t.run("f", { type: "xdp", packet: ethernet() }).verdict); t[Symbol.dispose]() }'
  assert.equal(run(app, process.execPath, "--input-type=module", "-e", script), "pass\n")
})

test("npx skep --version", installed, () =>
  assert.match(run(app, "npx", "--no-install", "skep", "--version"), new RegExp(`\\b${version}\\b`)),
)

test("npx skep-cc compiles, and skep explain finds the pages", installed, () => {
  assert.match(run(app, "npx", "--no-install", "skep-cc", "--version"), /^skep cc .*\nTarget: bpf\n/)
  assert.match(run(app, "npx", "--no-install", "skep", "explain", "C_VLA"), /^# C_VLA\n/)
})

test("types resolve, and a wrong argument is an error", installed, () => {
  const program = `import { BPF } from "skep"
import bundlers from "skep/bundler"
using b = await BPF.load({ text: "int f(void *ctx) { return 0; }" })
b.attachKprobe({ event: b.syscallName("clone"), fn: "f" })
// @ts-expect-error: fn is the name of a function
b.attachKprobe({ event: "x", fn: 1 })
export const plugins = [bundlers.vite({ cpu: 4 }), bundlers.rollup()]
export {}
`
  writeFileSync(join(app, "main.ts"), program)
  // Every name that there is when a program runs has a type.
  const names = ["index", "test", "bundler"].map(file => {
    const { list } = /export const \{(?<list>[^}]*)\}/.exec(readFileSync(`dist/${file}.mjs`, "utf8"))!.groups!
    const all = list.split(",").map(name => name.trim())
    const of = file === "index" ? "skep" : `skep/${file}`
    return `import { ${all.map(name => `${name} as ${file}_${name}`).join(", ")} } from "${of}"
export const ${file}All = [${all.map(name => `${file}_${name}`).join(", ")}]\n`
  })
  writeFileSync(join(app, "names.ts"), names.join(""))
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2022",
    lib: ["es2023", "esnext.disposable"],
    module: "nodenext",
    types: ["node"],
    typeRoots: [resolve("node_modules/@types")],
  }
  writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["main.ts", "names.ts"] }))
  run(app, process.execPath, resolve("node_modules/typescript/bin/tsc"), "-p", app)
})

test("installed, it takes at most 10 MB", installed, () => {
  const sizes = readdirSync(join(app, "node_modules"), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => statSync(join(entry.parentPath, entry.name)).size)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  assert.ok(total <= 10e6, `${total} bytes`)
})
