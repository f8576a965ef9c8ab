// Counts which task hands the CPU to which: the second program of the 2015 slides.
import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "skep"

using b = await BPF.load({ file: new URL("task_switch.c", import.meta.url) })
b.attachKprobe({ event: "finish_task_switch", fn: "count_sched" })

// generate many schedule events
for (let i = 0; i < 100; i++) await sleep(10)

for (const [k, v] of b.table("stats")) {
  console.log(`task_switch[${String(k.prev_pid).padStart(5)}->${String(k.curr_pid).padStart(5)}]=${v}`)
}
