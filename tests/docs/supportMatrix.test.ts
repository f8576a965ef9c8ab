import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { progTypes } from "../../src/isa/index.ts"

// What has no test is behind the second heading.
const rows = readFileSync("docs/support-matrix.md", "utf8")
  .split("\n## ")[0]
  .split("\n")
  .filter(line => line.startsWith("| ") && !/^\| (program type|---)/.test(line))
  .map(line => line.split("|").map(cell => cell.trim()))

test("the support matrix has rows", () => assert.ok(rows.length > 20))

test("every program type is in the matrix, or said to have no test", () => {
  const named = new Set(
    readFileSync("docs/support-matrix.md", "utf8")
      .match(/(?<=^\| )[\w, ]+(?= \|)/gm)
      ?.flatMap(cell => cell.trim().split(/, | with /)),
  )
  assert.deepEqual(
    progTypes.names().filter(type => !named.has(type)),
    [],
  )
})

for (const [, type, place, , , proof] of rows) {
  test(`the test that proves ${type} at ${place} exists`, () => {
    const [, file, name] = /^(\S+\.test\.ts): (.+)$/.exec(proof) ?? []
    assert.ok(file !== undefined, proof)
    assert.ok(readFileSync(file, "utf8").includes(name), `${file} has no test named ${name}`)
    if (!/[ ,]/.test(type)) assert.ok(progTypes.number(type) !== undefined, `${type} is no program type`)
  })
}
