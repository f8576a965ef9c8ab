import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { deflateRawSync } from "node:zlib"
import { needsRoot } from "../../tests/support/kernel.ts"
import { Btf } from "../btf/index.ts"
import { type Recording, readRecording, writeRecording } from "../record/index.ts"
import { makeSnapshot, openSnapshot } from "../snapshot/index.ts"
import { BPF } from "./bpf.ts"
import { Recorder } from "./record.ts"
import { openReplay } from "./replay.ts"

const BODY = `
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  char name[16] = {};
  bpf_probe_read_kernel_str(name, sizeof(name), task->comm);
  u32 tgid = task->tgid;
  return name[0] == 0 || tgid == 0;`

const PROGRAMS = {
  bcc: `int raw_tracepoint__task_rename(struct bpf_raw_tracepoint_args *ctx) {${BODY}\n}`,
  libbpf: `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
char license[] SEC("license") = "GPL";
SEC("?raw_tp") int raw_tracepoint__task_rename(struct bpf_raw_tracepoint_args *ctx) {${BODY.replace("task->tgid", "BPF_CORE_READ(task, tgid)")}\n}`,
}

for (const [dialect, text] of Object.entries(PROGRAMS)) {
  test(`runs of a program in ${dialect}'s C are recorded, with what they read`, { skip: needsRoot }, async () => {
    using recorder = await Recorder.start({ text, autoAttach: false })
    const program = recorder.bpf.program("raw_tracepoint__task_rename")
    for (const argument of [5n, 6n]) {
      assert.equal(program.testRun({ context: new Uint8Array(BigUint64Array.of(argument, 0n).buffer) }).retval, 0)
    }
    const { head, snapshot, runs } = readRecording(recorder.stop())
    assert.deepEqual(head.programs, [{ name: "raw_tracepoint__task_rename", type: "raw_tracepoint", targets: [] }])
    assert.equal(head.lost, 0)
    assert.notEqual(openSnapshot(snapshot).btf.find("task_struct", "struct"), 0)
    assert.equal(runs.length, 2)
    for (const [i, { tgid, comm, context, reads }] of runs.entries()) {
      assert.equal(tgid, process.pid)
      assert.equal(context.bytes[0], 5 + i)
      const texts = reads.filter(({ helper }) => helper === 115)
      assert.deepEqual(
        texts.map(({ bytes, result }) => [new TextDecoder().decode(bytes), result]),
        [[`${comm}\0`, comm.length + 1]],
      )
      const numbers = reads.filter(({ helper }) => helper !== 115).map(({ bytes }) => bytes)
      assert.deepEqual(
        numbers.map(bytes => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)),
        [process.pid],
      )
    }
  })
}

test("a program runs on a recording as it ran, and a changed one sees the same", { skip: needsRoot }, async () => {
  const program = (more: string): string => `
    struct seen { char name[16]; u32 tgid; };
    BPF_HASH(seen, u64, struct seen);
    int raw_tracepoint__task_rename(struct bpf_raw_tracepoint_args *ctx) {
      struct task_struct *task = (struct task_struct *)bpf_get_current_task();
      u64 key = ctx->args[0];
      struct seen s = {};
      s.tgid = bpf_get_current_pid_tgid() >> 32;
      bpf_probe_read_kernel_str(s.name, sizeof(s.name), task->comm);
      if (task->tgid != s.tgid) return 1;
      ${more}
      seen.update(&key, &s);
      return 0;
    }`
  using recorder = await Recorder.start({ text: program(""), autoAttach: false })
  const there = recorder.bpf.program("raw_tracepoint__task_rename")
  for (const argument of [5n, 6n]) there.testRun({ context: new Uint8Array(BigUint64Array.of(argument, 0n).buffer) })
  const entries = (b: BPF) => [...b.table("seen")].sort(([a], [b]) => Number(a - b))
  const real = entries(recorder.bpf)
  const recording = attached(recorder.stop())
  assert.equal(real.length, 2)
  const seen = async (more: string) => {
    const replay = await openReplay(recording)
    using b = await BPF.load({ text: program(more), machine: replay.machine })
    const result = replay.run()
    return { result, entries: entries(b) }
  }
  assert.deepEqual(await seen(""), { result: { runs: 2, skipped: 0, missing: 0 }, entries: real })
  const odd = await seen("if (key == 6) return 0; key = task->start_time;")
  assert.deepEqual(odd.entries, [[0n, real[0][1]]])
  assert.equal(odd.result.missing, 1)
  const replay = await openReplay(recording)
  await assert.rejects(BPF.load({ text: "int kprobe__do_exit(void *ctx) { return 0; }", machine: replay.machine }), {
    code: "REPLAY_NO_PLACE",
    hint: "the recording has: raw_tracepoint task_rename",
  })
})

/** The recording, as if the program had been attached to what its name says. */
function attached(bytes: Uint8Array): Recording {
  const recording = readRecording(bytes)
  const targets = [{ kind: "raw_tracepoint", event: "task_rename" } as const]
  return {
    ...recording,
    head: { ...recording.head, programs: recording.head.programs.map(one => ({ ...one, targets })) },
  }
}

test("a program that is compiled already is not recorded", { skip: needsRoot }, async () => {
  await assert.rejects(Recorder.start({ file: "program.o" }), { code: "RECORD_OBJECT" })
})

const TYPED = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
struct name { char text[16]; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, struct name); __type(value, u64); } names SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, u32); __type(value, u64); } numbers SEC(".maps");
char license[] SEC("license") = "GPL";
const volatile u32 own = 0;
static __noinline int count(u32 key, u64 by) {
  u64 *number = bpf_map_lookup_elem(&numbers, &key);
  if (number)
    *number += by;
  return 0;
}
SEC("tp_btf/task_rename") int BPF_PROG(renamed, struct task_struct *task, const char *comm) {
  struct name name = {};
  u64 flags = task->flags;
  if (task->tgid != own)
    return 0;
  for (int i = 0; i < 8; i++)
    name.text[i] = task->comm[i];
  bpf_map_update_elem(&names, &name, &flags, 0);
  count(0, task->real_parent->tgid);
  count(1, task->mm->map_count);
  count(2, task->signal->nr_threads);
  count(3, 1);
  return 0;
}`

test("what typed pointers reach is recorded, and reached again", { skip: needsRoot }, async () => {
  using recorder = await Recorder.start({ text: TYPED, globals: { own: process.pid } })
  const comm = `/proc/self/task/${process.pid}/comm`
  const name = readFileSync(comm, "utf8").trim()
  for (const one of ["skep-one", "skep-two", name]) writeFileSync(comm, one)
  const bytes = recorder.stop()
  const text = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value)
  const content = (b: BPF) =>
    ["names", "numbers"].map(table => [...b.table(table)].map(entry => JSON.stringify(entry, text)).sort())
  const real = content(recorder.bpf)
  assert.equal(recorder.bpf.table("numbers").get(3), 3n)
  const replay = await openReplay(bytes)
  using b = await BPF.load({ text: TYPED, machine: replay.machine, globals: { own: process.pid } })
  assert.equal(replay.run().missing, 0)
  assert.deepEqual(content(b), real)
})

test("what was recorded on arm64 is read from that processor's registers", async () => {
  const { object } = await BPF.open({ text: "int f(void *ctx) { return 0; }", on: "vm" })
  const kernel = { release: "6.18.0", version: 0x61200, btf: Btf.parse(object.btf), formats: new Map(), config: "" }
  const snapshot = makeSnapshot(kernel, rest => deflateRawSync(rest))
  const targets = [{ kind: "kprobe", event: "do_exit" }] as const
  const programs = [{ name: "kprobe__do_exit", type: "kprobe", targets }] as const
  const head = { release: "6.18.0", arch: "arm64", cpus: 1, bootTime: "0", programs, lost: 0 }
  // regs[0] to regs[30], sp, pc, pstate.
  const registers = BigUint64Array.from({ length: 34 }, (_, i) => BigInt(1000 + i))
  const record = new Uint8Array(40 + 48 + 272)
  new DataView(record.buffer).setUint32(32, 272, true)
  record.set(new Uint8Array(registers.buffer), 88)
  const replay = await openReplay(writeRecording(head, snapshot, [record]))
  const text = `BPF_ARRAY(seen, u64, 2);
int kprobe__do_exit(struct pt_regs *ctx, long first, long second) {
  int zero = 0, one = 1;
  u64 a = first, b = second;
  seen.update(&zero, &a);
  seen.update(&one, &b);
  return 0;
}`
  using b = await BPF.load({ text, machine: replay.machine })
  assert.equal(replay.run().runs, 1)
  assert.deepEqual(
    [...b.table("seen")].map(([, value]) => value),
    [1000n, 1001n],
  )
})
