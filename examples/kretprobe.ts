// What a function of the kernel returns, by number: npm run -s example kretprobe vfs_read 5
import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "skep"

const [event = "vfs_read", seconds = "5"] = process.argv.slice(2)
using b = await BPF.load({
  text: `BPF_HISTOGRAM(sizes);
int left(struct pt_regs *ctx) {
  long result = PT_REGS_RC(ctx);
  if (result >= 0) sizes.increment(bpf_log2l(result));
  return 0;
}`,
})
b.attachKretprobe({ event, maxactive: 64, fn: "left" })
await sleep(1000 * Number(seconds))
console.log(b.table("sizes").log2Histogram())
