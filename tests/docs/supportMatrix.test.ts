import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { progTypes } from "../../src/isa/index.ts"

const rows = readFileSync("docs/support-matrix.md", "utf8")
  .split("\n")
  .filter(line => line.startsWith("| ") && !/^\| (program type|---)/.test(line))
  .map(line => line.split("|").map(cell => cell.trim()))

test("the support matrix has rows", () => assert.ok(rows.length > 20))

for (const [, type, place, , , proof] of rows) {
  test(`the test that proves ${type} at ${place} exists`, () => {
    const [, file, name] = /^(\S+\.test\.ts): (.+)$/.exec(proof) ?? []
    assert.ok(file !== undefined, proof)
    assert.ok(readFileSync(file, "utf8").includes(name), `${file} has no test named ${name}`)
    if (!type.includes(" ")) assert.ok(progTypes.number(type) !== undefined, `${type} is no program type`)
  })
}
