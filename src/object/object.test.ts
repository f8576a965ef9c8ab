import assert from "node:assert/strict"
import { test } from "node:test"
import { progTypes } from "../isa/index.ts"
import type { ProgramType } from "./index.ts"

/** Every member of the union, which the compiler holds to be complete. */
const TYPES: Record<ProgramType, true> = {
  socket_filter: true,
  kprobe: true,
  sched_cls: true,
  sched_act: true,
  tracepoint: true,
  xdp: true,
  perf_event: true,
  cgroup_skb: true,
  cgroup_sock: true,
  lwt_in: true,
  lwt_out: true,
  lwt_xmit: true,
  sock_ops: true,
  sk_skb: true,
  cgroup_device: true,
  sk_msg: true,
  raw_tracepoint: true,
  cgroup_sock_addr: true,
  lwt_seg6local: true,
  lirc_mode2: true,
  sk_reuseport: true,
  flow_dissector: true,
  cgroup_sysctl: true,
  raw_tracepoint_writable: true,
  cgroup_sockopt: true,
  tracing: true,
  struct_ops: true,
  ext: true,
  lsm: true,
  sk_lookup: true,
  syscall: true,
  netfilter: true,
}

test("program types are those that the kernel numbers, in its order", () => {
  assert.deepEqual(Object.keys(TYPES), progTypes.names())
})
