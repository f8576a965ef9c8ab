// Runs an object that clang made, which counts the system calls of a process by their numbers for some seconds:
//   clang -O2 -g --target=bpf -c examples/syscall_counts.bpf.c -o counts.o
//   sudo npm run -s example clang_object counts.o PID 5
import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "skep"

const [file = "counts.o", pid = "1", seconds = "5"] = process.argv.slice(2)
using b = await BPF.fromObject(file, { globals: { target: Number(pid) }, maxEntries: { counts: 512 } })
for (const { place } of b.links) console.log(`attached to ${place}`)
await sleep(1000 * Number(seconds))
for (const [number, count] of b.table<number, bigint>("counts")) console.log(number, count)
