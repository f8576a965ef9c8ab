import { mkdirSync, rmdirSync } from "node:fs"
import type { BPF, Link, RawSocket } from "../../src/bpf/index.ts"
import { kernelAtLeast, mounts } from "../../src/kernel/index.ts"
import { needsRoot } from "../support/kernel.ts"
import { ownNetwork } from "../support/network.ts"

/** A kind of place, and how a program that does nothing is put there. Nothing of it is seen by other processes. */
export interface CycledKind {
  readonly name: string
  /** Text of the program; its function is `f`. */
  readonly text: string
  /** Why this kernel has no such place; false where it has. */
  readonly skip?: string | false
  attach(b: BPF): Link | RawSocket | undefined
}

const EMPTY = "int f(void *ctx) { return 0; }"
const LIBBPF = '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\nchar _license[] SEC("license") = "GPL";\n'
const BUFFERS = `
BPF_RINGBUF_OUTPUT(ring, 2);
BPF_PERF_OUTPUT(perf);
BPF_HASH(counts, u32, u64);
struct event { u64 at; };
int f(void *ctx) {
  struct event e = { 1 };
  ring.ringbuf_output(&e, sizeof(e), 0);
  perf.perf_submit(ctx, &e, sizeof(e));
  counts.increment(1);
  return 0;
}`
/** A function of the C library in this process, which nothing in Node calls. */
const OWN = { library: "c", symbol: "getpgid", pid: process.pid, fn: "f" } as const

const older = (version: string): string | false => !kernelAtLeast(version) && `it came with Linux ${version}`

/**
 * Every kind of place that the machine's own kernel is known to have, in a network namespace and a control group of their own. Kinds that
 * are not in this list (kprobes, trampolines, security hooks) are tried in the booted kernel.
 */
export function cycledKinds(): { readonly kinds: readonly CycledKind[]; end(): void } {
  if (needsRoot !== false) return { kinds: [], end() {} }
  ownNetwork()
  const [cgroup2] = mounts("cgroup2")
  const group = `${cgroup2}/skep-cycles-${process.pid}`
  if (cgroup2 !== undefined) mkdirSync(group)
  const noGroup = cgroup2 === undefined && "no cgroup2 is mounted"
  const kinds: CycledKind[] = [
    {
      name: "loaded only",
      text: `${LIBBPF}SEC("socket") int f(struct __sk_buff *skb) { return 0; }`,
      attach: () => undefined,
    },
    {
      name: "raw tracepoint",
      text: EMPTY,
      attach: b => b.attachRawTracepoint({ event: "sched_process_exit", fn: "f" }),
    },
    {
      name: "tracepoint",
      text: EMPTY,
      attach: b => b.attachTracepoint({ event: "syscalls:sys_enter_getpgid", fn: "f" }),
    },
    {
      name: "typed tracepoint",
      text: `${LIBBPF}SEC("tp_btf/sched_process_exit") int f(u64 *ctx) { return 0; }`,
      attach: b => b.attachTpBtf({ fn: "f" }),
    },
    {
      name: "iterator",
      text: `${LIBBPF}SEC("iter/bpf_map") int f(struct bpf_iter__bpf_map *ctx) { return 0; }`,
      attach: b => void b.program("f").iterate().close(),
    },
    { name: "uprobe", text: EMPTY, attach: b => b.attachUprobe(OWN) },
    { name: "uretprobe", text: EMPTY, attach: b => b.attachUretprobe(OWN) },
    {
      name: "many uprobes",
      text: EMPTY,
      skip: older("6.6"),
      attach: b => b.attachUprobe({ library: "c", symbolRe: /^getp[gp]id$/, pid: process.pid, fn: "f" }),
    },
    {
      name: "perf event",
      text: EMPTY,
      attach: b => b.attachPerfEvent({ event: "cpu-clock", period: 1_000_000_000, pid: process.pid, fn: "f" }),
    },
    {
      name: "buffers",
      text: BUFFERS,
      attach(b) {
        b.onEvents("ring", () => {})
        b.onEvents("perf", () => {})
        return b.attachRawTracepoint({ event: "sched_process_exit", fn: "f" })
      },
    },
    {
      name: "socket filter",
      text: "int f(struct __sk_buff *skb) { return -1; }",
      attach: b => b.attachRawSocket({ fn: "f", device: "veth0" }),
    },
    {
      name: "filter of traffic control",
      text: "int f(struct __sk_buff *skb) { return 0; }",
      attach: b => b.tc("veth0").egress.attach("f", { method: "filter" }),
    },
    {
      name: "link of traffic control",
      text: "int f(struct __sk_buff *skb) { return 0; }",
      skip: older("6.6"),
      attach: b => b.tc("veth0").ingress.attach("f", { method: "tcx" }),
    },
    { name: "xdp", text: "int f(struct xdp_md *ctx) { return XDP_PASS; }", attach: b => b.xdp("veth0").attach("f") },
    {
      name: "control group",
      text: `${LIBBPF}SEC("cgroup/connect4") int f(struct bpf_sock_addr *ctx) { return 1; }`,
      skip: noGroup,
      attach: b => b.cgroup(group).attach("f"),
    },
    {
      name: "control group without a link",
      text: `${LIBBPF}SEC("cgroup/connect4") int f(struct bpf_sock_addr *ctx) { return 1; }`,
      skip: noGroup,
      attach: b => b.cgroup(group).attach("f", { mode: "multi" }),
    },
    {
      name: "map of sockets",
      text: `${LIBBPF}struct { __uint(type, BPF_MAP_TYPE_SOCKMAP); __uint(max_entries, 2); __type(key, u32); __type(value, u32); } sockets SEC(".maps");
SEC("sk_skb/stream_verdict") int f(struct __sk_buff *skb) { return 1; }`,
      attach: b => b.sockmap("sockets").attach("f"),
    },
    {
      name: "socket lookup",
      text: `${LIBBPF}SEC("sk_lookup") int f(struct bpf_sk_lookup *ctx) { return 1; }`,
      attach: b => b.attachSkLookup({ fn: "f" }),
    },
    {
      name: "table of operations",
      text: `${LIBBPF}SEC("struct_ops") u32 ssthresh(u64 *ctx) { return 4; }
SEC("struct_ops") void avoid(u64 *ctx) { }
SEC("struct_ops") u32 undo(u64 *ctx) { return 4; }
SEC(".struct_ops") struct tcp_congestion_ops control = {
  .ssthresh = (void *)ssthresh, .cong_avoid = (void *)avoid, .undo_cwnd = (void *)undo, .name = "skep_${process.pid % 100_000}",
};`,
      attach: b => b.attachStructOps("control"),
    },
    {
      name: "netfilter",
      text: `${LIBBPF}SEC("netfilter") int f(struct bpf_nf_ctx *ctx) { return 1; }`,
      skip: older("6.4"),
      attach: b => b.attachNetfilter({ fn: "f", family: "ipv4", hook: "output", priority: 5 }),
    },
  ]
  const end = (): void => {
    if (cgroup2 !== undefined) rmdirSync(group)
  }
  return { kinds, end }
}
