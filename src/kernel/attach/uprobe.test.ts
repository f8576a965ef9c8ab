import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { bpfDescriptors, counting, enter, hits, needsRoot } from "../../../tests/support/kernel.ts"
import { findFunctions, findLibrary } from "../../symbols/index.ts"
import { lookForTracefs } from "../tracefs.ts"
import { openUprobes } from "./uprobe.ts"

const skip = needsRoot
const libc = findLibrary("c", process.pid)

for (const tracefs of [false, true]) {
  test(`this process's calls of libc's syscall() are counted ${tracefs ? "by uprobe_events" : "by the PMU"}`, {
    skip,
  }, () => {
    assert.ok(libc)
    const [{ fileOffset }] = findFunctions(libc, "syscall")
    {
      using loaded = counting("kprobe")
      const { fd } = loaded.program("count")
      const probe = { path: libc.path, offset: fileOffset, ret: false, pid: process.pid }
      const open = openUprobes([probe], fd, "trying", tracefs)
      assert.equal(open.method, tracefs ? "tracefs uprobe" : "perf uprobe")
      const before = hits(loaded)
      enter(5)
      const calls = hits(loaded) - before
      assert.ok(calls >= 5, `${calls}`)
      open.close()
      const last = hits(loaded)
      enter(5)
      assert.equal(hits(loaded), last)
    }
    assert.deepEqual(bpfDescriptors(), [])
    const events = readFileSync(`${lookForTracefs()}/uprobe_events`, "utf8")
    assert.ok(!events.includes(`skep_${process.pid}_`))
  })
}

test("after a place that is refused none of the others is left", { skip }, () => {
  assert.ok(libc)
  using loaded = counting("kprobe")
  const [{ fileOffset }] = findFunctions(libc, "syscall")
  const probes = [fileOffset, 2 ** 40].map(offset => ({ path: libc.path, offset, ret: false, pid: process.pid }))
  const before = bpfDescriptors().length
  assert.throws(() => openUprobes(probes, loaded.program("count").fd, "trying"), { code: "KERNEL_UPROBE_REFUSED" })
  assert.equal(bpfDescriptors().length, before)
})
