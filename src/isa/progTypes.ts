import { TypeNames } from "./typeNames.ts"

/**
 * `enum bpf_prog_type`, from 1: the name without BPF_PROG_TYPE_ and the first kernel version that has it.
 * Source: include/uapi/linux/bpf.h, Linux 6.18.
 */
const PROGRAMS =
  "socket_filter 3.19,kprobe 4.1,sched_cls 4.1,sched_act 4.1,tracepoint 4.7,xdp 4.8,perf_event 4.9,cgroup_skb 4.10," +
  "cgroup_sock 4.10,lwt_in 4.10,lwt_out 4.10,lwt_xmit 4.10,sock_ops 4.13,sk_skb 4.14,cgroup_device 4.15,sk_msg 4.17," +
  "raw_tracepoint 4.17,cgroup_sock_addr 4.17,lwt_seg6local 4.18,lirc_mode2 4.18,sk_reuseport 4.19,flow_dissector 4.20," +
  "cgroup_sysctl 5.2,raw_tracepoint_writable 5.2,cgroup_sockopt 5.3,tracing 5.5,struct_ops 5.6,ext 5.6,lsm 5.7," +
  "sk_lookup 5.9,syscall 5.14,netfilter 6.4"

/**
 * `enum bpf_attach_type`, from 0: the name without BPF_ and the first kernel version that has it.
 * Source: include/uapi/linux/bpf.h, Linux 6.18.
 */
const ATTACHMENTS =
  "cgroup_inet_ingress 4.10,cgroup_inet_egress 4.10,cgroup_inet_sock_create 4.10,cgroup_sock_ops 4.13," +
  "sk_skb_stream_parser 4.14,sk_skb_stream_verdict 4.14,cgroup_device 4.15,sk_msg_verdict 4.17,cgroup_inet4_bind 4.17," +
  "cgroup_inet6_bind 4.17,cgroup_inet4_connect 4.17,cgroup_inet6_connect 4.17,cgroup_inet4_post_bind 4.17," +
  "cgroup_inet6_post_bind 4.17,cgroup_udp4_sendmsg 4.18,cgroup_udp6_sendmsg 4.18,lirc_mode2 4.18,flow_dissector 4.20," +
  "cgroup_sysctl 5.2,cgroup_udp4_recvmsg 5.2,cgroup_udp6_recvmsg 5.2,cgroup_getsockopt 5.3,cgroup_setsockopt 5.3," +
  "trace_raw_tp 5.5,trace_fentry 5.5,trace_fexit 5.5,modify_return 5.7,lsm_mac 5.7,trace_iter 5.8," +
  "cgroup_inet4_getpeername 5.8,cgroup_inet6_getpeername 5.8,cgroup_inet4_getsockname 5.8,cgroup_inet6_getsockname 5.8," +
  "xdp_devmap 5.8,cgroup_inet_sock_release 5.9,xdp_cpumap 5.9,sk_lookup 5.9,xdp 5.9,sk_skb_verdict 5.13," +
  "sk_reuseport_select 5.14,sk_reuseport_select_or_migrate 5.14,perf_event 5.15,trace_kprobe_multi 5.18,lsm_cgroup 6.0," +
  "struct_ops 6.4,netfilter 6.4,tcx_ingress 6.6,tcx_egress 6.6,trace_uprobe_multi 6.6,cgroup_unix_connect 6.7," +
  "cgroup_unix_sendmsg 6.7,cgroup_unix_recvmsg 6.7,cgroup_unix_getpeername 6.7,cgroup_unix_getsockname 6.7," +
  "netkit_primary 6.7,netkit_peer 6.7,trace_kprobe_session 6.10,trace_uprobe_session 6.13"

/**
 * `enum bpf_link_type`, from 1: the name without BPF_LINK_TYPE_ and the first kernel version that has it.
 * Source: include/uapi/linux/bpf.h, Linux 6.18.
 */
const LINKS =
  "raw_tracepoint 5.8,tracing 5.8,cgroup 5.8,iter 5.8,netns 5.8,xdp 5.9,perf_event 5.15,kprobe_multi 5.18,struct_ops 5.6," +
  "netfilter 6.4,tcx 6.6,uprobe_multi 6.6,netkit 6.7,sockmap 6.10"

/** Program types by number and by the kernel's name in lower case, without BPF_PROG_TYPE_. */
export const progTypes: TypeNames = new TypeNames(1, PROGRAMS)

/** Attach types by number and by the kernel's name in lower case, without BPF_. */
export const attachTypes: TypeNames = new TypeNames(0, ATTACHMENTS)

/** Kinds of links by number and by the kernel's name in lower case, without BPF_LINK_TYPE_. */
export const linkTypes: TypeNames = new TypeNames(1, LINKS)
