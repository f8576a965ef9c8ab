import assert from "node:assert/strict"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { test } from "node:test"
import { runningTarget } from "../../src/bpf/index.ts"
import { ethernet } from "../../src/packets/index.ts"
import { FixedEnvironment, Network, VirtualMachine } from "../../src/vm/index.ts"
import { kernel, needsRoot } from "../support/kernel.ts"
import { ownNetwork } from "../support/network.ts"
import { libbpfObject } from "../support/runLibbpf.ts"
import { findTool, runTool } from "../support/tools.ts"

// Programs that ask for more than their packet: routes, neighbours, sockets, maps, pointers of the kernel's functions.

const skip = needsRoot || (findTool("ip") === undefined && "ip (iproute2) is not installed")

const MAC0 = "02:00:00:00:01:00"
const MAC1 = "02:00:00:00:01:01"
const GATEWAY_MAC = "02:00:00:00:09:09"

/** The network of this process, and the same for the embedded machine. */
async function network(): Promise<{ network: Network; end: () => void }> {
  const { veth0, veth1 } = ownNetwork()
  const ip = (line: string): string => runTool("ip", ...line.split(" "))
  ip(`link set veth0 address ${MAC0} mtu 1400`)
  ip(`link set veth1 address ${MAC1}`)
  ip("address add 10.1.0.1/24 dev veth0")
  ip("address add fd01::1/64 dev veth0 nodad")
  for (const name of ["ipv4.conf.veth0", "ipv6.conf.veth0"]) {
    writeFileSync(`/proc/sys/net/${name.replaceAll(".", "/")}/forwarding`, "1")
  }
  ip(`neighbour add 10.1.0.9 lladdr ${GATEWAY_MAC} dev veth0`)
  ip(`neighbour add fd01::9 lladdr ${GATEWAY_MAC} dev veth0`)
  ip("route add 10.9.0.0/16 via 10.1.0.9 dev veth0 metric 7")
  ip("route add 10.9.1.0/24 via 10.1.0.8 dev veth0")
  ip("route add 10.8.0.0/16 via inet6 fd01::9 dev veth0")
  ip("route add blackhole 10.66.0.0/16")
  ip("route add unreachable 10.67.0.0/16")
  ip("route add prohibit 10.68.0.0/16")
  ip("route add 10.7.0.0/16 via 10.1.0.9 dev veth0 table 77")
  ip("route add 10.6.0.0/16 via 10.1.0.9 dev veth0 mtu lock 1000")
  ip("route add fd09::/32 via fd01::9 dev veth0")
  ip("route add blackhole fd66::/32")
  const tcp = createServer()
  tcp.listen(8080, "127.0.0.1")
  await once(tcp, "listening")
  const any = createServer()
  any.listen({ port: 8081, host: "0.0.0.0" })
  await once(any, "listening")
  const udp = createSocket("udp4")
  udp.bind(5353, "127.0.0.1")
  await once(udp, "listening")
  const device = { mtu: 1500, hasLinkHeader: true }
  const gateway = { device: veth0, mac: GATEWAY_MAC }
  return {
    network: new Network({
      devices: [
        { ...device, index: veth0, name: "veth0", mtu: 1400, address: bytesOf(MAC0), forwards: true },
        { ...device, index: veth1, name: "veth1", address: bytesOf(MAC1), forwards: false },
      ],
      routes: [
        { to: "10.1.0.0/24", device: veth0 },
        { to: "10.9.0.0/16", device: veth0, via: "10.1.0.9", metric: 7 },
        { to: "10.9.1.0/24", device: veth0, via: "10.1.0.8" },
        { to: "10.8.0.0/16", device: veth0, via: "fd01::9" },
        { to: "10.66.0.0/16", device: 1, type: "blackhole" },
        { to: "10.67.0.0/16", device: 1, type: "unreachable" },
        { to: "10.68.0.0/16", device: 1, type: "prohibit" },
        { to: "10.7.0.0/16", device: veth0, via: "10.1.0.9", table: 77 },
        { to: "10.6.0.0/16", device: veth0, via: "10.1.0.9", mtu: 1000 },
        { to: "fd01::/64", device: veth0, metric: 256 },
        { to: "fd09::/32", device: veth0, via: "fd01::9", metric: 1024 },
        { to: "fd66::/32", device: 1, type: "blackhole" },
      ],
      neighbours: [
        { ...gateway, address: "10.1.0.9" },
        { ...gateway, address: "fd01::9" },
      ],
      sockets: [
        { protocol: "tcp", address: "127.0.0.1", port: 8080 },
        { protocol: "tcp", address: "0.0.0.0", port: 8081 },
        { protocol: "udp", address: "127.0.0.1", port: 5353 },
      ],
    }),
    end() {
      tcp.close()
      any.close()
      udp.close()
    },
  }
}

const bytesOf = (mac: string): Uint8Array => Uint8Array.from(mac.split(":"), part => Number.parseInt(part, 16))

const PRELUDE = `
#include <bpf/bpf_endian.h>
#define DIGEST(x) ({ __u32 h = 0; __u8 *byte = (void *)&(x); for (int i = 0; i < sizeof(x); i++) h = h * 31 + byte[i]; h; })
extern int bpf_dynptr_from_skb(struct __sk_buff *s, __u64 flags, struct bpf_dynptr *p) __ksym;
extern int bpf_dynptr_from_xdp(struct xdp_md *x, __u64 flags, struct bpf_dynptr *p) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *p, __u32 offset, void *buffer, __u32 size) __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, __u32 offset, void *buffer, __u32 size) __ksym;
extern __u32 bpf_dynptr_size(const struct bpf_dynptr *p) __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *p, __u32 start, __u32 end) __ksym;
struct { __uint(type, BPF_MAP_TYPE_DEVMAP); __uint(max_entries, 4); __type(key, __u32); __type(value, __u32); } devices SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, __u64); } counts SEC(".maps");
#define FIB(family_, daddr, flags) struct bpf_fib_lookup p = { .family = family_, .ifindex = VETH0 }; daddr; long r = CTX_FIB(p, flags); return r < 0 ? r : r * 1000003 + DIGEST(p);
#define CTX_FIB(p, flags) bpf_fib_lookup(ctx, &(p), sizeof(p), flags)
#define V4(text) p.ipv4_dst = bpf_htonl(text)
#define V6(first, last) p.ipv6_dst[0] = bpf_htonl(first); p.ipv6_dst[3] = bpf_htonl(last)
#define TUPLE(s, sp, d, dp) struct bpf_sock_tuple t = {}; t.ipv4.saddr = bpf_htonl(s); t.ipv4.daddr = bpf_htonl(d); t.ipv4.sport = bpf_htons(sp); t.ipv4.dport = bpf_htons(dp);
#define SEEN(s) if (!(s)) return 1; __u32 v = (s)->family * 7 + (s)->type * 5 + (s)->protocol * 3 + (s)->state + (s)->src_port * 11 + (s)->src_ip4 * 13 + (s)->dst_port; bpf_sk_release(s); return v;
`

/** Bodies of programs; each is tried as tc and, where the helpers are there, as XDP. */
const both = `
FIB(2, V4(0x0a090001), 0)
FIB(2, V4(0x0a090101), 0)
FIB(2, V4(0x0a090101), BPF_FIB_LOOKUP_SKIP_NEIGH)
FIB(2, V4(0x0a080001), 0)
FIB(2, V4(0x0a420001), 0)
FIB(2, V4(0x0a430001), 0)
FIB(2, V4(0x0a440001), 0)
FIB(2, V4(0x0a010009), 0)
FIB(2, V4(0x0a010077), 0)
FIB(2, V4(0x0b000001), 0)
FIB(2, V4(0x0a090001), BPF_FIB_LOOKUP_DIRECT)
FIB(2, V4(0x0a070001); p.tbid = 77, BPF_FIB_LOOKUP_DIRECT | BPF_FIB_LOOKUP_TBID)
FIB(2, V4(0x0a070001), BPF_FIB_LOOKUP_DIRECT)
FIB(2, V4(0x0a090001); p.tbid = 99, BPF_FIB_LOOKUP_DIRECT | BPF_FIB_LOOKUP_TBID)
FIB(2, V4(0x0a090001), BPF_FIB_LOOKUP_OUTPUT)
FIB(2, V4(0x0a090001); p.tot_len = 1400, 0)
FIB(2, V4(0x0a090001); p.tot_len = 1401, 0)
FIB(2, V4(0x0a060001); p.tot_len = 1001, 0)
FIB(2, V4(0x0a060001); p.tot_len = 900, 0)
FIB(2, V4(0x0a090001); p.ifindex = VETH1, 0)
FIB(2, V4(0x0a090001); p.ifindex = 999, 0)
FIB(2, V4(0x0a090001), 64)
FIB(7, V4(0x0a090001), 0)
FIB(10, V6(0xfd090000, 1), 0)
FIB(10, V6(0xfd660000, 1), 0)
FIB(10, V6(0xfd010000, 9), 0)
FIB(10, V6(0xfd010000, 77), 0)
FIB(10, V6(0xfe800000, 9), 0)
FIB(10, V6(0xfd090000, 1); p.tot_len = 1500, 0)
TUPLE(0x7f000001, 999, 0x7f000001, 8080) struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0); SEEN(s)
TUPLE(0x7f000001, 999, 0x7f000001, 8081) struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), BPF_F_CURRENT_NETNS, 0); SEEN(s)
TUPLE(0x7f000001, 999, 0x7f000001, 8082) struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0); SEEN(s)
TUPLE(0x7f000001, 999, 0x7f000002, 8080) struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0); SEEN(s)
TUPLE(0x7f000001, 999, 0x7f000001, 5353) struct bpf_sock *s = bpf_sk_lookup_udp(ctx, &t, sizeof(t.ipv4), -1, 0); SEEN(s)
TUPLE(0x7f000001, 999, 0x7f000001, 5354) struct bpf_sock *s = bpf_sk_lookup_udp(ctx, &t, sizeof(t.ipv4), -1, 0); SEEN(s)
TUPLE(0x7f000001, 999, 0x7f000001, 8080) struct bpf_sock *s = bpf_skc_lookup_tcp(ctx, &t, sizeof(t.ipv4), -1, 0); if (!s) return 1; bpf_sk_release(s); return 2;
TUPLE(0x7f000001, 999, 0x7f000001, 8080) struct bpf_sock *s = bpf_sk_lookup_tcp(ctx, &t, sizeof(t.ipv4), 5, 0); SEEN(s)
__u32 k = 1; __u64 *v = bpf_map_lookup_elem(&counts, &k); if (!v) return 0; __sync_fetch_and_add(v, 3); return *v;
`

const tc = `
struct bpf_dynptr d; if (bpf_dynptr_from_skb(ctx, 0, &d)) return 1; return bpf_dynptr_size(&d);
struct bpf_dynptr d; bpf_dynptr_from_skb(ctx, 0, &d); __u8 b[4]; __u8 *p = bpf_dynptr_slice(&d, 12, b, 4); return p ? p[0] << 8 | p[1] : 9;
struct bpf_dynptr d; bpf_dynptr_from_skb(ctx, 0, &d); __u8 b[4]; __u8 *p = bpf_dynptr_slice(&d, 5000, b, 4); return p ? p[0] << 8 | p[1] : 9;
struct bpf_dynptr d; bpf_dynptr_from_skb(ctx, 0, &d); __u8 b[4]; __u8 *p = bpf_dynptr_slice_rdwr(&d, 0, b, 4); if (!p) return 9; p[0] = 7; return 0;
struct bpf_dynptr d; bpf_dynptr_from_skb(ctx, 0, &d); __u32 v = 0x01020304; return bpf_dynptr_write(&d, 6, &v, 4, 0);
struct bpf_dynptr d; bpf_dynptr_from_skb(ctx, 0, &d); __u32 v = 0x01020304; return bpf_dynptr_write(&d, 26, &v, 4, BPF_F_RECOMPUTE_CSUM);
struct bpf_dynptr d; bpf_dynptr_from_skb(ctx, 0, &d); __u32 v = 0x01020304; return bpf_dynptr_write(&d, 26, &v, 4, 8);
struct bpf_dynptr d; bpf_dynptr_from_skb(ctx, 0, &d); __u32 v = 0; long r = bpf_dynptr_read(&v, 4, &d, 26, 0); return r ? r : v;
struct bpf_dynptr d; bpf_dynptr_from_skb(ctx, 0, &d); __u32 v = 0; long r = bpf_dynptr_read(&v, 4, &d, 9999, 0); return r ? r : v;
struct bpf_dynptr d; bpf_dynptr_from_skb(ctx, 0, &d); bpf_dynptr_adjust(&d, 14, 34); __u8 v = 0; bpf_dynptr_read(&v, 1, &d, 0, 0); return v * 100 + bpf_dynptr_size(&d);
__u32 m = 0; long r = bpf_check_mtu(ctx, VETH0, &m, 0, 0); return r * 100000 + m;
__u32 m = 0; long r = bpf_check_mtu(ctx, VETH0, &m, 1400, 0); return r * 100000 + m;
__u32 m = 1401; long r = bpf_check_mtu(ctx, VETH0, &m, 0, 0); return r * 100000 + m;
return bpf_clone_redirect(ctx, VETH0, 0);
return bpf_clone_redirect(ctx, VETH1, BPF_F_INGRESS);
`

const xdp = `
return bpf_redirect_map(&devices, 0, 0);
return bpf_redirect_map(&devices, 1, 0);
return bpf_redirect_map(&devices, 1, XDP_PASS);
return bpf_redirect_map(&devices, 9, XDP_TX);
return bpf_redirect_map(&devices, 1, BPF_F_BROADCAST);
return bpf_redirect_map(&devices, 0, 4);
struct bpf_dynptr d; if (bpf_dynptr_from_xdp(ctx, 0, &d)) return 1; return bpf_dynptr_size(&d);
struct bpf_dynptr d; bpf_dynptr_from_xdp(ctx, 0, &d); __u8 b[4]; __u8 *p = bpf_dynptr_slice_rdwr(&d, 0, b, 4); if (!p) return 9; p[0] = 7; return XDP_PASS;
struct bpf_dynptr d; bpf_dynptr_from_xdp(ctx, 0, &d); __u32 v = 0x01020304; return bpf_dynptr_write(&d, 6, &v, 4, 0);
struct bpf_dynptr d; bpf_dynptr_from_xdp(ctx, 0, &d); __u32 v = 0x01020304; return bpf_dynptr_write(&d, 6, &v, 4, 1);
`

const bodies = (text: string): string[] => text.trim().split("\n")
const packets = [ethernet().ipv4().tcp().payload(30), ethernet().ipv6().udp().payload(1300), ethernet().arp()].map(
  packet => packet.bytes(),
)

test("programs that ask for routes, sockets, maps and pointers give the same here and in the kernel", {
  skip,
}, async t => {
  const world = await network()
  t.after(world.end)
  const indexes = [...world.network.devices.keys()]
  const head = `#define VETH0 ${indexes[1]}\n#define VETH1 ${indexes[2]}\n${PRELUDE}`
  const environment = new FixedEnvironment({ network: world.network })
  const machine = new VirtualMachine({ environment, types: () => runningTarget().btf! })
  const cases = [
    ...[...bodies(both), ...bodies(tc)].map(body => ["tc", body] as const),
    ...[...bodies(both), ...bodies(xdp)].map(body => ["xdp", body] as const),
  ]
  for (const [section, body] of cases) {
    await t.test(`${section}: ${body}`, () => {
      const context = section === "tc" ? "struct __sk_buff" : "struct xdp_md"
      const object = libbpfObject(`${head}\nSEC("${section}") int f(${context} *ctx) { ${body} }`)
      using real = kernel().load(object)
      using mine = machine.load(object)
      for (const loaded of [real, mine]) {
        if (!loaded.maps.has("devices")) continue
        loaded.map("devices").update(new Uint8Array(4), new Uint8Array(Uint32Array.of(indexes[1]).buffer))
      }
      for (const data of packets) {
        const [expected, actual] = [real, mine].map(loaded => loaded.program("f").testRun({ data }))
        assert.deepEqual(
          { retval: actual.retval | 0, data: Buffer.from(actual.data).toString("hex") },
          { retval: expected.retval | 0, data: Buffer.from(expected.data).toString("hex") },
        )
      }
    })
  }
})
