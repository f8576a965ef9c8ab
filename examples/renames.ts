// Tells of every task that takes another name, for a second or as long as the argument says.
import { BPF } from "skep"

using b = await BPF.load({ file: new URL("renames.c", import.meta.url) })
const events = b.events<{ pid: number; old: string; comm: string }>("events")
setTimeout(() => events.close(), 1000 * Number(process.argv[2] ?? 1))
for await (const { pid, old, comm } of events) console.log(`${pid}: ${old} is ${comm} now`)
console.log(`${events.received} events, ${events.lost} lost`)
