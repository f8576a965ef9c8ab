import assert from "node:assert/strict"
import { readlinkSync } from "node:fs"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { bpfDescriptors, childScenarios, enter, needsRoot, runChild } from "../../tests/support/kernel.ts"
import { ThreadScenario, threadScenarios } from "../../tests/support/thread.ts"
import { BPF } from "./bpf.ts"

/** Counts the calls of getpgid of one thread, and tells them through both kinds of buffers. */
const TEXT = `
BPF_ARRAY(calls, u64, 1);
BPF_RINGBUF_OUTPUT(ring, 8);
BPF_PERF_OUTPUT(perf);
struct event { u64 at; };
TRACEPOINT_PROBE(syscalls, sys_enter_getpgid) {
  if ((u32)bpf_get_current_pid_tgid() != TID) return 0;
  struct event e = { bpf_ktime_get_ns() };
  calls.increment(0);
  ring.ringbuf_output(&e, sizeof(e), 0);
  perf.perf_submit(args, &e, sizeof(e));
  return 0;
}`

/** The kernel's number of the thread that asks: its link is `PID/task/TID`. */
const threadNumber = (): number => Number(readlinkSync("/proc/thread-self").split("/")[2])

const load = (): Promise<BPF> => BPF.load({ text: TEXT, defines: { TID: threadNumber() } })

interface Seen {
  readonly calls: number
  readonly ring: number
  readonly perf: number
}

/** Makes calls and waits until the program has told all of them. */
async function counted(b: BPF, calls: number): Promise<Seen> {
  const seen = { ring: 0, perf: 0 }
  using _ring = b.onEvents("ring", ({ length }) => void (seen.ring += length))
  using _perf = b.onEvents("perf", ({ length }) => void (seen.perf += length))
  enter(calls)
  for (let tries = 0; (seen.ring < calls || seen.perf < calls) && tries < 1000; tries++) await sleep(5)
  return { calls: Number(b.table("calls").get(0)), ...seen }
}

/** Attached and read all the time until the thread is ended from outside. */
async function staysAttached(): Promise<Seen> {
  const b = await load()
  const seen = await counted(b, 5)
  b.onEvents("ring", () => {})
  b.onEvents("perf", () => {})
  return seen
}

const inThread = {
  async counts() {
    using b = await load()
    return await counted(b, 100)
  },
  staysAttached,
  async exits() {
    await staysAttached()
    process.exit(3)
  },
  async throws() {
    await staysAttached()
    throw new Error("on purpose")
  },
}

/** Descriptors of BPF that this process has more than before, at the latest some seconds after a thread has ended. */
async function left(before: readonly string[]): Promise<string[]> {
  let now = bpfDescriptors()
  for (let tries = 0; now.length > before.length && tries < 200; tries++) {
    await sleep(10)
    now = bpfDescriptors()
  }
  return now.slice(before.length)
}

const children = {
  /** The thread is the only one that makes system calls by skep: what it uses must stay when it goes. */
  async onlyThread() {
    const thread = new ThreadScenario(import.meta.url, "staysAttached")
    console.log(JSON.stringify(await thread.result))
    await thread.terminate()
    console.log(JSON.stringify(await left([])))
  },
}

if (!threadScenarios(inThread) && !childScenarios(children)) {
  const skip = needsRoot

  test("a thread loads, attaches, reads events and closes", { skip }, async () => {
    const before = bpfDescriptors()
    const thread = new ThreadScenario(import.meta.url, "counts")
    assert.deepEqual(await thread.result, { calls: 100, ring: 100, perf: 100 })
    assert.equal(await thread.ended, 0)
    assert.deepEqual(await left(before), [])
  })

  test("two threads and the main one at once, each with a program of its own", { skip }, async () => {
    const before = bpfDescriptors()
    const threads = [1, 2].map(() => new ThreadScenario(import.meta.url, "counts"))
    using b = await load()
    const seen = await Promise.all([counted(b, 100), ...threads.map(thread => thread.result)])
    for (const one of seen) assert.deepEqual(one, { calls: 100, ring: 100, perf: 100 })
    await Promise.all(threads.map(thread => thread.ended))
    b.close()
    assert.deepEqual(await left(before), [])
  })

  test("two programs of one thread know nothing of each other", { skip }, async () => {
    using one = await load()
    const first = await counted(one, 10)
    const before = bpfDescriptors()
    {
      using other = await load()
      assert.deepEqual(await counted(other, 20), { calls: 20, ring: 20, perf: 20 })
    }
    assert.deepEqual(await left(before), [])
    assert.equal(first.calls, 10)
    assert.equal((await counted(one, 5)).calls, 35)
  })

  for (const [scenario, status] of [
    ["exits", 3],
    ["throws", 1],
  ] as const) {
    test(`a thread that ends while programs are attached leaves nothing: it ${scenario}`, { skip }, async () => {
      const before = bpfDescriptors()
      const thread = new ThreadScenario(import.meta.url, scenario)
      assert.equal(await thread.ended, status)
      assert.deepEqual(await left(before), [])
    })
  }

  test("a thread that is terminated while programs are attached leaves nothing", { skip }, async () => {
    const before = bpfDescriptors()
    for (let i = 0; i < 3; i++) {
      const thread = new ThreadScenario(import.meta.url, "staysAttached")
      assert.deepEqual(await thread.result, { calls: 5, ring: 5, perf: 5 })
      assert.ok(bpfDescriptors().length > before.length)
      await thread.terminate()
      assert.deepEqual(await left(before), [])
    }
  })

  test("the process goes on when its only thread with programs is terminated", { skip }, () => {
    const child = runChild(import.meta.url, "onlyThread")
    assert.equal(child.stdout, '{"calls":5,"ring":5,"perf":5}\n[]\n', child.stderr)
    assert.equal(child.status, 0, String(child.signal))
  })
}
