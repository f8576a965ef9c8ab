import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, rmdirSync } from "node:fs"
import { resolve } from "node:path"
import { test } from "node:test"
import { kernelAtLeast, mounts } from "../../src/kernel/index.ts"
import { fileWith, skep } from "../support/cli.ts"
import { kernel, needsRoot } from "../support/kernel.ts"
import { frame, ownNetwork, sendFrame } from "../support/network.ts"

const skip = needsRoot
const net = skip ? undefined : ownNetwork()

interface Live {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program with functions attached to places, does something once all are, and ends it. */
async function attached(text: string, places: readonly string[], act: () => void): Promise<Live> {
  const args = places.flatMap(place => ["--attach", place])
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(process.execPath, [resolve("dist/skep.js"), "run", ...args, fileWith("places.c", text)], { env })
  let [stdout, stderr] = ["", ""]
  const all = new Promise<void>(done => {
    child.stderr.on("data", data => {
      stderr += data
      if (stderr.split("attached ").length > places.length) done()
    })
    child.on("exit", () => done())
  })
  child.stdout.on("data", data => (stdout += data))
  await all
  act()
  child.kill("SIGINT")
  const [status] = await once(child, "close")
  return { status, stdout, stderr }
}

const PACKETS = `
BPF_ARRAY(seen, u64, 8);
int cls(struct __sk_buff *skb) { seen.increment(1); return TC_ACT_UNSPEC; }
int coming(struct __sk_buff *skb) { seen.increment(2); return TC_ACT_UNSPEC; }
int early(struct xdp_md *ctx) { seen.increment(3); return XDP_PASS; }
int raw(struct __sk_buff *skb) { seen.increment(4); return 0; }
int verdict(struct bpf_nf_ctx *ctx) { return 1; }
int routed(struct __sk_buff *skb) { return BPF_OK; }
int choose(struct bpf_sk_lookup *ctx) { return SK_PASS; }
int dissect(struct __sk_buff *skb) { return 0; }
`

test("--attach takes the places of a network", { skip }, async () => {
  const link = (form: string, version: string): string[] => (kernelAtLeast(version) ? [form] : [])
  const places = [
    "tc:veth0:egress=cls",
    "tc:veth1=coming",
    "xdp:veth1:generic=early",
    "socket:veth1=raw",
    ...link("netfilter:ipv4:input:-7=verdict", "6.4"),
    "route:10.66.0.0/16:lo:out=routed",
    "sk_lookup:this=choose",
    "flow_dissector:/proc/self/ns/net=dissect",
  ]
  const { status, stdout, stderr } = await attached(PACKETS, places, () => {
    using sender = kernel().network.packets({ device: "veth0" })
    sendFrame(sender.fd, net?.veth0 ?? 0, frame(0x88b5, 1))
  })
  assert.equal(status, 0, stderr)
  assert.match(stderr, /^attached cls: tc veth0 egress \(tc/m)
  assert.match(stderr, /^attached coming: tc veth1 ingress \(tc/m)
  assert.match(stderr, /^attached early: xdp veth1 generic \(xdp link\)/m)
  assert.match(stderr, /^attached raw: socket /m)
  assert.match(stderr, /^attached routed: route 10\.66\.0\.0\/16/m)
  assert.match(stderr, /^attached choose: sk_lookup/m)
  assert.match(stderr, /^attached dissect: flow_dissector/m)
  if (kernelAtLeast("6.4")) assert.match(stderr, /^attached verdict: netfilter ipv4 input -7/m)
  for (const slot of [1, 2, 3, 4]) assert.match(stdout, new RegExp(`^ +${slot} +[1-9]`, "m"))
})

const SOCKETS = `
BPF_SOCKMAP(sockets, 4);
int connects(struct bpf_sock_addr *ctx) { return 1; }
int goes(struct bpf_sock_ops *ctx) { return 1; }
int forward(struct __sk_buff *skb) { return SK_PASS; }
int says(struct sk_msg_md *msg) { return SK_PASS; }
`
const [cgroup2] = skip ? [] : mounts("cgroup2")

test("--attach takes control groups and maps of sockets", {
  skip: skip || (cgroup2 === undefined && "no cgroup2 is mounted"),
}, async () => {
  // The colon belongs to the folder's name, and only what stands behind it is a hook.
  const group = `${cgroup2}/skep:cli-${process.pid}`
  mkdirSync(group)
  try {
    const places = [
      `cgroup:${group}:connect4=connects`,
      `cgroup:${group}:sock_ops=goes`,
      "sockmap:sockets:stream_verdict=forward",
      "sockmap:sockets:msg=says",
    ]
    const { status, stderr } = await attached(SOCKETS, places, () => {})
    assert.equal(status, 0, stderr)
    assert.ok(stderr.includes(`attached connects: cgroup ${group} connect4 (cgroup link)`), stderr)
    assert.ok(stderr.includes(`attached goes: cgroup ${group} sock_ops`), stderr)
    assert.match(stderr, /^attached forward: sockmap sockets stream_verdict/m)
    assert.match(stderr, /^attached says: sockmap sockets msg/m)
    const section = fileWith(
      "section.c",
      `${SECTION}SEC("cgroup/bind4") int f(struct bpf_sock_addr *ctx) { return 1; }`,
    )
    const ran = skep(["run", "--attach", `cgroup:${group}`, "--duration", "0.1", section])
    assert.equal(ran.status, 0, ran.stderr)
    const wrong = skep(["run", "--attach", `cgroup:${group}:conect4=connects`, fileWith("places.c", SOCKETS)])
    assert.equal(wrong.status, 1)
    assert.match(wrong.stderr, /control groups have no place named conect4/)
  } finally {
    rmdirSync(group)
  }
})

const SECTION = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
`
const ITERATORS = `${SECTION}
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __type(key, int); __type(value, long); } counts SEC(".maps");
SEC("iter/bpf_map_elem") int elements(struct bpf_iter__bpf_map_elem *ctx) {
  if (ctx->key && ctx->value) BPF_SEQ_PRINTF(ctx->meta->seq, "%d: %ld\\n", *(int *)ctx->key, *(long *)ctx->value);
  return 0;
}
SEC("?tp_btf/sys_enter") int BPF_PROG(entered, struct pt_regs *regs, long id) { return 0; }
`

test("--attach shows what an iterator writes, and ends where there is nothing else", { skip }, () => {
  const file = fileWith("iterators.c", ITERATORS)
  const ran = skep(["run", "--attach", "iter:bpf_map_elem:counts", "--no-trace", file])
  assert.equal(ran.status, 0, ran.stderr)
  assert.match(ran.stdout, /^0: 0\n1: 0\n\ncounts/)
  const beside = ["--attach", "iter:bpf_map_elem:counts=elements", "--attach", "tp_btf:sys_enter=entered"]
  const json = skep(["run", "--json", ...beside, "--duration", "0.1", file])
  assert.equal(json.status, 0, json.stderr)
  assert.match(json.stderr, /^attached entered: tp_btf sys_enter/m)
  assert.deepEqual(JSON.parse(json.stdout.split("\n")[0]), { type: "iterator", text: "0: 0\n1: 0\n" })
})

function refused(place: string, message: RegExp): void {
  test(`--attach ${place} is no such place`, { skip }, () => {
    const ran = skep(["run", "--attach", place, fileWith("packets.c", PACKETS)])
    assert.ok(ran.status === 1 || ran.status === 2, ran.stderr)
    assert.match(ran.stderr, message)
  })
}
refused("tc:veth7=cls", /no network device veth7|KERNEL_NO_DEVICE/)
refused("netfilter:ipv5:input=verdict", /'ipv5' is no family of netfilter\nhint: it is one of ipv4, ipv6/)
refused("netfilter:ipv4:inputs=verdict", /'inputs' is no hook of netfilter\nhint: it is one of prerouting/)
refused("netfilter:ipv4:input:x=verdict", /'x' is no priority/)
refused("route:lo:out=routed", /'route:lo:out' names no route/)
refused("iter:task=cls", /no function 'cls'|KERNEL/)
