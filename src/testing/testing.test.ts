import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { kernel, needsRoot } from "../../tests/support/kernel.ts"
import { BPF } from "../bpf/index.ts"
import { contextBytes } from "./context.ts"
import {
  assertPacket,
  assertVerdict,
  assertVerifies,
  ethernet,
  matchers,
  type RunResult,
  testProgram,
} from "./index.ts"
import { TestProgram } from "./program.ts"

const text = `
#include <uapi/linux/bpf.h>
#include <uapi/linux/pkt_cls.h>
BPF_HASH(ports, u16, u64);
int drop_dns(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  struct ethhdr *eth = data;
  struct iphdr *ip = data + sizeof(*eth);
  struct udphdr *udp = (void *)(ip + 1);
  if ((void *)(udp + 1) > end || ip->protocol != 17)
    return XDP_PASS;
  u16 port = ntohs(udp->dest);
  ports.increment(port);
  return port == 53 ? XDP_DROP : XDP_PASS;
}
int mark(struct __sk_buff *skb) {
  skb->mark = skb->mark + 1;
  bpf_skb_store_bytes(skb, 0, "\\x02\\x02\\x02\\x02\\x02\\x02", 6, 0);
  return TC_ACT_SHOT;
}
`
const dns = ethernet().ipv4().udp({ destinationPort: 53 }).payload("?")

/** The same on both machines. */
function onBoth(name: string, check: (t: TestProgram) => void): void {
  test(`${name}, on the embedded machine`, async () => {
    using t = await testProgram({ text })
    check(t)
  })
  test(`${name}, in the kernel`, { skip: needsRoot }, async () => {
    using t = new TestProgram(await BPF.load({ text, machine: kernel(), autoAttach: false }), kernel())
    check(t)
  })
}

onBoth("verdicts and tables", t => {
  const run = (port: number): RunResult =>
    t.run("drop_dns", { type: "xdp", packet: ethernet().ipv4().udp({ destinationPort: port }) })
  assert.deepEqual([run(53).verdict, run(80).verdict, run(53).verdict], ["drop", "pass", "drop"])
  assertVerdict(t.run("drop_dns", { type: "xdp", packet: ethernet().ipv4().tcp() }), "pass")
  const table = t.bpf.table<number, bigint>("ports")
  assert.deepEqual([table.get(53), table.get(80), table.get(443)], [2n, 1n, undefined])
})

onBoth("packets and contexts that a program changes", t => {
  const result = t.run("mark", { type: "sched_cls", packet: dns, context: { mark: 7 } })
  assertVerdict(result, "shot")
  assertPacket(
    result.packet,
    ethernet({ destination: "02:02:02:02:02:02" }).ipv4().udp({ destinationPort: 53 }).payload("?"),
  )
  assert.equal(new DataView(result.context.buffer, result.context.byteOffset).getUint32(8, true), 8)
})

test("what a program prints can be read", async () => {
  const printing = `int say(struct __sk_buff *skb) { bpf_trace_printk("%d bytes\\n", skb->len); return 0; }`
  using t = await testProgram({ text: printing })
  const lines = t.bpf.trace()
  const { length } = dns.bytes()
  for (const room of [0, 6]) t.run("say", { type: "sched_cls", packet: dns.payload("?".padEnd(1 + room)) })
  const two = [(await lines.next()).value, (await lines.next()).value]
  assert.deepEqual(
    two.map(line => line?.message),
    [`${length} bytes`, `${length + 6} bytes`],
  )
})

describe("assertions say what differs", () => {
  test("packets, field by field", () => {
    assert.throws(
      () => assertPacket(ethernet().ipv4({ ttl: 63 }), ethernet().ipv4({ ttl: 64 })),
      /ipv4\.ttl: 63, expected 64/,
    )
    assertPacket(ethernet().ipv4(), ethernet().ipv4())
  })
  test("verdicts", () => {
    const result = { retval: 1, verdict: "drop", packet: new Uint8Array(0), context: new Uint8Array(0) }
    assert.throws(() => assertVerdict(result, "pass"), /the verdict is 'drop' \(1\), expected 'pass'/)
  })
})

const wrong = `
BPF_HASH(counts, u32, u64);
int kprobe__f(void *ctx) {
  u32 key = 1;
  u64 *count = counts.lookup(&key);
  return *count;
}`

describe("what the verifier says", () => {
  test("a program that it takes", async () => {
    await assertVerifies({ text: "int kprobe__f(void *ctx) { return 0; }" })
    assert.deepEqual((await matchers.toVerify({ text: "int kprobe__f(void *ctx) { return 0; }" })).pass, true)
  })
  test("a program that it refuses", async () => {
    await assert.rejects(
      assertVerifies({ text: wrong }),
      /refused program kprobe__f: .*may be NULL.*\[VM_VERIFIER\]\nwhy: .*\n(.*\n)*hint: test the pointer/,
    )
    const { pass, message } = await matchers.toVerify({ text: wrong })
    assert.equal(pass, false)
    assert.match(message(), /may be NULL/)
  })
  test("a program that does not compile", async () => {
    await assert.rejects(assertVerifies({ text: "int f(" }), /\[C_/)
  })
})

test("matchers for vitest", async () => {
  using t = await testProgram({ text })
  const result = t.run("drop_dns", { type: "xdp", packet: dns })
  assert.equal(matchers.toHaveVerdict(result, "drop").pass, true)
  assert.match(matchers.toHaveVerdict(result, "pass").message(), /'drop' \(1\), expected 'pass'/)
  assert.equal(matchers.toEqualPacket(result.packet, dns).pass, true)
  assert.match(matchers.toEqualPacket(result.packet, dns.payload("!")).message(), /payload/)
})

test("contexts", () => {
  assert.equal(contextBytes("sched_cls", { priority: 5 })[32], 5)
  assert.equal(contextBytes("xdp", { ingress_ifindex: 5 })[12], 5)
  assert.deepEqual([...contextBytes("raw_tracepoint", [1, -1n])].slice(0, 9), [1, 0, 0, 0, 0, 0, 0, 0, 255])
  assert.throws(() => contextBytes("xdp", { mark: 5 }), { code: "TEST_CONTEXT" })
})

test("a packet comes in at a device, on the embedded machine", async () => {
  using t = await testProgram({
    text: `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("xdp") int back(struct xdp_md *c) { return XDP_TX; }
char _license[] SEC("license") = "GPL";`,
  })
  t.bpf.attachXdp({ fn: "back", device: "eth0" })
  const { verdicts, sent } = t.receive("eth0", dns)
  assert.deepEqual(verdicts, [{ place: "xdp eth0", program: "back", verdict: "tx" }])
  assert.deepEqual(sent, [{ device: 2, ingress: false, data: dns.bytes() }])
  assert.equal(t.transmit(2, dns).sent.length, 1)
})
