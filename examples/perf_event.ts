// Where a process spends its time: the functions that its stacks begin with, 199 times a second: npm run -s example perf_event PID 10
import { setTimeout as sleep } from "node:timers/promises"
import { BPF, HashTable, StackTraceTable } from "skep"

const pid = Number(process.argv[2])
using b = await BPF.load({
  text: `BPF_STACK_TRACE(stacks, 4096);
BPF_HASH(counts, int, u64);
int sample(struct bpf_perf_event_data *ctx) {
  counts.increment(stacks.get_stackid(ctx, BPF_F_USER_STACK));
  return 0;
}`,
})
b.attachPerfEvent({ event: "cpu-clock", frequency: 199, pid, fn: "sample" })
await sleep(1000 * Number(process.argv[3] ?? 5))
const stacks = b.table("stacks", StackTraceTable)
for (const [id, count] of b.table("counts", HashTable<number, bigint>)) {
  const [top] = (id < 0 ? undefined : stacks.get(id)) ?? []
  console.log(`${count}`.padStart(8), top === undefined ? "[no stack]" : b.sym(top, pid, { module: true }))
}
