// A route whose packets a program counts and drops: npm run -s example route 10.99.0.0/16 lo 10
import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "skep"

const [prefix = "10.99.0.0/16", device = "lo", seconds = "5"] = process.argv.slice(2)
using b = await BPF.load({
  text: `BPF_ARRAY(bytes, u64, 1);
int drop(struct __sk_buff *skb) {
  bytes.increment(0, skb->len);
  return BPF_DROP;
}`,
})
b.attachRoute({ fn: "drop", prefix, device, hook: "out" })
await sleep(1000 * Number(seconds))
console.log(`${b.table("bytes").get(0)} bytes for ${prefix} were dropped`)
