import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { kernelAtLeast } from "../../kernel/index.ts"
import { BPF } from "../bpf.ts"

const skip = needsRoot
const name = `skep_${process.pid % 100_000}`

/** A congestion control that never lets more than four segments be under way, and counts the sockets that chose it. */
const program = (section: string): string => `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char _license[] SEC("license") = "GPL";
int chosen = 0;
int asked = 0;
SEC("struct_ops") void BPF_PROG(start, struct sock *sk) { __sync_fetch_and_add(&chosen, 1); }
SEC("struct_ops") u32 BPF_PROG(ssthresh, struct sock *sk) { return 4; }
SEC("struct_ops") void BPF_PROG(avoid, struct sock *sk, u32 ack, u32 acked) { __sync_fetch_and_add(&asked, 1); }
SEC("struct_ops") u32 BPF_PROG(undo, struct sock *sk) { return 4; }
SEC("${section}") struct tcp_congestion_ops control = {
  .init = (void *)start, .ssthresh = (void *)ssthresh, .cong_avoid = (void *)avoid, .undo_cwnd = (void *)undo, .name = "${name}",
};
`

/** Node sets no congestion control of a socket, so Python's sockets talk: 1 MB from one to the other. */
const talk = `
import socket, threading
s = socket.create_server(("127.0.0.1", 0))
def serve():
    c, _ = s.accept()
    while c.recv(65536): pass
t = threading.Thread(target=serve); t.start()
c = socket.socket()
c.setsockopt(socket.IPPROTO_TCP, 13, b"${name}")
c.connect(s.getsockname())
c.sendall(b"x" * 1000000)
c.close(); t.join(); print("sent")
`

/** Global variables that count, as the kernel's map has them. */
const counted = (b: BPF): number[] => {
  const data = b.object.maps.find(map => map.name.startsWith(".bss") || map.name.endsWith(".bss"))!
  const bytes = b.table(data.name).map.lookup(new Uint8Array(4)) as Uint8Array
  return [...new Int32Array(bytes.buffer, bytes.byteOffset, 2)]
}

for (const section of [".struct_ops", ".struct_ops.link"]) {
  const old = section.endsWith("link") && !needsRoot && !kernelAtLeast("6.4") && "links of tables came with Linux 6.4"
  test(`struct_ops: a socket uses the congestion control of ${section}`, { skip: skip || old }, async () => {
    using b = await BPF.load({ text: program(section), autoAttach: false })
    const link = b.attachStructOps("control")
    assert.match(
      readFileSync("/proc/sys/net/ipv4/tcp_available_congestion_control", "utf8"),
      new RegExp(`\\b${name}\\b`),
    )
    const ran = spawnSync("python3", ["-c", talk], { encoding: "utf8" })
    assert.equal(ran.stdout.trim(), "sent", ran.stderr)
    const [one, other] = counted(b)
    assert.ok(one >= 1 && other >= 1, `${one} ${other}`)
    assert.equal(link.method, section.endsWith("link") ? "struct_ops link" : "struct_ops map")
    link.detach()
    assert.doesNotMatch(
      readFileSync("/proc/sys/net/ipv4/tcp_available_congestion_control", "utf8"),
      new RegExp(`\\b${name}\\b`),
    )
  })
}

test("struct_ops: loading attaches the tables, and asking again gives the link there is", { skip }, async () => {
  const available = (): string => readFileSync("/proc/sys/net/ipv4/tcp_available_congestion_control", "utf8")
  {
    using b = await BPF.load({ text: program(".struct_ops") })
    assert.match(available(), new RegExp(`\\b${name}\\b`))
    const [link] = b.links
    assert.equal(b.attachStructOps("control"), link)
    link.detach()
    assert.doesNotMatch(available(), new RegExp(`\\b${name}\\b`))
    assert.equal(b.links.size, 0)
  }
  assert.doesNotMatch(available(), new RegExp(`\\b${name}\\b`))
})

test("struct_ops: a table that is none", { skip }, async () => {
  using b = await BPF.load({ text: "BPF_ARRAY(counts, u64, 1); int f(void *ctx) { return 0; }" })
  assert.throws(() => b.attachStructOps("counts"), { code: "KERNEL_NO_STRUCT_OPS" })
  assert.throws(() => b.attachStructOps("none"), { code: "MACHINE_NO_MAP" })
})
