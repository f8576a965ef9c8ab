// Shows UDP packets of a device, which a program chooses in the kernel: npm run -s example socket_filter eth0
import { BPF } from "skep"

using b = await BPF.load({
  text: `int only_udp(struct __sk_buff *skb) {
  u8 *cursor = 0;
  struct ethernet_t *eth = cursor_advance(cursor, sizeof(*eth));
  if (eth->type != 0x0800) return 0;
  struct ip_t *ip = cursor_advance(cursor, sizeof(*ip));
  return ip->nextp == 17 ? -1 : 0;
}`,
})
using packets = b.attachRawSocket({ fn: "only_udp", device: process.argv[2] ?? "lo" })
for await (const { data, length, direction } of packets) {
  console.log(`${length} bytes, ${direction}, to port ${data[36] * 256 + data[37]}`)
}
