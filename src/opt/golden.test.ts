import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { golden } from "../../tests/support/golden.ts"
import { checkModule, type Module, parseModule, printFunction } from "../ir/index.ts"
import { constantParams, inlineCalls, type Pass, passes, unusedParams } from "./index.ts"

/** Steps over the whole module. */
const steps: Readonly<Record<string, ((module: Module) => void) | undefined>> = {
  inline: module => {
    for (const func of module.functions) if (func.role === "static") func.typeId = () => 0
    inlineCalls(module, () => {}, { subprograms: true })
  },
  constantParams: module => constantParams(module, () => {}),
  unusedParams,
}

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
      const step = steps[name]
      if (step !== undefined) step(module)
      else for (const func of module.functions) pass.run(func)
      assert.deepEqual(checkModule(module), [], `after ${name}`)
    }
    golden(`${folder}/${file.replace(/\.ir$/, ".txt")}`, module.functions.map(f => printFunction(f)).join("\n"))
  })
}
