// Lists the threads of a process, or all there are, as the kernel knows them: npm run -s example iterator PID
import { BPF } from "skep"

using b = await BPF.load({
  text: `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("iter/task") int threads(struct bpf_iter__task *ctx) {
  struct task_struct *task = ctx->task;
  if (task) BPF_SEQ_PRINTF(ctx->meta->seq, "%d %d %s\\n", task->tgid, task->pid, task->comm);
  return 0;
}`,
})
const pid = Number(process.argv[2] ?? 0)
for await (const line of b.iter("threads", pid > 0 ? { pid } : {})) console.log(line)
