import assert from "node:assert/strict"
import { test } from "node:test"
import { printUnit } from "../../src/c/index.ts"
import { printModule } from "../../src/ir/index.ts"
import { lowerC } from "../support/lowerC.ts"
import { parseC } from "../support/parseC.ts"
import { oracleFunctions } from "./functions.ts"
import { generateFunction } from "./generate/index.ts"
import { oracleText } from "./native.ts"

/** What is printed of a program compiles to what the program compiles to. */
function printsTheSame(text: string): void {
  const { unit } = parseC(text)
  assert.ok(unit)
  const printed = printUnit(unit)
  assert.equal(printModule(lowerC(printed)), printModule(lowerC(text)), printed)
}

for (const f of oracleFunctions) test(`${f.before} ${f.body}`.trim(), () => printsTheSame(oracleText(f, "oracle")))

test("random functions print as C that compiles to the same", () => {
  for (let seed = 1; seed <= 150; seed++) printsTheSame(oracleText(generateFunction(seed), "oracle"))
})
