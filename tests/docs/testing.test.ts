import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { pathToFileURL } from "node:url"
import { transformSync } from "esbuild"
import { needsRoot } from "../support/kernel.ts"
import { typeChecks } from "../support/tsc.ts"

// The recipes of docs/testing.md are test files: they run on both machines.

const recipes = [
  ...readFileSync("docs/testing.md", "utf8").matchAll(/^## (.*)\n(?:(?!^## )[\s\S])*?^```ts\n([\s\S]*?)^```/gm),
].map(([, title, code]) => ({ title, code }))

test("there are five recipes, and they type-check", () => {
  assert.equal(recipes.length, 5)
  typeChecks("docs/recipes", Object.fromEntries(recipes.map(({ code }, i) => [`recipe${i}.ts`, code])))
})

const library = pathToFileURL(resolve("dist/test.mjs")).href
for (const [i, { title, code }] of recipes.entries()) {
  for (const machine of ["vm", "kernel"]) {
    test(`${title}, on ${machine}`, { skip: machine === "kernel" && needsRoot }, () => {
      mkdirSync("build/docs/testing", { recursive: true })
      const file = join("build/docs/testing", `recipe${i}.test.mjs`)
      const plain = transformSync(code.replace('"skep/test"', JSON.stringify(library)), {
        loader: "ts",
        target: "node20",
      })
      writeFileSync(file, plain.code)
      const { NODE_TEST_CONTEXT: _, ...env } = process.env
      const ran = spawnSync(process.execPath, ["--test", file], {
        encoding: "utf8",
        env: { ...env, SKEP_MACHINE: machine },
      })
      assert.equal(ran.status, 0, ran.stdout + ran.stderr)
    })
  }
}
