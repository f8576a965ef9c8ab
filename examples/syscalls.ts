// Counts the system calls of a command from its first instruction on: npm run -s example syscalls ls -l
import { BPF, HashTable, syscallOfNumber, waitingCommand } from "skep"

const command = waitingCommand(process.argv.length > 2 ? process.argv.slice(2) : ["true"])
using b = await BPF.load({
  text: `BPF_HASH(calls, u64, u64);
TRACEPOINT_PROBE(raw_syscalls, sys_enter) {
  if (bpf_get_current_pid_tgid() >> 32 == PID) calls.increment(args->id);
  return 0;
}`,
  defines: { PID: command.pid },
})
command.start()
await command.exited
const counts = [...b.table("calls", HashTable<bigint, bigint>)].sort(([, a], [, c]) => Number(c - a))
for (const [number, count] of counts) console.log(`${count}`.padStart(8), syscallOfNumber(number))
