// One run of the library as somebody uses it: compile task_switch.c, load it, attach it where there are kprobes.
import { BPF } from "skep"

using b = await BPF.load({ file: "examples/task_switch.c" })
let reached = "attached"
try {
  b.attachKprobe({ event: "finish_task_switch", fn: "count_sched" })
} catch (error) {
  if ((error as { code?: string }).code !== "KERNEL_NO_KPROBES") throw error
  reached = "loaded"
}
const { maxRSS } = process.resourceUsage()
process.stdout.write(`${JSON.stringify({ reached, rss: maxRSS / 1024 })}\n`)
