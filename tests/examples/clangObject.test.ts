import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { clangObject, skipClang } from "../support/clang.ts"
import { fileWith, skep } from "../support/cli.ts"
import { needsRoot } from "../support/kernel.ts"

const UMASK = process.arch === "x64" ? 95 : 166
const SOURCE = "examples/syscall_counts.bpf.c"

/** The example with an object, run while this process makes system calls that it has to count. */
function counts(what: string, skip: string | false, object: () => string): void {
  test(`examples/clang_object.ts runs an object of ${what}`, { skip }, async () => {
    const args = ["scripts/example.mjs", "clang_object", object(), String(process.pid), "1"]
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
    let text = ""
    child.stdout.on("data", data => (text += data))
    const ended = once(child, "close")
    while (child.exitCode === null) {
      process.umask(process.umask())
      await sleep(20)
    }
    assert.deepEqual(await ended, [0, null])
    assert.match(text, /^attached to raw_tracepoint sys_enter\n/)
    assert.match(text, new RegExp(`^${UMASK} [1-9]`, "m"))
  })
}

counts("clang's", needsRoot || skipClang, () =>
  fileWith("clang.o", clangObject(readFileSync(SOURCE, "utf8"), "a", ["-mcpu=v3"])),
)
counts("skep's", needsRoot, () => {
  const file = fileWith("skep.o", "")
  const { status, stderr } = skep(["compile", SOURCE, "-o", file])
  assert.equal(status, 0, stderr)
  return file
})
