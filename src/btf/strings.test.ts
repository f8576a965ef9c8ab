import assert from "node:assert/strict"
import { test } from "node:test"
import { StringTable } from "./strings.ts"

const table = new StringTable(new TextEncoder().encode("\0a___b\0plain\0___\0x___y___z\0"), 0)

function holding(text: string, ...expected: string[]): void {
  test(`strings with ${text}`, () => assert.deepEqual([...table.with(text)], expected))
}

holding("___", "a___b", "___", "x___y___z")
holding("plain", "plain")
holding("z", "x___y___z")
holding("none")

test("strings of split BTF go on where the base's end", () => {
  const split = new StringTable(new TextEncoder().encode("first___x\0other\0"), 100)
  assert.deepEqual([...split.with("___")], ["first___x"])
})
