import assert from "node:assert/strict"
import { test } from "node:test"
import { bpfDescriptors, counting, enter, hits, needsRoot } from "../../../tests/support/kernel.ts"
import { SkepError } from "../../base/index.ts"
import { attachEach } from "./many.ts"

const skip = needsRoot
const events = ["syscalls:sys_enter_getpgid", "syscalls:sys_exit_getpgid"]

test("one link holds many tracepoints", { skip }, () => {
  using loaded = counting("tracepoint")
  const link = loaded.program("count").attach({ kind: "tracepoint_multi", event: "getpgid", events })
  assert.equal(link.place, "tracepoint_multi getpgid (2 tracepoints)")
  enter(3)
  assert.equal(hits(loaded), 6)
  link.detach()
  enter(3)
  assert.equal(hits(loaded), 6)
})

test("after an error at one of many places none stays attached", { skip }, () => {
  using loaded = counting("tracepoint")
  const before = bpfDescriptors().length
  const wrong = { kind: "tracepoint_multi", event: "x", events: [...events, "syscalls:sys_enter_no"] } as const
  assert.throws(() => loaded.program("count").attach(wrong), {
    code: "KERNEL_NO_TRACEPOINT",
    message: "this kernel has no tracepoint syscalls:sys_enter_no (place 3 of 3; nothing stays attached)",
  })
  assert.equal(bpfDescriptors().length, before)
})

/** Attaches to so many places that do nothing; how many were detached again, and what was reported. */
function each(total: number, failAt?: number): { closed: number; reports: number[][] } {
  let closed = 0
  const reports: number[][] = []
  const open = (_: number, i: number) => {
    if (i === failAt) throw new SkepError({ code: "TEST_CODE", message: "no" })
    return { method: "test", close: () => void closed++ }
  }
  try {
    attachEach("test", [...Array(total).keys()], open, (done, all) => reports.push([done, all])).close()
  } catch (error) {
    assert.equal((error as SkepError).code, "TEST_CODE")
  }
  return { closed, reports }
}

test("all places are detached together", () => assert.equal(each(100).closed, 100))
test("an error detaches those before it", () => assert.equal(each(100, 60).closed, 60))
test("progress is told beyond 100 places", () => {
  assert.deepEqual(each(100).reports, [])
  const { reports } = each(110)
  assert.deepEqual(
    [reports[0], reports.at(-1)],
    [
      [25, 110],
      [110, 110],
    ],
  )
})

test("a tracepoint with a cookie is a link", { skip }, () => {
  using loaded = counting("tracepoint")
  const target = { kind: "tracepoint", category: "syscalls", event: "sys_enter_getpgid", cookie: 5 } as const
  const link = loaded.program("count").attach(target)
  assert.equal(link.info?.type, "perf_event")
  enter(2)
  assert.equal(hits(loaded), 2)
})
