import assert from "node:assert/strict"
import { test } from "node:test"
import { inspect } from "node:util"
import { SkepError } from "./error.ts"

test("an error that nobody catches shows its line, why and what to do, and not its parts", () => {
  const text = inspect(new SkepError({ code: "X", message: "no bees", why: "winter", hint: "wait", cause: { big: 1 } }))
  assert.match(text, /^SkepError: no bees\nwhy: winter\nhint: wait\n {4}at /)
  assert.match(text, /code: 'X'/)
  assert.doesNotMatch(text, /big/)
})

test("what is told of an error takes the place of its message in the stack", () => {
  const error = new SkepError({ code: "X", message: "no bees" })
  error.tell("a.c:1:1: no bees\n^")
  assert.match(String(error.stack), /^SkepError: a\.c:1:1: no bees\n\^\n {4}at /)
  assert.equal(error.message, "no bees")
})

test("a message is one line, whatever the names in it", () => {
  assert.equal(new SkepError({ code: "X", message: "no map 'a\n\tb\x1b[2J'" }).message, "no map 'a\\n\\tb\\x1b[2J'")
})
