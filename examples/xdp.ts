// Drops UDP to port 9 before the network stack sees it: npm run -s example xdp eth0 10
import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "skep"

const [device = "lo", seconds = "5"] = process.argv.slice(2)
using b = await BPF.load({
  text: `BPF_ARRAY(dropped, u64, 1);
int discard(struct xdp_md *ctx) {
  struct ethhdr *eth = (void *)(long)ctx->data;
  struct iphdr *ip = (void *)(eth + 1);
  struct udphdr *udp = (void *)(ip + 1);
  if ((void *)(udp + 1) > (void *)(long)ctx->data_end) return XDP_PASS;
  if (eth->h_proto != htons(ETH_P_IP) || ip->protocol != IPPROTO_UDP || udp->dest != htons(9)) return XDP_PASS;
  dropped.increment(0);
  return XDP_DROP;
}`,
})
b.xdp(device).attach("discard", { mode: "generic" })
await sleep(1000 * Number(seconds))
console.log(`${b.table("dropped").get(0)} packets were dropped`)
