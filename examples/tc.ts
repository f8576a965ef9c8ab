// Counts what leaves a device, by EtherType: npm run -s example tc eth0 10
import { setTimeout as sleep } from "node:timers/promises"
import { BPF, HashTable } from "skep"

const [device = "lo", seconds = "5"] = process.argv.slice(2)
using b = await BPF.load({
  text: `BPF_HASH(bytes, u32, u64);
int leaving(struct __sk_buff *skb) {
  bytes.increment(ntohs(skb->protocol), skb->len);
  return TC_ACT_OK;
}`,
})
b.tc(device).egress.attach("leaving")
await sleep(1000 * Number(seconds))
for (const [type, count] of b.table("bytes", HashTable<number, bigint>)) console.log(`0x${type.toString(16)} ${count}`)
