// The programs that a process starts: npm run -s example typed_tracepoint PID (or all without one)
import { BPF } from "skep"

using b = await BPF.load({
  text: `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
const volatile int parent;
struct started { int pid; char file[64]; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 65536); } events SEC(".maps");
SEC("tp_btf/sched_process_exec") int BPF_PROG(exec, struct task_struct *task, int old, struct linux_binprm *binary) {
  struct started *event;
  if (parent && task->real_parent->tgid != parent) return 0;
  if (!(event = bpf_ringbuf_reserve(&events, sizeof(*event), 0))) return 0;
  event->pid = task->tgid;
  bpf_probe_read_kernel_str(event->file, sizeof(event->file), binary->filename);
  bpf_ringbuf_submit(event, 0);
  return 0;
}`,
  globals: { parent: Number(process.argv[2] ?? 0) },
})
for await (const { pid, file } of b.events<{ pid: number; file: string }>("events")) console.log(`${pid} ${file}`)
