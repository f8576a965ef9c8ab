// Drops what a filter of traffic control matches by an action of its own (act_bpf): npm run -s example tc_action eth0 10
import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "skep"

const [device = "lo", seconds = "5"] = process.argv.slice(2)
using b = await BPF.load({
  text: `BPF_ARRAY(dropped, u64, 1);
int large(struct __sk_buff *skb) { return skb->len > 1000 ? -1 : 0; }
int drop(struct __sk_buff *skb) { dropped.increment(0); return TC_ACT_SHOT; }`,
})
b.tc(device).egress.attach("large", { action: "drop" })
await sleep(1000 * Number(seconds))
console.log(`${b.table("dropped").get(0)} packets of more than 1000 bytes were dropped`)
