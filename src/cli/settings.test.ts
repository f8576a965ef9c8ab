import assert from "node:assert/strict"
import { test } from "node:test"
import { settings, variableValues } from "./settings.ts"

function value(text: string, expected: unknown): void {
  test(`--set x=${text}`, () => assert.deepEqual(variableValues(settings("set", [`x=${text}`])!), { x: expected }))
}
value("5", 5)
value("-1", -1)
value("0x10", 16)
value("18446744073709551615", 18446744073709551615n)
value("true", true)
value("false", false)
value("bash", "bash")
value("a=b", "a=b")
value("", "")
value("[1,2]", [1, 2])
value('{"pid":7}', { pid: 7 })
value('"7"', "7")
value("{no", "{no")

test("what is no setting is refused", () => {
  assert.throws(() => settings("set", ["x"]), /--set is NAME=VALUE, and this is 'x'/)
  assert.equal(settings("set", undefined), undefined)
})
