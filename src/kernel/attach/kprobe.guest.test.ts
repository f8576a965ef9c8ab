import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import {
  bpfDescriptors,
  childScenarios,
  counter,
  counting,
  enter,
  hits,
  map,
  object,
  runChild,
} from "../../../tests/support/kernel.ts"
import type { AttachTarget } from "../../machine/index.ts"
import { kernelFunctions } from "../../symbols/index.ts"
import { canKprobe, KernelMachine } from "../index.ts"
import { openKprobe } from "./kprobe.ts"

const machine = new KernelMachine({ functions: kernelFunctions })
const getpgid = { kind: "kprobe", event: "getpgid", syscall: true } as const
const onReturn = { kind: "kretprobe", event: "getpgid", syscall: true } as const
const symbol = kernelFunctions.syscall("getpgid")

const events = (): string => readFileSync("/sys/kernel/tracing/kprobe_events", "utf8")

/** Puts an event into kprobe_events and says so, then waits to be ended. */
function tracefsProbe(): void {
  const loaded = counting("kprobe", machine)
  openKprobe({ symbol, offset: 0, ret: false }, loaded.program("count").fd, "test", true)
  console.log(events().includes(`skep_${process.pid}_`))
}

const scenarios = {
  killed() {
    tracefsProbe()
    process.kill(process.pid, "SIGKILL")
  },
  killedWithPmu() {
    counting("kprobe", machine).program("count").attach(getpgid)
    console.log(events() === "")
    process.kill(process.pid, "SIGKILL")
  },
  interrupted() {
    tracefsProbe()
    setTimeout(() => process.exit(9), 5000)
    process.kill(process.pid, "SIGINT")
  },
  throws() {
    tracefsProbe()
    throw new Error("on purpose")
  },
  ends: tracefsProbe,
  sweeps() {
    counting("kprobe", machine).program("count").attach(getpgid)
    console.log(events() === "")
  },
}

function counts(name: string, target: AttachTarget, method: string): void {
  test(`${name} runs its program until it is detached`, () => {
    using loaded = counting("kprobe", machine)
    const link = loaded.program("count").attach(target)
    assert.equal(link.method, method)
    assert.equal(events().includes("skep"), method === "tracefs kprobe")
    enter(5)
    assert.equal(hits(loaded), 5)
    link.detach()
    assert.equal(events(), "")
    enter(5)
    assert.equal(hits(loaded), 5)
  })
}

function refused(name: string, target: AttachTarget, wanted: { code: string; message?: RegExp; hint?: RegExp }): void {
  test(`refused: ${name}`, () => {
    using loaded = counting("kprobe", machine)
    const before = bpfDescriptors().length
    assert.throws(() => loaded.program("count").attach(target), wanted)
    assert.equal(bpfDescriptors().length, before)
    assert.equal(events(), "")
  })
}

function leaves(scenario: keyof typeof scenarios, signal: string | null, status: number | null, left: boolean): void {
  test(`a process that ${scenario} leaves ${left ? "an event" : "nothing"} in kprobe_events`, () => {
    const child = runChild(import.meta.url, scenario)
    assert.equal(child.stdout, "true\n", child.stderr)
    assert.deepEqual([child.signal, child.status], [signal, status])
    assert.equal(events() !== "", left)
  })
}

if (!childScenarios(scenarios)) {
  test("kprobes are found by trying", () => assert.ok((canKprobe() ?? -1) >= 0))

  counts("a kprobe", getpgid, "perf kprobe")
  counts("a kretprobe", onReturn, "perf kprobe")
  counts("a kretprobe with its number of instances", { ...onReturn, maxActive: 8 }, "tracefs kprobe")
  if (process.arch === "x64") counts("a kprobe behind the entry", { ...getpgid, offset: 5 }, "perf kprobe")

  for (const ret of [false, true]) {
    test(`a ${ret ? "kretprobe" : "kprobe"} by kprobe_events`, () => {
      using loaded = counting("kprobe", machine)
      const probe = openKprobe({ symbol, offset: 0, ret }, loaded.program("count").fd, "test", true)
      assert.match(events(), new RegExp(`^${ret ? "r\\d*" : "p"}:skep/skep_${process.pid}_0_\\d+ ${symbol}`))
      enter(3)
      probe.close()
      assert.equal(events(), "")
      enter(3)
      assert.equal(hits(loaded), 3)
    })
  }

  test("a function that the compiler renamed is found", () => {
    using loaded = counting("kprobe", machine)
    loaded.program("count").attach({ kind: "kprobe", event: "finish_task_switch" })
    assert.match(kernelFunctions.resolve("finish_task_switch"), /^finish_task_switch/)
    assert.equal(loaded.links.size, 1)
  })

  refused(
    "no such function",
    { kind: "kprobe", event: "do_sys_opnat2" },
    { code: "SYMBOLS_UNKNOWN", message: /no function do_sys_opnat2/, hint: /did you mean do_sys_openat2/ },
  )
  for (const event of ["", "do_exit\np:skep/evil do_exit", "do exit", "x".repeat(600)]) {
    const target = { kind: "kretprobe", event, maxActive: 2 } as const
    refused(`no name of a function: ${JSON.stringify(event.slice(0, 40))}`, target, { code: "SYMBOLS_UNKNOWN" })
  }
  refused(
    "no such function, by kprobe_events",
    { kind: "kretprobe", event: "do_sys_opnat2", maxActive: 4 },
    { code: "SYMBOLS_UNKNOWN" },
  )
  refused(
    "a function that must not be probed",
    { kind: "kprobe", event: "kprobe_int3_handler" },
    { code: "KERNEL_KPROBE_REFUSED", hint: /blacklist/ },
  )
  refused(
    "a place inside an instruction",
    { ...getpgid, offset: 3 },
    { code: "KERNEL_KPROBE_REFUSED", message: /refuses a probe/, hint: /offset/ },
  )
  refused(
    "a place outside the function",
    { ...getpgid, offset: 1 << 20 },
    { code: "KERNEL_KPROBE_REFUSED", hint: /offset/ },
  )

  test("attached and detached twenty times, nothing is left", () => {
    using loaded = counting("kprobe", machine)
    loaded.program("count").attach(getpgid).detach()
    const before = readdirSync("/proc/self/fd").length
    for (let i = 0; i < 20; i++) {
      using _link = loaded.program("count").attach(i % 2 === 0 ? getpgid : { ...onReturn, maxActive: 4 })
    }
    assert.equal(readdirSync("/proc/self/fd").length, before)
    assert.equal(events(), "")
  })

  for (const kind of ["fentry", "fexit"] as const) {
    test(`${kind} runs its program`, () => {
      const spec = { ...counter("count", "tracing"), attach: { kind, event: symbol } }
      using loaded = machine.load(object({ programs: [spec], maps: [map("hits", "array", { maxEntries: 1 })] }))
      loaded.program("count").attach()
      enter(4)
      assert.equal(hits(loaded), 4)
    })
  }

  test("a security hook runs its program", () => {
    const spec = { ...counter("count", "lsm"), attach: { kind: "lsm", event: "task_getpgid" } as const }
    using loaded = machine.load(object({ programs: [spec], maps: [map("hits", "array", { maxEntries: 1 })] }))
    loaded.program("count").attach()
    enter(4)
    assert.equal(hits(loaded), 4)
  })

  leaves("ends", null, 0, false)
  leaves("interrupted", "SIGINT", null, false)
  leaves("throws", null, 1, false)
  leaves("killedWithPmu", "SIGKILL", null, false)
  leaves("killed", "SIGKILL", null, true)
  leaves("sweeps", null, 0, false)
}
