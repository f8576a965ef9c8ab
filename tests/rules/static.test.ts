import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { projectFiles } from "./files.ts"
import { rooms } from "./rooms.ts"

/** Runs a tool of node_modules over the project; what it has to say is the failure's message. */
function passes(tool: string, ...args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [tool, ...args], { encoding: "utf8" })
  assert.equal(status, 0, error?.message ?? `${stdout}${stderr}`)
}

const tsc = "node_modules/typescript/bin/tsc"
const biome = "node_modules/@biomejs/biome/bin/biome"

test("types", () => passes(tsc, "--noEmit"))

test("lint and format", () => passes(biome, "check", "--colors=off", "--reporter=summary", "."))

test("browser rooms use nothing of Node, not even a global", () => {
  const include = Object.entries(rooms)
    .filter(([name, room]) => room.browser && existsSync(`src/${name}`))
    .map(([name]) => `../../src/${name}`)
  const compilerOptions = {
    types: [],
    lib: ["es2023", "esnext.disposable", "esnext.collection", "dom"],
    rootDir: "../..",
  }
  const exclude = ["../../src/**/*.test.ts"]
  mkdirSync("build/rules", { recursive: true })
  const config = {
    extends: "../../tsconfig.json",
    compilerOptions,
    include: [...include, "../../src/globals.d.ts"],
    exclude,
  }
  writeFileSync("build/rules/tsconfig.json", JSON.stringify(config))
  passes(tsc, "--noEmit", "-p", "build/rules/tsconfig.json")
})

test("shell scripts are well formed", () => {
  for (const path of projectFiles().filter(path => path.endsWith(".sh") || path === "skep")) {
    const { status, stderr } = spawnSync("sh", ["-n", path], { encoding: "utf8" })
    assert.equal(status, 0, `${path}: ${stderr}`)
  }
})
