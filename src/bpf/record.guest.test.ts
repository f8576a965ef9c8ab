import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { test } from "node:test"
import { BPF } from "./bpf.ts"
import { Recorder } from "./record.ts"
import { openReplay } from "./replay.ts"

const text = `
#include <linux/sched.h>
struct who { u32 pid; char comm[16]; char parent[16]; };
BPF_HASH(ends, struct who, u64);
BPF_HASH(opens, u32, u64);
int kprobe__do_exit(struct pt_regs *ctx, long code) {
  struct who who = {};
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  who.pid = bpf_get_current_pid_tgid() >> 32;
  bpf_get_current_comm(&who.comm, sizeof(who.comm));
  bpf_probe_read_kernel_str(&who.parent, sizeof(who.parent), task->real_parent->comm);
  u64 value = code + 1;
  ends.update(&who, &value);
  return 0;
}
TRACEPOINT_PROBE(syscalls, sys_enter_openat) {
  char name[32] = {};
  bpf_probe_read_user_str(name, sizeof(name), args->filename);
  u32 key = name[0] | name[1] << 8;
  opens.increment(key);
  return 0;
}`

test("what kprobes and tracepoints see is recorded, and seen again where there is no kernel", async () => {
  using recorder = await Recorder.start({ text })
  assert.throws(() => execFileSync("sh", ["-c", "exit 3"], { stdio: "ignore" }))
  execFileSync("cat", ["/etc/hostname"], { stdio: "ignore" })
  const bytes = recorder.stop()
  const sorted = (b: BPF, name: string) => [...b.table(name)].map(entry => JSON.stringify(entry, show)).sort()
  const show = (_key: string, value: unknown) => (typeof value === "bigint" ? String(value) : value)
  const real = ["ends", "opens"].map(name => sorted(recorder.bpf, name))
  const replay = await openReplay(bytes)
  using b = await BPF.load({ text, machine: replay.machine })
  const { missing, skipped } = replay.run()
  assert.deepEqual({ missing, skipped, lost: replay.recording.head.lost }, { missing: 0, skipped: 0, lost: 0 })
  assert.ok(real.every(({ length }) => length > 0))
  assert.deepEqual(
    ["ends", "opens"].map(name => sorted(b, name)),
    real,
  )
})
