import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { fileWith, scratch, skep } from "../support/cli.ts"

const example = "examples/task_switch.c"

test("skep types writes an interface that is called as the file", () => {
  const output = join(scratch(), "task_switch.d.ts")
  const { status, stderr } = skep(["types", example, "-o", output])
  assert.equal(status, 0, stderr)
  const text = readFileSync(output, "utf8")
  assert.match(text, /^export interface key_t \{\n {2}prev_pid: number\n {2}curr_pid: number\n\}$/m)
  assert.match(text, /^export interface TaskSwitch \{$/m)
  assert.match(text, /^ {4}stats: HashTable<key_t, bigint>$/m)
  assert.match(text, /^ {2}programs: "count_sched"$/m)
})

test("the types of an object file are those of its text", () => {
  const object = join(scratch(), "task_switch.o")
  assert.equal(skep(["compile", example, "-o", object]).status, 0)
  const [ofText, ofObject] = [example, object].map(file => skep(["types", "--name", "Prog", file]).stdout)
  assert.match(ofText, /^export interface Prog /m)
  assert.equal(ofObject.replaceAll("task_switch.o", "task_switch.c"), ofText)
})

test("a name that no type can have is refused", () => {
  const { status, stderr } = skep(["types", "--name", "prog", fileWith("x.c", "int f(void *ctx) { return 0; }")])
  assert.equal(status, 2)
  assert.match(stderr, /'prog' cannot be the name of a type/)
})
