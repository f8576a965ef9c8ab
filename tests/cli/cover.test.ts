import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { test } from "node:test"
import { pathToFileURL } from "node:url"
import { fileWith, scratch, skep } from "../support/cli.ts"
import { needsRoot } from "../support/kernel.ts"
import { installedTool, runTool } from "../support/tools.ts"

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
  assert.match(stderr, /^ {2}covered\.c +\d+ % of \d+ lines, \d+ % of \d+ branches {2}not run: 5$/m)
  const text = readFileSync(join(scratch(), "lcov.info"), "utf8")
  assert.match(
    text,
    /^SF:.*covered\.c\n(.*\n)*FNDA:1,f\n(.*\n)*BRDA:4,1,0,0\nBRDA:4,1,1,1\n(.*\n)*DA:3,1\n(.*\n)*DA:5,0\n/m,
  )
})

const noGenhtml = installedTool("genhtml", "lcov") === undefined && "genhtml (lcov) is missing"
test("genhtml makes pages of what it writes", { skip: noGenhtml }, () => {
  fileWith("covered.c", C)
  fileWith("covered.mjs", script)
  skep(["cover", "--", process.execPath, "covered.mjs"], { cwd: scratch() })
  const said = runTool("genhtml", "--branch-coverage", "-o", join(scratch(), "pages"), join(scratch(), "lcov.info"))
  assert.match(said, /lines\.+: 83\.3% \(5 of 6 lines\)/)
  assert.match(said, /functions\.+: 100\.0% \(1 of 1 function\)/)
  assert.match(said, /branches\.+: 50\.0% \(2 of 4 branches\)/)
})

test("counts of threads and of processes that are ended by force are there", () => {
  fileWith("covered.c", C)
  fileWith(
    "covered.mjs",
    `${script}\nif (process.env.BY_FORCE) setInterval(() => process.kill(process.pid, "SIGKILL"), 500)`,
  )
  fileWith(
    "thread.mjs",
    'import { Worker } from "node:worker_threads"\nconst thread = new Worker("./covered.mjs")\nsetTimeout(() => thread.terminate(), 3000)',
  )
  const cover = (file: string, env = {}): string => {
    return skep(["cover", "-o", "-", "--", process.execPath, file], { cwd: scratch(), env: { ...process.env, ...env } })
      .stdout
  }
  assert.match(cover("thread.mjs"), /^FNDA:1,f$/m)
  assert.match(cover("covered.mjs", { BY_FORCE: "1" }), /^FNDA:1,f$/m)
})

test("lines are counted in the kernel, too", { skip: needsRoot }, () => {
  fileWith("covered.c", C)
  fileWith("covered.mjs", script)
  const env = { ...process.env, SKEP_MACHINE: "kernel" }
  const { stdout, stderr } = skep(["cover", "-o", "-", "--", process.execPath, "covered.mjs"], { cwd: scratch(), env })
  assert.match(stdout, /^FNDA:1,f\n(.*\n)*DA:3,1\n(.*\n)*DA:5,0\n/m, stderr)
})

test("a program that is compiled already is counted by its instructions", () => {
  fileWith("covered.c", C)
  assert.equal(skep(["compile", "covered.c", "-o", "covered.o"], { cwd: scratch() }).status, 0)
  fileWith("object.mjs", script.replace("covered.c", "covered.o"))
  const { stdout, stderr } = skep(["cover", "-o", "-", "--", process.execPath, "object.mjs"], { cwd: scratch() })
  assert.match(stdout, /^FNDA:1,f$/m, stderr)
  assert.doesNotMatch(stdout, /^BR/m)
})

test("what cannot be run is said", () => {
  assert.match(skep(["cover", "--", "/nowhere/command"], { cwd: scratch() }).stderr, /cannot be run/)
})
