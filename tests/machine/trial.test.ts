import assert from "node:assert/strict"
import { test } from "node:test"
import { SkepError } from "../../src/base/index.ts"
import { kernelSnapshot } from "../../src/bpf/host/snapshot.ts"
import { BPF } from "../../src/bpf/index.ts"
import type { TestRunInput } from "../../src/machine/index.ts"
import { ethernet } from "../../src/packets/index.ts"
import { FixedEnvironment, Network, VirtualMachine } from "../../src/vm/index.ts"
import { needsRoot } from "../support/kernel.ts"

const HEAD = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>
char _license[] SEC("license") = "GPL";
`
const types = () => kernelSnapshot().btf
const machine = (jit: boolean): VirtualMachine =>
  new VirtualMachine({
    jit,
    types,
    environment: new FixedEnvironment({ network: new Network({ sockets: [{ protocol: "tcp", port: 80 }] }) }),
  })

/** What trial runs give: results, and numbers of errors. */
async function outcomes(text: string, inputs: readonly TestRunInput[], where: Parameters<typeof BPF.load>[0]) {
  using b = await BPF.load({ ...where, text: HEAD + text, autoAttach: false })
  return inputs.map(input => {
    try {
      const { retval, data, context } = b.program("run").testRun(input)
      return { retval, data: [...data], context: [...context] }
    } catch (error) {
      if (error instanceof SkepError) return error.errno ?? error.code
      throw error
    }
  })
}

/** A program that the kernel runs by itself, too: the same results on the same inputs. */
function alike(what: string, text: string, inputs: readonly TestRunInput[]): void {
  for (const jit of [false, true]) {
    test(`${what}, ${jit ? "as WebAssembly" : "interpreted"}, is as in the kernel`, { skip: needsRoot }, async () => {
      const inKernel = await outcomes(text, inputs, { on: "kernel" })
      assert.deepEqual(await outcomes(text, inputs, { machine: machine(jit) }), inKernel)
    })
  }
}

/** Bytes of a struct of 32-bit words, at their offsets. */
function words(size: number, at: Readonly<Record<number, number>>): Uint8Array {
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  for (const [offset, word] of Object.entries(at)) view.setUint32(Number(offset), word, true)
  return bytes
}

const tcp = ethernet().ipv4().tcp({ destinationPort: 80 }).payload(30).bytes()
const udp6 = ethernet().ipv6().udp({ destinationPort: 53 }).payload(30).bytes()
const short = tcp.slice(0, 20)

alike(
  "a flow dissector",
  `SEC("flow_dissector") int run(struct __sk_buff *skb) {
    struct bpf_flow_keys *keys = skb->flow_keys;
    struct iphdr *ip = (void *)(long)skb->data + 14;
    u32 word = 7;
    if ((void *)(ip + 1) > (void *)(long)skb->data_end || keys->n_proto != bpf_htons(0x800)) { keys->thoff = 9; return 2; }
    keys->flow_label = bpf_skb_load_bytes(skb, 14, &word, 4) + word;
    keys->addr_proto = 0x800; keys->ip_proto = ip->protocol; keys->ipv4_src = ip->saddr; keys->ipv4_dst = ip->daddr;
    keys->thoff = keys->nhoff + (ip->ihl << 2); keys->nhoff = keys->flags ? 5 : 2000; keys->sport = skb->data_end - skb->data;
    return 0;
  }`,
  [
    { data: tcp },
    { data: udp6, repeat: 3 },
    { data: short },
    { data: tcp, context: words(56, { 48: 3 }) },
    { data: tcp, context: words(56, { 0: 1 }) },
    { data: tcp, context: words(60, { 56: 1 }) },
    { data: tcp.slice(0, 10) },
    {},
  ],
)

alike(
  "a socket lookup",
  `SEC("sk_lookup") int run(struct bpf_sk_lookup *c) {
    if (c->family == 2 && c->remote_ip4 == bpf_htonl(0x0a000001) && c->local_port == 80 && c->remote_port == bpf_htons(7)) return SK_PASS;
    if (c->family == 10 && c->remote_ip6[3] == 5 && c->protocol == 17 && c->ingress_ifindex == 0 && !c->sk) return SK_PASS;
    return SK_DROP;
  }`,
  [
    { context: words(72, { 8: 2, 12: 6, 16: 0x0100000a, 36: 0x700, 60: 80 }) },
    { context: words(72, { 8: 2, 12: 6, 16: 0x0200000a, 36: 0x700, 60: 80 }) },
    { context: words(72, { 8: 10, 12: 17, 32: 5 }) },
    { context: words(72, { 8: 10, 12: 17, 16: 9 }) },
    { context: words(72, { 8: 1 }) },
    { context: words(72, { 8: 2, 60: 70000 }) },
    { context: words(72, { 8: 2, 0: 1 }) },
    { context: words(72, { 8: 2, 64: 1 }) },
    { context: words(64, { 8: 2, 12: 6 }), repeat: 2 },
    { context: words(76, { 8: 2, 72: 1 }) },
    { data: tcp, context: words(72, { 8: 2 }) },
    {},
  ],
)

alike(
  "a hook of netfilter",
  `extern int bpf_dynptr_from_skb(struct __sk_buff *skb, u64 flags, struct bpf_dynptr *p) __ksym;
  extern void *bpf_dynptr_slice(const struct bpf_dynptr *p, u32 offset, void *buffer, u32 size) __ksym;
  SEC("netfilter") int run(struct bpf_nf_ctx *ctx) {
    const struct nf_hook_state *state = ctx->state;
    struct bpf_dynptr p; u8 buffer[20];
    if (bpf_dynptr_from_skb((struct __sk_buff *)ctx->skb, 0, &p)) return NF_DROP;
    u8 *head = bpf_dynptr_slice(&p, 0, buffer, sizeof buffer);
    if (!head) return NF_DROP;
    return (head[0] ^ state->hook ^ state->pf) & 1;
  }`,
  [
    { data: tcp },
    { data: udp6 },
    { data: short },
    { data: tcp, context: Uint8Array.of(0, 2) },
    { data: tcp, context: Uint8Array.of(1, 2), repeat: 4 },
    { data: udp6, context: Uint8Array.of(2, 10) },
    { data: udp6, context: Uint8Array.of(4, 2) },
    { data: short, context: Uint8Array.of(0, 2) },
    { data: ethernet({ type: 0x1234 }).payload(60).bytes(), context: Uint8Array.of(0, 2) },
    { data: tcp, context: Uint8Array.of(9, 2) },
    { data: tcp, context: Uint8Array.of(0, 7) },
    { data: tcp, context: Uint8Array.of(0, 2, 1) },
    { data: tcp, context: words(48, { 8: 1 }) },
    { data: tcp, context: words(56, { 52: 1 }) },
    {},
  ],
)

/** A program that the kernel does not run by itself: what it leaves. */
function leaves(what: string, text: string, input: TestRunInput, expected: unknown): void {
  test(what, async () => {
    for (const jit of [false, true])
      assert.deepEqual(await outcomes(text, [input], { machine: machine(jit) }), [expected])
  })
}

leaves(
  "a message of a socket: its data are read, cut and changed",
  `SEC("sk_msg") int run(struct sk_msg_md *m) {
    if (bpf_msg_pull_data(m, 2, 6, 0)) return SK_DROP;
    u8 *d = m->data;
    if (d + 4 > (u8 *)m->data_end) return SK_DROP;
    d[0] = m->remote_port; bpf_msg_apply_bytes(m, 4);
    return m->size == 9 ? SK_PASS : SK_DROP;
  }`,
  { context: words(80, { 60: 0x77, 68: 9 }), data: Uint8Array.of(1, 2, 3, 4, 5, 6) },
  { retval: 1, data: [1, 2, 0x77, 4, 5, 6], context: [...words(80, { 60: 0x77, 68: 9 })] },
)

leaves(
  "an event of a connection: the reply, and the callbacks that are asked for",
  `SEC("sockops") int run(struct bpf_sock_ops *o) {
    if (o->op != 4) return 0;
    o->reply = o->args[0] + bpf_sock_ops_cb_flags_set(o, 0x103);
    return 1;
  }`,
  { context: words(224, { 0: 4, 4: 5, 72: 1 }) },
  { retval: 1, data: [], context: [...words(224, { 0: 4, 4: 0x105, 72: 1, 84: 3 })] },
)

leaves(
  "options of a socket, as the program has set them",
  `SEC("sockops") int run(struct bpf_sock_ops *o) {
    char name[8] = "reno", found[8]; int on = 1, mark = 5;
    o->reply = bpf_getsockopt(o, 6, 13, found, sizeof found);
    if (bpf_setsockopt(o, 6, 13, name, 5) || bpf_setsockopt(o, 1, 36, &on, sizeof on)) return 0;
    if (bpf_getsockopt(o, 6, 13, found, sizeof found) || bpf_getsockopt(o, 1, 36, &mark, sizeof mark)) return 0;
    return found[0] == 'r' && !found[5] && mark == 1;
  }`,
  { context: words(224, { 0: 4 }) },
  { retval: 1, data: [], context: [...words(224, { 0: 4, 4: -92 >>> 0 })] },
)

leaves(
  "a program that changes where a socket connects to",
  `SEC("cgroup/connect4") int run(struct bpf_sock_addr *a) { if (a->user_port != bpf_htons(80)) return 0; a->user_ip4 = bpf_htonl(0x7f000001); a->user_port = bpf_htons(8080); return a->family == 2; }`,
  { context: words(72, { 0: 2, 4: 0x0100000a, 24: 0x5000, 28: 2 }) },
  { retval: 1, data: [], context: [...words(72, { 0: 2, 4: 0x0100007f, 24: 0x901f, 28: 2 })] },
)

leaves(
  "an option of a socket: its value and its length",
  `SEC("cgroup/getsockopt") int run(struct bpf_sockopt *o) {
    u8 *v = o->optval;
    if (v + 1 > (u8 *)o->optval_end || o->level != 41) return 0;
    v[0]++; o->optlen = 1; o->retval = 0;
    return 1;
  }`,
  { context: words(40, { 24: 41, 32: 4, 36: -22 }), data: Uint8Array.of(9, 9) },
  { retval: 1, data: [10, 9], context: [...words(40, { 24: 41, 32: 1 })] },
)

leaves(
  "a device, and the error that a program wants instead of its own",
  `SEC("cgroup/dev") int run(struct bpf_cgroup_dev_ctx *c) { if (bpf_set_retval(-30)) return 0; return c->major == 1 && bpf_get_retval() == -30; }`,
  { context: words(12, { 0: 0x20002, 4: 1, 8: 3 }) },
  { retval: 1, data: [], context: [...words(12, { 0: 0x20002, 4: 1, 8: 3 })] },
)

leaves(
  "registers of a kprobe",
  `SEC("kprobe/do_exit") int run(struct pt_regs *ctx) { return PT_REGS_PARM1(ctx) + PT_REGS_PARM2(ctx); }`,
  { context: words(168, { 112: 30, 104: 4 }) },
  { retval: 34, data: [], context: [...words(168, { 112: 30, 104: 4 })] },
)

leaves(
  "what has no data is given none",
  'SEC("cgroup/dev") int run(struct bpf_cgroup_dev_ctx *c) { return 1; }',
  { data: tcp },
  22,
)
