import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, mkdtempSync, statfsSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { enter } from "../support/kernel.ts"

/** Runs an example that sees the whole machine in this process, while something goes on: what it prints matches. */
function runs(
  name: string,
  load: () => Promise<unknown>,
  args: readonly string[],
  wanted: RegExp,
  act = (): void => {},
) {
  test(`examples/${name}.ts`, async () => {
    const [argv, log] = [process.argv, console.log]
    let text = ""
    process.argv = [...argv.slice(0, 2), ...args]
    console.log = (...parts) => (text += `${parts.join(" ")}\n`)
    const timer = setInterval(act, 100)
    try {
      await load()
    } finally {
      clearInterval(timer)
      console.log = log
      process.argv = argv
    }
    assert.match(text, wanted)
  })
}

runs(
  "kprobes",
  () => import("../../examples/kprobes.ts"),
  ["vfs_(statfs|fsync)", "0.5"],
  /^ +[1-9]\d* vfs_statfs$/m,
  () => statfsSync("/"),
)
runs(
  "kretprobe",
  () => import("../../examples/kretprobe.ts"),
  ["vfs_statfs", "0.5"],
  /^ +0 -> 1 +: [1-9]/m,
  () => statfsSync("/"),
)
runs(
  "fentry",
  () => import("../../examples/fentry.ts"),
  ["vfs_statfs", "0.5"],
  /^ +\d+ -> \d+ +: [1-9]\d* +\|\*/m,
  () => statfsSync("/"),
)
runs(
  "fmod_ret",
  () => import("../../examples/fmod_ret.ts"),
  [String(process.pid), "0.5"],
  /^[1-9]\d* were refused$/m,
  () => enter(1),
)
runs("freplace", () => import("../../examples/freplace.ts"), [], /^1, then 2$/m)

const forbidden = join(mkdtempSync(join(tmpdir(), "skep-")), "forbidden")
copyFileSync("/bin/true", forbidden)
chmodSync(forbidden, 0o755)
runs(
  "lsm",
  () => import("../../examples/lsm.ts"),
  ["forbidden", "0.5"],
  /^[1-9]\d* were refused$/m,
  () => {
    spawnSync(forbidden)
  },
)
