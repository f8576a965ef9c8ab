import type { Env } from "../env.ts"

/** Names that the parameter of a global function has when it takes the program's context. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  socket_filter: ["__sk_buff"],
  sched_cls: ["__sk_buff"],
  sched_act: ["__sk_buff"],
  cgroup_skb: ["__sk_buff"],
  lwt_in: ["__sk_buff"],
  lwt_out: ["__sk_buff"],
  lwt_xmit: ["__sk_buff"],
  lwt_seg6local: ["__sk_buff"],
  sk_skb: ["__sk_buff"],
  flow_dissector: ["__sk_buff"],
  xdp: ["xdp_md"],
  cgroup_sock: ["bpf_sock"],
  cgroup_sock_addr: ["bpf_sock_addr"],
  sock_ops: ["bpf_sock_ops"],
  sk_msg: ["sk_msg_md"],
  cgroup_device: ["bpf_cgroup_dev_ctx"],
  cgroup_sysctl: ["bpf_sysctl"],
  cgroup_sockopt: ["bpf_sockopt"],
  sk_reuseport: ["sk_reuseport_md"],
  sk_lookup: ["bpf_sk_lookup"],
  lirc_mode2: ["lirc_mode2"],
  netfilter: ["bpf_nf_ctx"],
  kprobe: ["bpf_user_pt_regs_t", "pt_regs", "user_pt_regs"],
  perf_event: ["bpf_perf_event_data", "bpf_user_pt_regs_t"],
  raw_tracepoint: ["bpf_raw_tracepoint_args", "u64", "__u64"],
  raw_tracepoint_writable: ["bpf_raw_tracepoint_args", "u64", "__u64"],
}

/** Names of the context's type of the program. */
export const contextNames = (env: Env): readonly string[] => NAMES[env.programType] ?? []
