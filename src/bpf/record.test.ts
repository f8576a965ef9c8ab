import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../tests/support/kernel.ts"
import { type Recording, readRecording } from "../record/index.ts"
import { openSnapshot } from "../snapshot/index.ts"
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
