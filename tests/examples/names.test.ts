import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { test } from "node:test"
import { needsRoot } from "../support/kernel.ts"

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

test("examples/disassemble.ts shows the table and the instructions", { skip: needsRoot }, () => {
  const text = run("disassemble")
  assert.match(text, /char comm\[16\]; {3}\/\/ 4, 16 bytes/)
  assert.match(text, /call bpf_get_current_comm/)
  assert.match(text, /exit\n/)
})
