import { readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { golden } from "../../tests/support/golden.ts"
import { listing } from "../../tests/support/listing.ts"
import { assertValid, parseModule } from "../ir/index.ts"
import { type CpuLevel, generate } from "./index.ts"

const folder = "tests/golden/codegen"

/** The code of each `.ir` file at levels 1, 3 and 4, beside it. */
for (const file of readdirSync(folder).filter(f => f.endsWith(".ir"))) {
  test(file, () => {
    const module = parseModule(readFileSync(`${folder}/${file}`, "utf8"), file)
    for (const func of module.functions) assertValid(func, "", module)
    const at = (cpu: CpuLevel) => listing(generate(module, { cpu, check: true }))
    const texts = ([1, 3, 4] as const).map(cpu => ({ cpu, text: at(cpu) }))
    let out = ""
    for (const { cpu, text } of texts) {
      const same = texts.find(t => t.text === text)!
      out += same.cpu === cpu ? `; level ${cpu}\n${text}\n` : `; level ${cpu}: as level ${same.cpu}\n\n`
    }
    golden(`${folder}/${file.replace(/\.ir$/, ".txt")}`, out)
  })
}
