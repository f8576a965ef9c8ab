import assert from "node:assert/strict"
import { mkdirSync, rmdirSync } from "node:fs"
import { after, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { childScenarios, needsRoot, runChild } from "../../tests/support/kernel.ts"
import { BPF } from "../bpf/index.ts"
import { cgroupPrograms } from "./attach/cgroup.ts"
import { fdById } from "./bpf/index.ts"
import { closeFd } from "./raw/index.ts"
import { mounts } from "./tracefs.ts"

const TEXT = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char _license[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
SEC("raw_tp/sched_process_exit") int tracepoint(void *ctx) { return bpf_ringbuf_output(&ring, "hello", 6, 0); }
SEC("uprobe") int function(void *ctx) { return 0; }
SEC("cgroup/connect4") int connect(struct bpf_sock_addr *ctx) { return 1; }
`
const [cgroup2] = needsRoot ? [] : mounts("cgroup2")
const GROUP = "SKEP_TEST_GROUP"

/** Attached by descriptors; with `lasting` also in a way that the end of the process does not undo by itself. */
async function attach({ lasting = true } = {}): Promise<BPF> {
  const b = await BPF.load({ text: TEXT, autoAttach: false })
  b.attachRawTracepoint({ event: "sched_process_exit", fn: "tracepoint" })
  b.attachUprobe({ library: "c", symbol: "getpgid", pid: process.pid, fn: "function" })
  const group = process.env[GROUP]
  if (lasting && group) b.cgroup(group).attach("connect", { mode: "multi" })
  console.log(JSON.stringify([...b.links].map(({ program }) => program.info.id)))
  return b
}

/** Attached, with somebody who waits for events: the process would go on. */
async function busy(options?: { lasting: boolean }): Promise<void> {
  const b = await attach(options)
  b.onEvents("ring", () => {})
}

const raise = (signal: NodeJS.Signals) => async (): Promise<void> => {
  await busy()
  process.kill(process.pid, signal)
}

const scenarios = {
  end: attach,
  async exit() {
    await busy()
    process.exit(3)
  },
  async throws() {
    await busy()
    setImmediate(() => {
      throw new Error("on purpose")
    })
  },
  async rejects() {
    await busy()
    void Promise.reject(new Error("on purpose"))
  },
  SIGINT: raise("SIGINT"),
  SIGTERM: raise("SIGTERM"),
  SIGHUP: raise("SIGHUP"),
  async abort() {
    await busy({ lasting: false })
    process.abort()
  },
  async SIGKILL() {
    await busy({ lasting: false })
    process.kill(process.pid, "SIGKILL")
    await sleep(1000)
  },
}

/** Whether the kernel has a program of this number. */
function isLoaded(id: number): boolean {
  const fd = fdById("program", id)
  if (fd >= 0) closeFd(fd)
  return fd >= 0
}

if (!childScenarios(scenarios)) {
  const group = cgroup2 === undefined ? "" : `${cgroup2}/skep-ending-${process.pid}`
  if (group !== "") mkdirSync(group)
  process.env[GROUP] = group
  after(() => {
    if (group !== "") rmdirSync(group)
  })

  const ends = (scenario: keyof typeof scenarios, how: { status?: number; signal?: string }): void => {
    test(`nothing stays attached when the process ends: ${scenario}`, { skip: needsRoot }, async () => {
      const child = runChild(import.meta.url, scenario)
      if (how.status !== undefined) assert.equal(child.status, how.status, child.stderr)
      if (how.signal !== undefined) assert.equal(child.signal, how.signal, child.stderr)
      const ids = JSON.parse(child.stdout) as number[]
      assert.ok(ids.length >= 2)
      // The kernel lets go of programs when nobody runs them any more.
      for (let tries = 0; ids.some(isLoaded) && tries < 200; tries++) await sleep(10)
      assert.deepEqual(ids.filter(isLoaded), [])
      if (group !== "") assert.deepEqual(cgroupPrograms(group, "connect4"), [])
    })
  }
  ends("end", { status: 0 })
  ends("exit", { status: 3 })
  ends("throws", { status: 1 })
  ends("rejects", { status: 1 })
  ends("SIGINT", { signal: "SIGINT" })
  ends("SIGTERM", { signal: "SIGTERM" })
  ends("SIGHUP", { signal: "SIGHUP" })
  ends("abort", { signal: "SIGABRT" })
  ends("SIGKILL", { signal: "SIGKILL" })
}
