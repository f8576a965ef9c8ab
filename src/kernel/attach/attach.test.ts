import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import { test } from "node:test"
import { bpfDescriptors, kernel, map, needsRoot, object, program } from "../../../tests/support/kernel.ts"
import * as isa from "../../isa/index.ts"
import type { AttachTarget, Loaded } from "../../machine/index.ts"
import type { ProgramSpec, ProgramType } from "../../object/index.ts"
import { sys } from "../raw/index.ts"
import { staleEvents } from "./kprobeEvents.ts"

const skip = needsRoot
const GET_PID_TGID = 14
const MAP_LOOKUP = 1

/** Counts in the map `hits` how often it runs in this process. */
function counter(name: string, type: ProgramType): ProgramSpec {
  const insns = [
    isa.call(GET_PID_TGID),
    isa.alu64Imm(isa.BPF_RSH, 0, 32),
    isa.jumpImm(isa.BPF_JNE, 0, process.pid, 10),
    isa.storeImm(isa.BPF_W, 10, -4, 0),
    isa.mov64Reg(2, 10),
    isa.alu64Imm(isa.BPF_ADD, 2, -4),
    isa.loadMapFd(1, 0),
    isa.call(MAP_LOOKUP),
    isa.jumpImm(isa.BPF_JEQ, 0, 0, 3),
    isa.loadMem(isa.BPF_DW, 1, 0, 0),
    isa.alu64Imm(isa.BPF_ADD, 1, 1),
    isa.storeReg(isa.BPF_DW, 0, 1, 0),
    isa.mov64Imm(0, 0),
    isa.exit(),
  ]
  return program(name, insns, { type, relocations: [{ kind: "map", insn: 6, map: "hits" }] })
}

const counting = (type: ProgramType): Loaded =>
  kernel().load(object({ programs: [counter("count", type)], maps: [map("hits", "array", { maxEntries: 1 })] }))

const hits = (loaded: Loaded): number =>
  Number(new DataView((loaded.map("hits").lookup(new Uint8Array(4)) as Uint8Array).buffer).getBigUint64(0, true))

const GETPGID = process.arch === "x64" ? 121 : 155
const enter = (times: number): void => {
  for (let i = 0; i < times; i++) sys().call(GETPGID, 0)
}

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

// The kernel waits for all CPUs when a perf event lets go of a tracepoint, so few rounds of that have to do.
for (const [rounds, type, target] of [
  [1000, "raw_tracepoint", { kind: "raw_tracepoint", event: "sched_process_exit" }],
  [10, "tracepoint", getpgid],
] as const) {
  test(`${rounds} times loaded, attached to a ${type} and detached leave no descriptor`, { skip }, () => {
    counting(type)[Symbol.dispose]()
    const before = readdirSync("/proc/self/fd").length
    for (let i = 0; i < rounds; i++) {
      using loaded = counting(type)
      loaded.program("count").attach(target)
    }
    assert.equal(readdirSync("/proc/self/fd").length, before)
  })
}

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
  "p:skep/skep_100_0 do_exit",
  "r16:skep/skep_100_1 do_exit",
  "p:skep/skep_200_0 do_exit+8",
  "p:kprobes/skep_100_0 do_exit",
  "p:skep/mine do_exit",
  "",
].join("\n")

test("events of processes that are gone are stale, and nobody else's", () => {
  assert.deepEqual(
    staleEvents(events, pid => pid === 200),
    ["skep_100_0", "skep_100_1"],
  )
})
