// Drops TCP packets to port 80 and counts packets by protocol, at a device or over a capture:
//   skep run examples/drop_http.c --pcap in.pcap --out out.pcap
//   sudo skep run --attach xdp:eth0 examples/drop_http.c
BPF_HASH(protocols, u8, u64);

int drop_http(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  if ((void *)(eth + 1) > end || eth->h_proto != htons(ETH_P_IP)) return XDP_PASS;
  struct iphdr *ip = (void *)(eth + 1);
  if ((void *)(ip + 1) > end) return XDP_PASS;
  u8 protocol = ip->protocol;
  protocols.increment(protocol);
  struct tcphdr *tcp = (void *)(ip + 1);
  if (protocol != IPPROTO_TCP || (void *)(tcp + 1) > end) return XDP_PASS;
  return tcp->dest == htons(80) ? XDP_DROP : XDP_PASS;
}
