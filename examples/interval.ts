// Prints every second how many system calls each process made: the table is read and emptied in one step.
import { setTimeout as sleep } from "node:timers/promises"
import { BPF, HashTable } from "skep"

using b = await BPF.load({
  text: `const volatile int only;
BPF_HASH(calls, u32, u64);
RAW_TRACEPOINT_PROBE(sys_enter) {
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  if (!only || pid == only) calls.increment(pid);
  return 0;
}`,
  globals: { only: Number(process.argv[2] ?? 0) },
})
const calls = b.table("calls", HashTable<number, bigint>)
for (let second = 0; second < 3; second++) {
  await sleep(1000)
  for (const [pid, count] of calls.readAndClear()) console.log(second, pid, count)
}
