// A congestion control for TCP, which sockets choose by its name until the program ends: npm run -s example struct_ops 10
import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "skep"

using b = await BPF.load({
  text: `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
SEC("struct_ops") u32 BPF_PROG(ssthresh, struct sock *sk) { return 4; }
SEC("struct_ops") void BPF_PROG(avoid, struct sock *sk, u32 ack, u32 acked) {}
SEC("struct_ops") u32 BPF_PROG(undo, struct sock *sk) { return 4; }
SEC(".struct_ops") struct tcp_congestion_ops slow = {
  .ssthresh = (void *)ssthresh, .cong_avoid = (void *)avoid, .undo_cwnd = (void *)undo, .name = "bee_slow",
};`,
  autoAttach: false,
})
b.attachStructOps("slow")
console.log(readFileSync("/proc/sys/net/ipv4/tcp_available_congestion_control", "utf8").trim())
await sleep(1000 * Number(process.argv[2] ?? 5))
