// Lets no packet in that goes to a UDP port: npm run -s example netfilter 9 10 (Linux 6.4)
import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "skep"

const [port = "9", seconds = "5"] = process.argv.slice(2)
using b = await BPF.load({
  text: `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
char LICENSE[] SEC("license") = "GPL";
int dropped;
SEC("netfilter") int drop(struct bpf_nf_ctx *ctx) {
  struct sk_buff *skb = ctx->skb;
  struct udphdr udp;
  void *at = skb->head + skb->transport_header;
  if (skb->len < 28 || bpf_probe_read_kernel(&udp, sizeof(udp), at) || udp.dest != bpf_htons(${port})) return 1;
  __sync_fetch_and_add(&dropped, 1);
  return 0;
}`,
})
b.attachNetfilter({ fn: "drop", family: "ipv4", hook: "input" })
await sleep(1000 * Number(seconds))
console.log(`${b.globals.dropped} packets were dropped`)
