// Another answer for a question to the kernel: who asks for the process group of PID is told that he may not: npm run -s example fmod_ret PID 10
import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "skep"

const [pid = "1", seconds = "5"] = process.argv.slice(2)
using b = await BPF.load({
  text: `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
int refused;
SEC("fmod_ret/security_task_getpgid") int BPF_PROG(asked, struct task_struct *task, int result) {
  if (task->tgid != ${pid}) return 0;
  refused++;
  return -1; /* EPERM */
}`,
})
await sleep(1000 * Number(seconds))
console.log(`${b.globals.refused} were refused`)
