import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { test } from "node:test"
import { needsRoot } from "../support/kernel.ts"

test("examples/renames.ts tells of a task that takes another name", { skip: needsRoot }, async () => {
  const child = spawn(process.execPath, ["scripts/example.mjs", "renames", "30"], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  let out = ""
  child.stdout.on("data", data => (out += data))
  // Commands are started until one of them, which takes its program's name, has been seen.
  while (!/is true now/.test(out) && child.exitCode === null) {
    spawnSync("true")
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  child.kill("SIGKILL")
  await once(child, "exit")
  assert.match(out, /^\d+: .* is true now$/m)
})
