// How long a function of the kernel takes, from its entry to its return, with neither a probe nor a trap: npm run -s example fentry vfs_read 5
import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "skep"

const [event = "vfs_read", seconds = "5"] = process.argv.slice(2)
using b = await BPF.load({
  text: `BPF_HASH(since, u64, u64);
BPF_HISTOGRAM(nanoseconds);
int entered(void *ctx) {
  u64 thread = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();
  since.update(&thread, &now);
  return 0;
}
int left(void *ctx) {
  u64 thread = bpf_get_current_pid_tgid(), *then = since.lookup(&thread);
  if (then) nanoseconds.increment(bpf_log2l(bpf_ktime_get_ns() - *then));
  return 0;
}`,
})
b.attachFentry({ event, fn: "entered" })
b.attachFexit({ event, fn: "left" })
await sleep(1000 * Number(seconds))
console.log(b.table("nanoseconds").log2Histogram())
