import assert from "node:assert/strict"
import { createSocket, type Socket } from "node:dgram"
import { once } from "node:events"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { bpfDescriptors, kernelConfig, needsRoot } from "../../../tests/support/kernel.ts"
import { frame, ownNetwork, sendFrame, sharingSocket } from "../../../tests/support/network.ts"
import { parseClassic } from "../../filter/index.ts"
import { kernelAtLeast, sys } from "../../kernel/index.ts"
import { listQdiscs } from "../../netlink/index.ts"
import { attachClassicFilter, BPF, type SkepError } from "../index.ts"

const skip = needsRoot

/** Waits for what must come, for some seconds at most. */
async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done() && tries < 1000; tries++) await sleep(5)
  assert.ok(done())
}

const net = skip ? { lo: 0, veth0: 0, veth1: 0 } : ownNetwork()
const before = (version: string): string | false =>
  skip || (!kernelAtLeast(version) && `Linux ${version} brought it, and this is older`)

/** Counts packets by their last byte and drops those that are marked 1. */
const MARKED = `
BPF_ARRAY(seen, u64, 256);
static int mark_of(struct __sk_buff *skb) {
  u8 mark = 0;
  bpf_skb_load_bytes(skb, skb->len - 1, &mark, 1);
  seen.increment(mark);
  return mark;
}
int pass(struct __sk_buff *skb) { mark_of(skb); return TC_ACT_OK; }
int drop_ones(struct __sk_buff *skb) { return mark_of(skb) == 1 ? TC_ACT_SHOT : TC_ACT_OK; }
int next(struct __sk_buff *skb) { mark_of(skb); return TC_ACT_UNSPEC; }
int shoot(struct __sk_buff *skb) { mark_of(skb); return TC_ACT_SHOT; }
int only_twos(struct __sk_buff *skb) { return mark_of(skb) == 2 ? -1 : 0; }
int first_20(struct __sk_buff *skb) { return mark_of(skb) == 2 ? 20 : 0; }
int xdp_drop_ones(struct xdp_md *ctx) {
  u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end;
  // The machine sends frames of its own.
  if (data + 64 > end || data[12] != 0x88 || data[13] != 0xb5) return XDP_PASS;
  seen.increment(data[63]);
  return data[63] == 1 ? XDP_DROP : XDP_PASS;
}
int xdp_pass(struct xdp_md *ctx) { return XDP_PASS; }
`
const load = (text = MARKED): Promise<BPF> => BPF.load({ text, autoAttach: false })
const ETHERTYPE = 0x88b5

/** Marks of the frames that come out at veth1 when frames of these marks are sent into veth0. */
async function through(b: BPF, marks: readonly number[], wait = 3): Promise<number[]> {
  using sender = b.socket("veth0")
  using receiver = b.socket("veth1")
  const got: number[] = []
  const first = receiver.next()
  for (const mark of [...marks, wait]) sendFrame(sender.fd, net.veth0, frame(ETHERTYPE, mark))
  for (let next = await first; !next.done; next = await receiver.next()) {
    if (next.value.protocol !== ETHERTYPE || next.value.direction !== "broadcast") continue
    const mark = next.value.data[63]
    if (mark === wait) break
    got.push(mark)
  }
  return got
}

test("a filter of the clsact qdisc drops what its program says, and both go with the link", { skip }, async () => {
  using b = await load()
  const { egress } = b.tc("veth0")
  const link = egress.attach("drop_ones", { prio: 5, handle: 9 })
  assert.match(link.method, /^tc filter, prio 5, handle 9$/)
  assert.equal(link.place, "tc veth0 egress")
  assert.deepEqual(
    egress.list().map(({ method, kind, name, prio, handle, protocol }) => [method, kind, name, prio, handle, protocol]),
    [["filter", "bpf", "drop_ones", 5, 9, 3]],
  )
  assert.deepEqual(await through(b, [1, 2, 1, 4]), [2, 4])
  link.detach()
  assert.deepEqual(egress.list(), [])
  assert.ok(!listQdiscs(sys(), net.veth0).some(({ kind }) => kind === "clsact"))
  assert.deepEqual(await through(b, [1, 2]), [1, 2])
})

test("filters are asked by priority, replaced and updated, and removed by what list() tells", { skip }, async () => {
  using b = await load()
  const { egress } = b.tc("veth0")
  egress.attach("next", { prio: 1 })
  const link = egress.attach("pass", { prio: 2, handle: 1 })
  assert.throws(() => egress.attach("drop_ones", { prio: 2, handle: 1 }), { code: "NETLINK_REFUSED" })
  assert.deepEqual(await through(b, [1, 2]), [1, 2])
  assert.equal(b.table<number, bigint>("seen").get(2), 2n)
  link.update(b.program("drop_ones", { type: "sched_cls" }))
  assert.deepEqual(await through(b, [1, 2]), [2])
  egress.attach("pass", { prio: 2, handle: 1, replace: true })
  assert.deepEqual(await through(b, [1, 2]), [1, 2])
  for (const filter of egress.list()) egress.detach(filter)
  assert.deepEqual(egress.list(), [])
  assert.ok(!listQdiscs(sys(), net.veth0).some(({ kind }) => kind === "clsact"))
})

const noActions =
  skip || (kernelConfig().includes("# CONFIG_NET_ACT_BPF is not set") && "this kernel was built without act_bpf")

test("an action runs where the program of its filter matches", { skip: noActions }, async () => {
  using b = await load()
  const link = b.tc("veth0").egress.attach("only_twos", { prio: 1, action: "shoot" })
  assert.deepEqual(await through(b, [1, 2, 4, 2]), [1, 4])
  // Each of the twos was seen by the filter's program and by the action's.
  assert.equal(b.table<number, bigint>("seen").get(2), 4n)
  link.detach()
  assert.deepEqual(await through(b, [1, 2]), [1, 2])
})

test("a filter of what comes in sees it", { skip }, async () => {
  using b = await load()
  using _ = b.tc("veth1").ingress.attach("pass", { prio: 1 })
  await through(b, [7, 7])
  assert.equal(b.table<number, bigint>("seen").get(7), 2n)
})

test("a filter of a protocol sees no other", { skip }, async () => {
  using b = await load()
  using _ = b.tc("veth1").ingress.attach("drop_ones", { protocol: 0x0800 })
  assert.deepEqual(await through(b, [1, 2]), [1, 2])
  assert.equal(b.table<number, bigint>("seen").get(1), 0n)
})

test("tcx links run in the order that is asked for", { skip: before("6.6") }, async () => {
  using b = await load()
  const { egress } = b.tc(net.veth0)
  const pass = egress.attach("pass")
  assert.equal(pass.method, "tcx link")
  assert.equal(pass.info?.type, "tcx")
  // `pass` is final, so that what stands behind it sees nothing.
  egress.attach("drop_ones")
  assert.deepEqual(await through(b, [1, 2]), [1, 2])
  egress.attach("next", { before: "all" })
  egress.attach("only_twos", { after: b.program("pass") })
  const order = () => egress.list().map(({ method, name }) => `${method} ${name}`)
  assert.deepEqual(order(), ["tcx next", "tcx pass", "tcx only_twos", "tcx drop_ones"])
  pass.detach()
  egress.attach("pass", { after: "all" })
  assert.deepEqual(order(), ["tcx next", "tcx only_twos", "tcx drop_ones", "tcx pass"])
  assert.deepEqual(await through(b, [1, 2]), [1, 2])
  for (const link of b.links) if (link.program.name === "only_twos") link.detach()
  assert.deepEqual(await through(b, [1, 2]), [2])
  b.detachAll()
  assert.deepEqual(egress.list(), [])
  assert.throws(() => egress.attach("pass", { after: b.program("drop_ones") }), { code: "KERNEL_CALL" })
})

for (const mode of ["generic", "native"] as const) {
  test(`XDP in ${mode} mode drops what its program says`, { skip }, async () => {
    using b = await load()
    const xdp = b.xdp("veth1")
    const link = xdp.attach("xdp_drop_ones", { mode })
    assert.equal(xdp.attached?.mode, mode)
    assert.deepEqual(await through(b, [1, 2, 1, 4]), [2, 4])
    assert.equal(b.table<number, bigint>("seen").get(1), 2n)
    link.update(b.program("xdp_pass", { type: "xdp" }))
    assert.deepEqual(await through(b, [1, 2]), [1, 2])
    assert.throws(() => xdp.attach("xdp_pass", { mode }), { code: "KERNEL_CALL" })
    link.detach()
    assert.equal(xdp.attached, undefined)
  })
}

test("XDP takes a place over by netlink, is removed by name, and leaves another's program alone", {
  skip,
}, async () => {
  using b = await load()
  const xdp = b.xdp("veth1")
  const first = xdp.attach("xdp_drop_ones", { mode: "generic", replace: true })
  assert.equal(first.method, "xdp by netlink")
  assert.deepEqual(await through(b, [1, 2]), [2])
  xdp.attach("xdp_pass", { mode: "generic", replace: true })
  assert.deepEqual(await through(b, [1, 2]), [1, 2])
  first.detach()
  assert.equal(xdp.attached?.mode, "generic")
  b.removeXdp("veth1")
  assert.equal(xdp.attached, undefined)
})

test("a card that has no processor of its own takes no program", { skip }, async () => {
  using b = await load()
  assert.throws(() => b.attachXdp({ fn: "xdp_pass", device: "veth1", mode: "offload" }), {
    code: "NETLINK_REFUSED",
  })
})

test("a raw socket gives the packets that its program lets pass", { skip }, async () => {
  using b = await load()
  using sender = b.socket("veth0")
  using packets = b.attachRawSocket({ fn: "only_twos", device: "veth1" })
  for (const mark of [1, 2, 3, 2]) sendFrame(sender.fd, net.veth0, frame(ETHERTYPE, mark))
  const now = BigInt(Date.now()) * 1_000_000n
  let count = 0
  for await (const packet of packets) {
    assert.deepEqual(packet.data, frame(ETHERTYPE, 2))
    assert.deepEqual(
      [packet.length, packet.device, packet.protocol, packet.direction],
      [64, net.veth1, ETHERTYPE, "broadcast"],
    )
    assert.ok(packet.timestamp > now - 60_000_000_000n && packet.timestamp < now + 60_000_000_000n)
    if (++count === 2) break
  }
  assert.equal(packets.lost, 0)
})

test("a raw socket keeps as many bytes as its program says, and as there is room for", { skip }, async () => {
  using b = await load()
  using sender = b.socket("veth0")
  using cut = b.socket("veth1")
  cut.attach("first_20")
  using small = b.socket("veth1", { snapLength: 30 })
  small.attach("only_twos")
  sendFrame(sender.fd, net.veth0, frame(ETHERTYPE, 2))
  const [one, two] = [(await cut.next()).value, (await small.next()).value]
  assert.deepEqual([one?.data.length, one?.length], [20, 20])
  assert.deepEqual([two?.data.length, two?.length], [30, 64])
})

test("packets that nobody reads are counted as lost", { skip }, async () => {
  using b = await load()
  using sender = b.socket("veth0")
  using packets = b.socket("veth1")
  packets.attach("only_twos")
  const large = frame(ETHERTYPE, 2, 1500)
  for (let i = 0; i < 2000; i++) sendFrame(sender.fd, net.veth0, large)
  assert.ok(packets.lost > 0)
})

const bound = async (socket: Socket, port = 0): Promise<Socket> => {
  socket.bind(port, "127.0.0.1")
  await once(socket, "listening")
  return socket
}

test("a socket of Node gets only what its filter lets pass", { skip }, async () => {
  using b = await load(`int only_long(struct __sk_buff *skb) { return skb->len > 8 + 3 ? -1 : 0; }`)
  const server = await bound(createSocket("udp4"))
  const client = createSocket("udp4")
  try {
    const link = b.attachSocketFilter({ fn: "only_long", socket: server })
    const got: string[] = []
    server.on("message", data => got.push(String(data)))
    const send = (text: string) => client.send(text, server.address().port, "127.0.0.1")
    send("no")
    send("welcome")
    await until(() => got.length >= 1)
    link.detach()
    send("yes")
    await until(() => got.length >= 2)
    assert.deepEqual(got, ["welcome", "yes"])
  } finally {
    server.close()
    client.close()
  }
})

test("a socket of Node has a classic filter, without rights", {
  skip: process.platform !== "linux" && "Linux only",
}, async () => {
  const server = await bound(createSocket("udp4"))
  const client = createSocket("udp4")
  try {
    const long = parseClassic("ld #pktlen\njgt #11 jt take jf drop\ntake: ret #-1\ndrop: ret #0")
    const filter = attachClassicFilter(server, long)
    const got: string[] = []
    server.on("message", data => got.push(String(data)))
    const send = (text: string) => client.send(text, server.address().port, "127.0.0.1")
    send("no")
    send("welcome")
    await until(() => got.length >= 1)
    filter.detach()
    send("yes")
    await until(() => got.length >= 2)
    assert.deepEqual(got, ["welcome", "yes"])
    assert.throws(() => attachClassicFilter(9999, long), { code: "KERNEL_NO_SOCKET" })
    assert.throws(() => attachClassicFilter(server, []), { code: "KERNEL_CALL" })
  } finally {
    server.close()
    client.close()
  }
})

test("a program chooses among the sockets that share a port", { skip }, async () => {
  // The result of a socket filter is the number of the socket: here the second, whatever comes.
  using b = await load(`int second(struct __sk_buff *skb) { return 1; }`)
  const first = await sharingSocket(0)
  const second = await sharingSocket(first.address().port)
  const client = createSocket("udp4")
  try {
    b.program("second", { type: "socket_filter" })
    b.attachReuseport({ fn: "second", socket: first })
    const got = [0, 0]
    first.on("message", () => got[0]++)
    second.on("message", () => got[1]++)
    for (let i = 0; i < 10; i++) client.send(String(i), first.address().port, "127.0.0.1")
    await until(() => got[0] + got[1] >= 10)
    assert.deepEqual(got, [0, 10])
  } finally {
    for (const socket of [first, second, client]) socket.close()
  }
})

test("a program of type sk_reuseport refuses what it will", { skip }, async () => {
  using b = await load(`int nobody(struct sk_reuseport_md *ctx) { return SK_DROP; }`)
  const server = await sharingSocket(0)
  try {
    const link = b.attachReuseport({ fn: "nobody", socket: server })
    assert.equal(await arrives(server, server.address().port), false)
    link.detach()
    assert.equal(await arrives(server, server.address().port), true)
  } finally {
    server.close()
  }
})

/** Sends a datagram to a port of this host until one of the sockets gets it; true when it does within a moment. */
async function arrives(server: Socket, port: number, address = "127.0.0.1"): Promise<boolean> {
  const client = createSocket("udp4")
  client.on("error", () => {})
  const got = once(server, "message").then(() => true)
  await new Promise<void>(resolve => client.send("x", port, address, () => resolve()))
  const arrived = await Promise.race([got, sleep(60).then(() => false)])
  client.close()
  return arrived
}

test("a program takes connections in a network namespace that no socket listens for", {
  skip: before("5.9"),
}, async () => {
  using b = await load(`
    int refuse(struct bpf_sk_lookup *ctx) { return ctx->local_port == 7007 ? SK_DROP : SK_PASS; }
  `)
  const server = await bound(createSocket("udp4"), 7007)
  try {
    assert.equal(await arrives(server, 7007), true)
    const link = b.attachSkLookup({ fn: "refuse" })
    assert.equal(link.info?.type, "netns")
    assert.equal(await arrives(server, 7007), false)
    link.detach()
    assert.equal(await arrives(server, 7007), true)
    const there = b.attachSkLookup({ fn: "refuse", netns: "/proc/thread-self/ns/net" })
    assert.equal(await arrives(server, 7007), false)
    there.detach()
    fails(() => b.attachSkLookup({ fn: "refuse", netns: "/no/such" }), "KERNEL_NO_NETNS")
    fails(() => b.attachSkLookup({ fn: "refuse", netns: "/dev/null" }), "KERNEL_NO_ATTACH")
  } finally {
    server.close()
  }
})

test("a flow dissector is put into a network namespace", { skip: before("5.8") }, async () => {
  using b = await load(`int dissect(struct __sk_buff *skb) { return 0; }`)
  const link = b.attachFlowDissector({ fn: "dissect" })
  assert.equal(link.info?.type, "netns")
  fails(() => b.attachFlowDissector({ fn: "dissect" }), "KERNEL_CALL")
  link.detach()
})

test("a hook of netfilter drops what its program says", { skip: before("6.4") }, async () => {
  using b = await load(`int drop(struct bpf_nf_ctx *ctx) { return 0; }`)
  const server = await bound(createSocket("udp4"))
  try {
    const link = b.attachNetfilter({ fn: "drop", family: "ipv4", hook: "input", priority: -5 })
    assert.equal(await arrives(server, server.address().port), false)
    assert.equal(link.info?.type, "netfilter")
    fails(() => b.attachNetfilter({ fn: "drop", family: "ipv4", hook: "input", priority: -5 }), "KERNEL_CALL")
    link.detach()
    assert.equal(await arrives(server, server.address().port), true)
  } finally {
    server.close()
  }
})

for (const hook of ["out", "xmit"] as const) {
  test(`a route runs a program on its packets, and goes with the link: lwt_${hook}`, { skip }, async () => {
    using b = await load(`
    BPF_ARRAY(count, u64, 1);
    int drop(struct __sk_buff *skb) { count.increment(0); return BPF_DROP; }
  `)
    const client = createSocket("udp4")
    client.on("error", () => {})
    const send = () => new Promise<Error | null>(resolve => client.send("x", 9, "10.77.1.2", error => resolve(error)))
    const link = b.attachRoute({ fn: "drop", prefix: "10.77.0.0/16", device: "lo", hook })
    await send()
    assert.equal(b.table<number, bigint>("count").get(0), 1n)
    fails(() => b.attachRoute({ fn: "drop", prefix: "10.77.0.0/33", device: "lo", hook }), "KERNEL_BAD_ADDRESS")
    link.detach()
    assert.match(String(await send()), /ENETUNREACH/)
    const six = b.attachRoute({ fn: "drop", prefix: "fd77::1:2/96", device: "lo", hook })
    six.detach()
    client.close()
  })
}

test("nothing of all this keeps a descriptor", { skip }, () => assert.deepEqual(bpfDescriptors(), []))

function fails(act: () => unknown, code: string): void {
  assert.throws(act, (error: SkepError) => {
    assert.equal(error.code, code, error.message)
    return true
  })
}

test("a device that is not there", { skip }, async () => {
  using b = await load()
  fails(() => b.tc("veth00").ingress.attach("pass"), "KERNEL_NO_DEVICE")
  fails(() => b.xdp("veth00").attach("xdp_pass"), "KERNEL_NO_DEVICE")
  fails(() => b.socket("veth00"), "KERNEL_NO_DEVICE")
  fails(() => b.socket("veth0", { snapLength: 0 }), "KERNEL_BUFFER_SIZE")
  fails(() => b.attachSocketFilter({ fn: "pass", socket: 0 }), "MACHINE_OTHER_TYPE")
})

test("a socket that is none, and one that is not bound", { skip }, async () => {
  using b = await load()
  fails(() => b.attachSocketFilter({ fn: "only_twos", socket: 9999 }), "KERNEL_NO_SOCKET")
  fails(() => b.attachSocketFilter({ fn: "only_twos", socket: {} }), "BPF_OPTION")
})
