/** The structure by which functions of the kernel name the context of programs of a type. */
const CONTEXT_STRUCTS: Readonly<Record<string, string>> = {
  socket_filter: "__sk_buff",
  sched_cls: "__sk_buff",
  sched_act: "__sk_buff",
  cgroup_skb: "__sk_buff",
  lwt_in: "__sk_buff",
  lwt_out: "__sk_buff",
  lwt_xmit: "__sk_buff",
  lwt_seg6local: "__sk_buff",
  sk_skb: "__sk_buff",
  flow_dissector: "__sk_buff",
  xdp: "xdp_md",
  cgroup_sock: "bpf_sock",
  cgroup_sock_addr: "bpf_sock_addr",
  sock_ops: "bpf_sock_ops",
  sk_msg: "sk_msg_md",
  sk_reuseport: "sk_reuseport_md",
  sk_lookup: "bpf_sk_lookup",
  cgroup_sockopt: "bpf_sockopt",
  cgroup_sysctl: "bpf_sysctl",
  netfilter: "bpf_nf_ctx",
}

/** Names of the kernel's own structure where functions take that and mean the context. */
const KERNEL_STRUCTS: Readonly<Record<string, string>> = {
  bpf_sock_addr: "bpf_sock_addr_kern",
  bpf_sock_ops: "bpf_sock_ops_kern",
}

/** The structures that stand for the context of a program type in functions' parameters. */
export function contextStructs(type: string): readonly string[] {
  const name = CONTEXT_STRUCTS[type]
  if (name === undefined) return []
  return name in KERNEL_STRUCTS ? [name, KERNEL_STRUCTS[name]] : [name]
}
