import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { pathToFileURL } from "node:url"
import { fileWith, scratch, skep } from "../support/cli.ts"

const C = `int f(struct __sk_buff *skb) {
  if (skb->len < 60)
    bpf_trace_printk("short\\n");
  if (skb->mark == 7)
    bpf_trace_printk("marked\\n");
  return 1;
}
`
const script = `
import { ethernet, testProgram } from ${JSON.stringify(pathToFileURL(resolve("dist/test.mjs")).href)}
const t = await testProgram({ file: "covered.c" })
t.run("f", { type: "sched_cls", packet: ethernet().ipv4() })
process.exitCode = 3
`

test("skep cover counts lines, and ends as the command does", () => {
  fileWith("covered.c", C)
  fileWith("covered.mjs", script)
  const { status, stderr } = skep(["cover", "--lines", "--", process.execPath, "covered.mjs"], { cwd: scratch() })
  assert.equal(status, 3, stderr)
  assert.match(stderr, /^ {2}covered\.c +\d+ % of \d+ lines {2}not run: 5$/m)
  const text = readFileSync(join(scratch(), "lcov.info"), "utf8")
  assert.match(text, /^SF:.*covered\.c\n(.*\n)*FNDA:1,f\n(.*\n)*DA:3,1\n(.*\n)*DA:5,0\n/m)
})

test("what cannot be run is said", () => {
  assert.match(skep(["cover", "--", "/nowhere/command"], { cwd: scratch() }).stderr, /cannot be run/)
  const env = { ...process.env, SKEP_MACHINE: "kernel" }
  assert.match(skep(["cover", "--", "true"], { cwd: scratch(), env }).stderr, /embedded machine only/)
})
