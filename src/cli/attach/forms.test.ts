import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { attachForms } from "./index.ts"

const page = readFileSync("docs/cli.md", "utf8")
for (const [form, about] of attachForms) {
  test(`docs/cli.md has ${form}`, () => {
    const cells = [`\`${form}\``, about].map(cell => cell.replaceAll("|", "\\|"))
    const rows = page.split("\n").map(row => row.split(/(?<!\\)\|/).map(cell => cell.trim()))
    assert.ok(rows.some(row => row[1] === cells[0] && row[2] === cells[1]))
  })
}
