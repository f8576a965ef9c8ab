import assert from "node:assert/strict"
import { availableParallelism } from "node:os"
import { test } from "node:test"
import { bpfDescriptors, counting, hits, needsRoot } from "../../../tests/support/kernel.ts"
import type { PerfEventName, PerfEventTarget } from "../../machine/index.ts"
import { syscall } from "../raw/index.ts"
import { counterOf } from "./perfEventNames.ts"

const skip = needsRoot
const own = { kind: "perf_event", event: "cpu-clock", pid: process.pid } as const

/** Uses the processor for some milliseconds. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

const SCHED_SETAFFINITY = process.arch === "x64" ? 203 : 122

/** Says on which CPUs, as bits, this thread may run. A command would do it, too, but behind a fork pages fault that were there. */
function onlyOn(cpus: number): void {
  assert.equal(syscall(SCHED_SETAFFINITY, 0, 8, new Uint8Array(new BigUint64Array([BigInt(cpus)]).buffer)), 0)
}

function counts(name: string, target: PerfEventTarget, at: () => void = () => work(60)): void {
  test(`${name} runs its program until it is detached`, { skip }, () => {
    using loaded = counting("perf_event")
    const before = bpfDescriptors().length
    const link = loaded.program("count").attach(target)
    assert.equal(link.method, "perf event")
    at()
    const counted = hits(loaded)
    assert.ok(counted > 0)
    link.detach()
    at()
    assert.ok(hits(loaded) - counted <= 1)
    assert.equal(bpfDescriptors().length, before)
  })
}
counts("a clock with a period", { ...own, period: 1_000_000 })
counts("a clock with a frequency", { ...own, frequency: 1000 })
counts(
  "a clock on a CPU",
  { kind: "perf_event", event: "task-clock", pid: process.pid, cpu: 0, period: 100_000 },
  () => {
    // Where others keep that CPU busy, the process would not come to it by itself for long.
    onlyOn(1)
    work(60)
    onlyOn(2 ** Math.min(availableParallelism(), 32) - 1)
  },
)
counts("a counter by its numbers", { ...own, event: { type: "software", config: 0 }, period: 1_000_000 })
counts("page faults", { ...own, event: "page-faults", period: 1 }, () => {
  const bytes = Buffer.allocUnsafeSlow(1 << 22)
  for (let i = 0; i < bytes.length; i += 4096) bytes[i] = 1
})
counts("a clock with a cookie", { ...own, period: 1_000_000, cookie: 7n })

function refused(name: string, target: PerfEventTarget, message: RegExp): void {
  test(`refused: ${name}`, { skip }, () => {
    using loaded = counting("perf_event")
    const before = bpfDescriptors().length
    assert.throws(() => loaded.program("count").attach(target), { code: "KERNEL_NO_PERF_EVENT", message })
    assert.equal(bpfDescriptors().length, before)
  })
}
refused("no such counter", { ...own, event: "cpu-clok" }, /^there is no counter cpu-clok$/)
refused("no such kind", { ...own, event: { type: "no-such-pmu", config: 0 } }, /^there is no counter no-such-pmu$/)
refused("no such process", { ...own, pid: 2 ** 22 + 1, period: 1 }, /there is no process 4194305$/)
refused("no such group", { ...own, pid: undefined, cgroup: "/no/such/group", period: 1 }, /there is no group/)

function numbers(event: PerfEventName, type: number, config: bigint): void {
  test(`${typeof event === "string" ? event : "a counter by numbers"} is ${type}/0x${config.toString(16)}`, () => {
    const counter = counterOf(event)
    assert.deepEqual([counter.type, counter.config], [type, config])
  })
}
numbers("cpu-clock", 1, 0n)
numbers("faults", 1, 2n)
numbers("cycles", 0, 0n)
numbers("ref-cycles", 0, 9n)
numbers("L1-dcache-load-misses", 3, 0x1_00_00n)
numbers("LLC-prefetches", 3, 0x2_02n)
numbers("node-store-misses", 3, 0x1_01_06n)
numbers("r01c2", 4, 0x1c2n)
numbers({ type: "raw", config: 0x3c }, 4, 0x3cn)
numbers({ type: 6, config: 1n }, 6, 1n)

test("a breakpoint watches an address for writing, or what is asked", () => {
  const plain = counterOf({ breakpoint: 0x1000 })
  assert.deepEqual([plain.type, plain.config1, plain.config2, plain.breakpoint], [5, 0x1000n, 4n, 2])
  const code = counterOf({ breakpoint: 0x1000n, access: "x" })
  assert.deepEqual([code.config2, code.breakpoint], [8n, 4])
})
