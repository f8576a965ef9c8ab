// Counts the calls of all functions of the file system's front that match: npm run -s example kprobes 'vfs_.*' 5
import { setTimeout as sleep } from "node:timers/promises"
import { BPF, HashTable } from "skep"

const [eventRe = "vfs_.*", seconds = "5"] = process.argv.slice(2)
using b = await BPF.load({
  text: `BPF_HASH(calls, u64, u64);
int called(struct pt_regs *ctx) { calls.increment(PT_REGS_IP(ctx)); return 0; }`,
})
b.attachKprobe({ eventRe, fn: "called", onProgress: (done, total) => console.error(`${done} of ${total}`) })
await sleep(1000 * Number(seconds))
const calls = [...b.table("calls", HashTable<bigint, bigint>)].sort(([, a], [, c]) => Number(c - a))
for (const [address, count] of calls) console.log(`${count}`.padStart(8), b.ksym(address))
