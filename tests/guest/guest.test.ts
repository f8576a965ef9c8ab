import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { guestImage, whyNoGuest } from "./image.ts"
import type { GuestTest } from "./report.ts"
import { guestFiles, runInGuest, sourceOf } from "./run.ts"

/** The name under which a test in the guest is reported here. */
function titled({ path }: GuestTest): string {
  return path.join(" > ")
}

/** The names of the tests in a file: Node's runner with a pattern that no name matches lists all and runs none. */
function testNames(file: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "skep-names-"))
  const list = join(folder, "list")
  const reporter = ["--test-reporter=./build/test/tests/guest/reporter.js", `--test-reporter-destination=${list}`]
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  spawnSync(process.execPath, [...reporter, "--test-name-pattern=(?!)", file], { env })
  const lines = readFileSync(list, "utf8").split("\n").filter(Boolean)
  rmSync(folder, { recursive: true })
  const names = lines.map(line => titled({ ...JSON.parse(line), path: [sourceOf(file), ...JSON.parse(line).path] }))
  return names.length > 0 ? names : [sourceOf(file)]
}

const series = "6.1"
const missing = whyNoGuest(series)
if (missing) {
  for (const file of guestFiles()) for (const name of testNames(file)) test(name, { skip: missing })
} else {
  const image = guestImage(series)
  test(`in kernel ${image.release}`, async t => {
    const told: Promise<void>[] = []
    await runInGuest(image, guestFiles(), report => {
      const { skip, todo } = report
      const tell = () => {
        if (report.error) throw Object.assign(new Error(report.error.message), { stack: report.error.stack })
      }
      told.push(t.test(titled(report), { ...(skip ? { skip } : {}), ...(todo ? { todo } : {}) }, tell))
    })
    await Promise.all(told)
  })
}
