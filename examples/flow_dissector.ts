// Takes the headers of packets apart in place of the kernel, and counts them: npm run -s example flow_dissector
import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "skep"

using b = await BPF.load({
  text: `BPF_ARRAY(asked, u64, 1);
int dissect(struct __sk_buff *skb) {
  skb->flow_keys->thoff = skb->flow_keys->nhoff + 20;
  asked.increment(0);
  return BPF_OK;
}`,
})
const link = b.attachFlowDissector({ fn: "dissect" })
await sleep(1000 * Number(process.argv[2] ?? 5))
console.log(`${link.info?.type}: asked ${b.table("asked").get(0)} times`)
