import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { skep } from "../support/cli.ts"
import { needsRoot } from "../support/kernel.ts"
import { typeChecks } from "../support/tsc.ts"

test("the examples type-check, those that import C files by its types", () => {
  const names = readdirSync("examples").filter(name => name.endsWith(".ts"))
  const files = Object.fromEntries(names.map(name => [name, readFileSync(join("examples", name), "utf8")]))
  const types = skep(["types", "--import", "examples/writes.bpf.c"]).stdout
  typeChecks("types/examples", { ...files, "writes.bpf.d.c.ts": types }, { allowArbitraryExtensions: true })
})

/** What an example prints. */
function run(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/example.mjs", ...args], { encoding: "utf8" })
  assert.equal(status, 0, stderr)
  return stdout
}

test("examples/syscalls.ts counts the system calls of its command alone", { skip: needsRoot }, () => {
  const text = run("syscalls", "cat", "/dev/null")
  const counts = new Map(
    text
      .trim()
      .split("\n")
      .map(line => line.trim().split(" ") as [string, string])
      .map(([n, name]) => [name, Number(n)]),
  )
  // The shell that waits is replaced by the command: it is seen from then on, and ends once.
  assert.ok((counts.get("execve") ?? 0) >= 1, text)
  assert.equal(counts.get("exit_group"), 1, text)
  assert.ok((counts.get("openat") ?? 0) > 0 && (counts.get("read") ?? 0) > 0, text)
})

test("examples/writes.ts imports its C file, and knows its enumerators", { skip: needsRoot }, () => {
  assert.equal(run("writes"), "3 writes of 12000 bytes, large ones among them\n")
})

test("examples/disassemble.ts shows the table and the instructions", { skip: needsRoot }, () => {
  const text = run("disassemble")
  assert.match(text, /char comm\[16\]; {3}\/\/ 4, 16 bytes/)
  assert.match(text, /call bpf_get_current_comm/)
  assert.match(text, /exit\n/)
})
