import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { golden } from "../../tests/support/golden.ts"
import { checkModule, parseModule, printFunction } from "../ir/index.ts"
import { inlineCalls, type Pass, passes } from "./index.ts"

const folder = "tests/golden/opt"

/**
 * What passes make of each `.ir` file, in a `.txt` beside it. The first line of the file says which passes run, in order:
 *
 *     ; RUN: copies, dse
 */
for (const file of readdirSync(folder).filter(f => f.endsWith(".ir"))) {
  test(file, () => {
    const text = readFileSync(`${folder}/${file}`, "utf8")
    const names = /^; RUN: (.*)/.exec(text)?.[1].split(/,\s*/)
    assert.ok(names !== undefined, `${file} begins with "; RUN: " and names of passes`)
    const module = parseModule(text, file)
    for (const name of names) {
      const pass: Pass | undefined = (passes as Record<string, Pass>)[name]
      assert.ok(pass !== undefined || name === "inline", `no pass ${name}`)
      if (name === "inline") inlineCalls(module, () => {})
      else for (const func of module.functions) pass.run(func)
      assert.deepEqual(checkModule(module), [], `after ${name}`)
    }
    golden(`${folder}/${file.replace(/\.ir$/, ".txt")}`, module.functions.map(f => printFunction(f)).join("\n"))
  })
}
