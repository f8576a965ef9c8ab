import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { childEnv, childScenarios, needsRoot } from "../../tests/support/kernel.ts"
import { lookForTracefs, mounts, needsRecording, tracefs } from "./tracefs.ts"

const mount = (): void => console.log(lookForTracefs(), tracefs(), mounts("tracefs").length)

if (!childScenarios({ mount })) {
  test("the tracing file system is mounted when it is not yet", { skip: needsRoot }, () => {
    // In a mount namespace of its own, which is gone with the process.
    const script = 'umount -a -t tracefs; umount -q -l /sys/kernel/debug/tracing /sys/kernel/debug; exec "$0" "$1"'
    const child = spawnSync("unshare", ["-m", "sh", "-c", script, process.execPath, process.argv[1]], {
      env: childEnv("mount"),
      encoding: "utf8",
      timeout: 20_000,
    })
    assert.equal(child.stdout, "undefined /sys/kernel/tracing 1\n", child.stderr)
  })

  test("tracing that is switched off", () => {
    const folder = mkdtempSync(join(tmpdir(), "skep-tracefs-"))
    try {
      needsRecording(folder)
      writeFileSync(join(folder, "tracing_on"), "1\n")
      needsRecording(folder)
      writeFileSync(join(folder, "tracing_on"), "0\n")
      assert.throws(() => needsRecording(folder), { code: "KERNEL_TRACE_OFF" })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test("where file systems are mounted", { skip: process.platform === "linux" ? false : "not Linux" }, () => {
    assert.ok(mounts("proc").includes("/proc"))
    assert.deepEqual(mounts("no such file system"), [])
  })
}
