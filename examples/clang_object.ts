// Runs an object that clang made, and counts the system calls of a process by their numbers until Ctrl-C:
//   clang -O2 -g --target=bpf -c examples/syscall_counts.bpf.c -o counts.o
//   sudo npm run -s example clang_object counts.o PID
import { BPF } from "skep"

const [file = "counts.o", pid = "1"] = process.argv.slice(2)
using b = await BPF.fromObject(file, { globals: { target: Number(pid) }, maxEntries: { counts: 512 } })
const stopped = new Promise(done => process.once("SIGINT", done))
for (const { place } of b.links) console.log(`attached to ${place}`)
await stopped
for (const [number, count] of b.table<number, bigint>("counts")) console.log(number, count)
