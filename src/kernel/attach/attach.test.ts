import assert from "node:assert/strict"
import { test } from "node:test"
import {
  bpfDescriptors,
  counter,
  counting,
  enter,
  hits,
  kernel,
  map,
  needsRoot,
  object,
} from "../../../tests/support/kernel.ts"
import type { AttachTarget } from "../../machine/index.ts"
import type { ProgramType } from "../../object/index.ts"
import { staleEvents } from "./kprobeEvents.ts"

const skip = needsRoot
const getpgid = { kind: "tracepoint", category: "syscalls", event: "sys_enter_getpgid" } as const

test("a tracepoint runs its program until the link is detached", { skip }, () => {
  using loaded = counting("tracepoint")
  const link = loaded.program("count").attach(getpgid)
  assert.equal(link.method, "tracepoint")
  assert.equal(link.attached, true)
  assert.equal(loaded.links.size, 1)
  enter(5)
  assert.equal(hits(loaded), 5)
  link.detach()
  link.detach()
  assert.equal(link.attached, false)
  assert.equal(loaded.links.size, 0)
  enter(5)
  assert.equal(hits(loaded), 5)
})

test("a raw tracepoint runs its program", { skip }, () => {
  using loaded = counting("raw_tracepoint")
  const link = loaded.program("count").attach({ kind: "raw_tracepoint", event: "sys_enter" })
  enter(5)
  const first = hits(loaded)
  assert.ok(first >= 5, `${first}`)
  link.detach()
  const last = hits(loaded)
  enter(5)
  assert.equal(hits(loaded), last)
})

test("two programs share a tracepoint", { skip }, () => {
  using one = counting("tracepoint")
  using two = counting("tracepoint")
  one.program("count").attach(getpgid)
  two.program("count").attach(getpgid)
  enter(3)
  assert.deepEqual([hits(one), hits(two)], [3, 3])
})

test("a program is attached where its object says", { skip }, () => {
  const programs = [{ ...counter("count", "tracepoint"), attach: getpgid }]
  using loaded = kernel().load(object({ programs, maps: [map("hits", "array", { maxEntries: 1 })] }))
  loaded.program("count").attach()
  enter(2)
  assert.equal(hits(loaded), 2)
})

test("disposing the object detaches", { skip }, () => {
  const loaded = counting("tracepoint")
  const link = loaded.program("count").attach(getpgid)
  loaded[Symbol.dispose]()
  assert.equal(link.attached, false)
  assert.deepEqual(bpfDescriptors(), [])
  assert.throws(() => link.program.attach(getpgid), { code: "MACHINE_CLOSED" })
})

test("a program is attached once to each event", { skip }, () => {
  using loaded = counting("tracepoint")
  loaded.program("count").attach(getpgid)
  assert.throws(() => loaded.program("count").attach(getpgid), {
    code: "KERNEL_ATTACHED",
    message: "attaching count to tracepoint syscalls:sys_enter_getpgid: the program is attached there already",
  })
  assert.equal(loaded.links.size, 1)
})

interface Wanted {
  readonly code: string
  readonly message?: string | RegExp
  readonly hint?: string | RegExp
}

function refused(name: string, type: ProgramType, target: AttachTarget | undefined, wanted: Wanted): void {
  test(`refused: ${name}`, { skip }, () => {
    using loaded = counting(type)
    const before = bpfDescriptors().length
    assert.throws(() => loaded.program("count").attach(target), wanted)
    assert.equal(bpfDescriptors().length, before)
    assert.equal(loaded.links.size, 0)
  })
}
refused(
  "no such event",
  "tracepoint",
  { ...getpgid, event: "sys_entre_getpgid" },
  {
    code: "KERNEL_NO_TRACEPOINT",
    message: "this kernel has no tracepoint syscalls:sys_entre_getpgid",
    hint: /^did you mean syscalls:sys_enter_getpgid, /,
  },
)
refused(
  "no such category",
  "tracepoint",
  { ...getpgid, category: "syscall" },
  {
    code: "KERNEL_NO_TRACEPOINT",
    hint: /a category syscalls/,
  },
)
refused(
  "a path for an event",
  "tracepoint",
  { ...getpgid, event: "../sched/sched_switch" },
  { code: "KERNEL_NO_TRACEPOINT" },
)
refused(
  "no such raw tracepoint",
  "raw_tracepoint",
  { kind: "raw_tracepoint", event: "sched_swich" },
  {
    code: "KERNEL_NO_TRACEPOINT",
    hint: /^did you mean sched_switch/,
  },
)
refused(
  "a category for a raw tracepoint",
  "raw_tracepoint",
  { kind: "raw_tracepoint", event: "sched:sched_switch" },
  {
    code: "KERNEL_NO_TRACEPOINT",
    hint: "raw tracepoints have no category: use sched_switch",
  },
)
refused(
  "a program of another type",
  "tracepoint",
  { kind: "kprobe", event: "do_exit" },
  {
    code: "KERNEL_ATTACH_TYPE",
    message: "program count has type tracepoint and cannot be attached to kprobe do_exit",
  },
)
refused("no target", "tracepoint", undefined, { code: "MACHINE_NO_TARGET" })

const events = [
  "p:skep/skep_100_0_0 do_exit",
  "r16:skep/skep_100_12_1 do_exit",
  "p:skep/skep_200_0_0 do_exit+8",
  "p:kprobes/skep_100_0 do_exit",
  "p:skep/mine do_exit",
  "",
].join("\n")

test("events of processes that are gone are stale, and nobody else's", () => {
  assert.deepEqual(
    staleEvents(events, pid => pid === 200),
    ["skep_100_0_0", "skep_100_12_1"],
  )
})
