import assert from "node:assert/strict"
import { test } from "node:test"
import { kernelSnapshot } from "../../src/bpf/host/snapshot.ts"
import { BPF, DevMap, SockMap } from "../../src/bpf/index.ts"
import { ethernet } from "../../src/packets/index.ts"
import { FixedEnvironment, Network, type Passage, VirtualMachine } from "../../src/vm/index.ts"

const HEAD = `#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
char _license[] SEC("license") = "GPL";
typedef unsigned char u8; typedef unsigned int u32;
`

/** veth1 (4) and veth2 (5) are the ends of a cable. */
const world = () =>
  new Network({
    devices: [
      { index: 2, name: "eth0" },
      { index: 3, name: "eth1" },
      { index: 4, name: "veth1", peer: 5 },
      { index: 5, name: "veth2", peer: 4 },
    ],
    routes: [{ to: "10.0.0.0/8", device: 3, via: "10.0.0.9" }],
    neighbours: [{ device: 3, address: "10.0.0.9", mac: "02:00:00:00:00:99" }],
    sockets: [{ protocol: "udp", port: 53, cgroupId: 2n }],
  })

/** A machine with a program of C text in it. */
async function load(text: string) {
  const network = world()
  network.cgroupId("/sys/fs/cgroup/dns")
  const environment = new FixedEnvironment({ network })
  const machine = new VirtualMachine({ environment, types: () => kernelSnapshot().btf })
  const b = await BPF.load({ text: HEAD + text, machine, autoAttach: false })
  return { b, net: machine.network, [Symbol.dispose]: () => b[Symbol.dispose]() }
}

/** A frame for eth0 itself. */
const udp = (port = 53): Uint8Array =>
  ethernet({ destination: "02:00:00:00:00:02" })
    .ipv4({ source: "10.0.0.1", destination: "10.0.0.2" })
    .udp({ sourcePort: 9, destinationPort: port })
    .payload(20)
    .bytes()

/** A passage as one line: what programs said, then where the packet came to. */
function line({ verdicts, sent, delivered }: Passage): string {
  return [
    ...verdicts.map(({ place, program, verdict }) => `${place}: ${program} ${verdict}`),
    ...sent.map(({ device }) => `out ${device}`),
    ...delivered.map(({ device, socket }) => `in ${device}${socket === undefined ? "" : ` port ${socket.port}`}`),
  ].join(", ")
}

test("without programs a packet comes to the socket that it is for", async () => {
  using m = await load('SEC("xdp") int x(struct xdp_md *c) { return XDP_PASS; }')
  assert.equal(line(m.net.receive("eth0", udp())), "in 2 port 53")
  assert.equal(line(m.net.receive("eth0", udp(54))), "in 2")
  assert.equal(line(m.net.transmit("eth1", udp())), "out 3")
})

const ALL = `
SEC("xdp") int x(struct xdp_md *c) { u8 *d = (void *)(long)c->data; return d + 15 > (u8 *)(long)c->data_end ? XDP_DROP : c->ingress_ifindex == 2 ? XDP_PASS : XDP_TX; }
SEC("tc") int first(struct __sk_buff *s) { s->mark = 7; s->cb[0] = 5; return TC_ACT_UNSPEC; }
SEC("tc") int second(struct __sk_buff *s) { s->mark += s->cb[0]; return TC_ACT_OK; }
SEC("tc") int never(struct __sk_buff *s) { return TC_ACT_SHOT; }
SEC("cgroup_skb/ingress") int group(struct __sk_buff *s) { return s->mark == 12 && s->len == 48; }
SEC("socket") int filter(struct __sk_buff *s) { return s->mark ? 0 : 20; }
`

test("XDP, a raw socket, traffic control, the socket's control group: in this order, on one packet", async () => {
  using m = await load(ALL)
  m.b.attachXdp({ fn: "x", device: "eth0" })
  for (const fn of ["first", "second", "never"] as const) m.b.tc("eth0").ingress.attach(fn)
  m.b.cgroup("/sys/fs/cgroup/dns").attach("group", { hook: "ingress" })
  using socket = m.b.socket("eth0")
  socket.attach("filter")
  const passage = m.net.receive("eth0", udp())
  const expected =
    "xdp eth0: x pass, tc eth0 ingress: first unspec, tc eth0 ingress: second ok, cgroup ingress: group pass, in 2 port 53"
  assert.equal(line(passage), expected)
  assert.equal(passage.delivered[0].mark, 12)
  const { value } = await socket.next()
  assert.deepEqual([value?.data.length, value?.device, value?.direction, value?.protocol], [20, 2, "host", 0x800])
})

test("what is attached is listed, is in the way of another, and goes with its link", async () => {
  using m = await load(ALL)
  const link = m.b.attachXdp({ fn: "x", device: "eth1" })
  assert.equal(m.b.xdp("eth1").attached?.programId, m.b.program("x").info.id)
  assert.throws(() => m.b.attachXdp({ fn: "x", device: "eth1" }), { code: "VM_PLACE_TAKEN" })
  assert.throws(() => m.b.attachXdp({ fn: "x", device: "eth9" }), { code: "KERNEL_NO_DEVICE" })
  assert.equal(line(m.net.receive("eth1", udp())), "xdp eth1: x tx, out 3")
  link.detach()
  assert.equal(line(m.net.receive("eth1", udp())), "in 3")
  const { ingress } = m.b.tc("eth1")
  ingress.attach("second", { prio: 2 })
  ingress.attach("first", { prio: 1 })
  ingress.attach("never", { before: "all" })
  assert.deepEqual(
    ingress.list().map(({ name, method, prio }) => [name, method, prio]),
    [
      ["never", "tcx", 0],
      ["first", "filter", 1],
      ["second", "filter", 2],
    ],
  )
  assert.equal(line(m.net.receive("eth1", udp())), "tc eth1 ingress: never shot")
  ingress.detach({ prio: 1, handle: 1, protocol: 3 })
  assert.equal(ingress.list().length, 2)
  assert.throws(() => m.net.receive("eth1", new Uint8Array(3)), { code: "VM_FRAME" })
})

const REDIRECTS: readonly [what: string, program: string, expected: string][] = [
  ["out of another device", 'SEC("tc") int f(struct __sk_buff *s) { return bpf_redirect(3, 0); }', "out 3"],
  ["in at another device", 'SEC("tc") int f(struct __sk_buff *s) { return bpf_redirect(3, BPF_F_INGRESS); }', "in 3"],
  ["through a cable", 'SEC("tc") int f(struct __sk_buff *s) { return bpf_redirect(4, 0); }', "out 4, in 5"],
  ["to the other end of a cable", 'SEC("tc") int f(struct __sk_buff *s) { return bpf_redirect_peer(4, 0); }', "in 5"],
  ["to no device", 'SEC("tc") int f(struct __sk_buff *s) { return bpf_redirect(77, 0); }', ""],
]
for (const [what, program, expected] of REDIRECTS) {
  test(`tc sends a packet ${what}`, async () => {
    using m = await load(program)
    m.b.tc("eth0").ingress.attach("f")
    const said = "tc eth0 ingress: f redirect"
    assert.equal(line(m.net.receive("eth0", udp(1))), expected === "" ? said : `${said}, ${expected}`)
  })
}

test("tc sends copies, and a packet with the hardware address of its next hop", async () => {
  using m = await load(`
    SEC("tc") int copy(struct __sk_buff *s) { bpf_clone_redirect(s, 3, 0); bpf_clone_redirect(s, 3, BPF_F_INGRESS); return TC_ACT_UNSPEC; }
    SEC("tc") int route(struct __sk_buff *s) { return bpf_redirect_neigh(3, 0, 0, 0); }`)
  m.b.tc("eth0").ingress.attach("copy")
  m.b.tc("eth0").ingress.attach("route")
  const { sent, delivered } = m.net.receive("eth0", udp(1))
  assert.deepEqual([sent.map(({ device }) => device), delivered.map(({ device }) => device)], [[3, 3], [3]])
  assert.deepEqual([...sent[1].data.subarray(0, 14)], [2, 0, 0, 0, 0, 0x99, 2, 0, 0, 0, 0, 3, 8, 0])
})

test("XDP sends to devices of a map, with programs that run there, and to a CPU", async () => {
  using m = await load(`
    struct { __uint(type, BPF_MAP_TYPE_DEVMAP_HASH); __uint(max_entries, 8); __type(key, u32); __type(value, struct bpf_devmap_val); } devices SEC(".maps");
    struct { __uint(type, BPF_MAP_TYPE_CPUMAP); __uint(max_entries, 8); __type(key, u32); __type(value, u32); } cpus SEC(".maps");
    SEC("xdp") int all(struct xdp_md *c) { return bpf_redirect_map(&devices, 0, BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS); }
    SEC("xdp") int one(struct xdp_md *c) { return bpf_redirect_map(&devices, 30, XDP_DROP); }
    SEC("xdp") int cpu(struct xdp_md *c) { return bpf_redirect_map(&cpus, 1, 0); }
    SEC("xdp/devmap") int last(struct xdp_md *c) { return c->egress_ifindex == 3 ? XDP_DROP : XDP_PASS; }`)
  const devices = m.b.table("devices", DevMap)
  devices.set(20, "eth0").set(30, "eth1", { program: "last" }).set(40, "veth1", { program: "last" })
  m.b.table("cpus").map.update(Uint8Array.of(1, 0, 0, 0), Uint8Array.of(64, 0, 0, 0))
  const link = m.b.attachXdp({ fn: "all", device: "eth0" })
  assert.equal(
    line(m.net.receive("eth0", udp())),
    "xdp eth0: all redirect, xdp devmap veth1: last pass, xdp devmap eth1: last drop, out 4, in 5",
  )
  link.detach()
  m.b.xdp("eth0").attach("one")
  assert.equal(line(m.net.receive("eth0", udp())), "xdp eth0: one redirect, xdp devmap eth1: last drop")
  m.b.xdp("eth0").attach("cpu", { replace: true })
  assert.equal(line(m.net.receive("eth0", udp())), "xdp eth0: cpu redirect, in 2 port 53")
})

test("two ends of a cable that send everything back end after some turns", async () => {
  using m = await load('SEC("xdp") int tx(struct xdp_md *c) { return XDP_TX; }')
  for (const device of ["veth1", "veth2"]) m.b.attachXdp({ fn: "tx", device })
  const { sent } = m.net.transmit("veth1", udp())
  assert.equal(sent.length, 9)
})

test("names of devices are those of the machine, not of the computer", async () => {
  using m = await load(
    'struct { __uint(type, BPF_MAP_TYPE_DEVMAP); __uint(max_entries, 4); __type(key, u32); __type(value, u32); } t SEC(".maps");' +
      'SEC("xdp") int x(struct xdp_md *c) { return bpf_redirect_map(&t, 0, 0); }',
  )
  const index = m.net.addDevice({ name: "wlan7" })
  m.b.table("t", DevMap).set(0, "wlan7")
  assert.equal(m.b.table("t", DevMap).get(0)?.ifindex, index)
  assert.throws(() => m.b.table("t", DevMap).set(0, "veth9"), { code: "BPF_NO_DEVICE", hint: /lo, eth0, eth1/ })
})

test("a program looks the socket up in a table, and another keeps packets from it", async () => {
  using m = await load(`
    struct { __uint(type, BPF_MAP_TYPE_SOCKMAP); __uint(max_entries, 2); __type(key, u32); __type(value, unsigned long long); } sockets SEC(".maps");
    SEC("sk_lookup") int look(struct bpf_sk_lookup *c) {
      u32 zero = 0;
      if (c->local_port == 99) return SK_DROP;
      if (c->local_port != 7777 || c->ingress_ifindex != 2 || c->remote_ip4 != 0x0100000a || c->remote_port != 0x900) return SK_PASS;
      struct bpf_sock *sk = bpf_map_lookup_elem(&sockets, &zero);
      if (!sk) return SK_DROP;
      long error = bpf_sk_assign(c, sk, 0);
      bpf_sk_release(sk);
      return error ? SK_DROP : SK_PASS;
    }`)
  const sockets = m.b.table("sockets", SockMap)
  const fd = m.net.openSocket({ protocol: "udp", port: 1234 })
  m.b.attachSkLookup({ fn: "look" })
  assert.equal(line(m.net.receive("eth0", udp(7777))), "sk_lookup: look drop")
  sockets.set(0, fd)
  assert.equal(line(m.net.receive("eth0", udp(7777))), "sk_lookup: look pass, in 2 port 1234")
  assert.equal(line(m.net.receive("eth0", udp(53))), "sk_lookup: look pass, in 2 port 53")
  assert.equal(line(m.net.receive("eth0", udp(99))), "sk_lookup: look drop")
  assert.equal(typeof sockets.cookie(0), "bigint")
  assert.equal(sockets.delete(0), true)
  assert.throws(() => sockets.set(0, 4444), { code: "VM_BAD_HANDLE" })
  assert.throws(() => sockets.set(9, fd), { code: "MACHINE_MAP_FULL" })
})

test("netfilter sees what is for this computer, and what it sends, by priority", async () => {
  using m = await load(`
    #include "vmlinux.h"
    extern int bpf_dynptr_from_skb(struct __sk_buff *skb, u64 flags, struct bpf_dynptr *p) __ksym;
    extern void *bpf_dynptr_slice(const struct bpf_dynptr *p, u32 offset, void *buffer, u32 size) __ksym;
    SEC("netfilter") int ports(struct bpf_nf_ctx *ctx) {
      struct bpf_dynptr p; u8 buffer[24];
      if (bpf_dynptr_from_skb((struct __sk_buff *)ctx->skb, 0, &p)) return 0;
      u8 *head = bpf_dynptr_slice(&p, 0, buffer, sizeof buffer);
      return head && head[0] == 0x45 && head[23] != 66;
    }
    SEC("netfilter") int hook(struct bpf_nf_ctx *ctx) { return ctx->state->hook == 1 || ctx->state->hook == 4; }`)
  const where = { family: "ipv4", hook: "input" } as const
  m.b.attachNetfilter({ fn: "hook", ...where, priority: 5 })
  const link = m.b.attachNetfilter({ fn: "ports", ...where, priority: -5 })
  assert.equal(line(m.net.receive("eth0", udp(66))), "netfilter input: ports drop")
  const both = "netfilter input: ports accept, netfilter input: hook accept, in 2 port 53"
  assert.equal(line(m.net.receive("eth0", udp())), both)
  link.detach()
  m.b.attachNetfilter({ fn: "hook", family: "ipv4", hook: "postrouting" })
  assert.equal(line(m.net.transmit("eth1", udp())), "netfilter postrouting: hook accept, out 3")
  m.b.attachNetfilter({ fn: "hook", family: "ipv4", hook: "output" })
  assert.equal(line(m.net.transmit("eth1", udp())), "netfilter output: hook drop")
})
