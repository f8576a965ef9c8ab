/**
 * Which helpers the programs of a type may call: names without `bpf_`, separated by spaces. `name/form` is a form of its own (see
 * prototypes.ts), `name@6.13` holds from that kernel on. Sets are made of sets.
 *
 * Source: the `get_func_proto` of each program type, Linux 6.1 to 6.18. The tests beside this compare all of it with the running kernel and
 * with a booted 6.1.
 */

/** For programs of every type. */
const EVERYBODY =
  "map_lookup_elem map_update_elem map_delete_elem map_push_elem map_pop_elem map_peek_elem map_lookup_percpu_elem get_prandom_u32 " +
  "get_smp_processor_id get_numa_node_id tail_call ktime_get_ns ktime_get_boot_ns ktime_get_tai_ns ringbuf_output ringbuf_reserve " +
  "ringbuf_submit ringbuf_discard ringbuf_query strncmp strtol strtoul get_current_pid_tgid@6.10 get_ns_current_pid_tgid@6.10 " +
  "get_current_uid_gid@6.16"

/** For programs of every type whose loader has CAP_BPF. */
const WITH_CAP_BPF =
  "spin_lock spin_unlock jiffies64 per_cpu_ptr this_cpu_ptr timer_init timer_set_callback timer_start timer_cancel kptr_xchg " +
  "for_each_map_elem loop user_ringbuf_drain ringbuf_reserve_dynptr ringbuf_submit_dynptr ringbuf_discard_dynptr dynptr_from_mem " +
  "dynptr_read dynptr_write dynptr_data cgrp_storage_get@6.2 cgrp_storage_delete@6.2 get_current_cgroup_id@6.4 " +
  "get_current_ancestor_cgroup_id@6.4 current_task_under_cgroup@6.16 get_cgroup_classid@6.16"

/** For programs of every type whose loader has CAP_PERFMON, too. */
const WITH_CAP_PERFMON =
  "trace_printk get_current_task get_current_task_btf probe_read_user probe_read_kernel probe_read_user_str probe_read_kernel_str " +
  "snprintf_btf snprintf task_pt_regs trace_vprintk get_current_comm@6.16 perf_event_read@6.16 perf_event_read_value@6.16 " +
  "send_signal@6.16 send_signal_thread@6.16 get_task_stack@6.16 copy_from_user@6.16 copy_from_user_task@6.16 task_storage_get@6.16 " +
  "task_storage_delete@6.16 get_branch_snapshot@6.16 find_vma@6.16"

/** Pointers to sockets, cast to what they are. */
const CASTS =
  "skc_to_tcp6_sock skc_to_tcp_sock skc_to_tcp_timewait_sock skc_to_tcp_request_sock skc_to_udp6_sock skc_to_unix_sock skc_to_mptcp_sock"

/** For programs of the network, beside {@link EVERYBODY}. */
const NET = `${CASTS} ktime_get_coarse_ns`

const LOOKUP = "sk_lookup_tcp sk_lookup_udp sk_release skc_lookup_tcp"
const STORAGE = "sk_storage_get sk_storage_delete"
const SYNCOOKIES =
  "tcp_check_syncookie tcp_gen_syncookie tcp_raw_gen_syncookie_ipv4 tcp_raw_gen_syncookie_ipv6 tcp_raw_check_syncookie_ipv4 " +
  "tcp_raw_check_syncookie_ipv6"

const SOCKET_FILTER = `${NET} skb_load_bytes skb_load_bytes_relative get_socket_cookie get_socket_uid perf_event_output`

const SCHED =
  `${NET} ${LOOKUP} ${STORAGE} ${SYNCOOKIES} skb_store_bytes skb_load_bytes skb_load_bytes_relative skb_pull_data csum_diff csum_update ` +
  "csum_level l3_csum_replace l4_csum_replace clone_redirect get_cgroup_classid/ctx skb_vlan_push skb_vlan_pop skb_change_proto " +
  "skb_change_type skb_adjust_room skb_change_tail skb_change_head skb_get_tunnel_key skb_set_tunnel_key skb_get_tunnel_opt " +
  "skb_set_tunnel_opt redirect redirect_neigh redirect_peer get_route_realm get_hash_recalc set_hash_invalid set_hash " +
  "perf_event_output skb_under_cgroup get_socket_cookie get_netns_cookie@6.13 get_socket_uid fib_lookup check_mtu sk_fullsock " +
  "skb_get_xfrm_state skb_cgroup_classid skb_cgroup_id skb_ancestor_cgroup_id tcp_sock get_listener_sock skb_ecn_set_ce sk_assign " +
  "skb_set_tstamp"

const CGROUP_SKB =
  `${SOCKET_FILTER} ${LOOKUP} ${STORAGE} get_local_storage sk_fullsock skb_cgroup_id skb_ancestor_cgroup_id sk_cgroup_id ` +
  "sk_ancestor_cgroup_id tcp_sock skb_ecn_set_ce get_listener_sock get_netns_cookie@6.15"

const LIGHTWEIGHT_TUNNEL =
  `${NET} skb_load_bytes skb_pull_data csum_diff get_cgroup_classid/ctx get_route_realm get_hash_recalc perf_event_output ` +
  "skb_under_cgroup"

/** For programs of control groups: who the task is. */
const TASK_OF_CGROUP =
  "get_current_uid_gid get_current_comm get_current_cgroup_id get_current_ancestor_cgroup_id get_cgroup_classid get_current_pid_tgid"

const CGROUP_SOCK =
  `${TASK_OF_CGROUP} get_retval set_retval ktime_get_coarse_ns get_local_storage get_socket_cookie get_netns_cookie perf_event_output ` +
  "sk_storage_get/ctx"

const SOCK_ADDR =
  `${NET} ${LOOKUP} ${STORAGE} ${TASK_OF_CGROUP} get_socket_cookie get_netns_cookie get_local_storage perf_event_output setsockopt ` +
  "getsockopt"

const SOCKOPT = `${TASK_OF_CGROUP} ${STORAGE} get_retval set_retval get_local_storage get_netns_cookie tcp_sock perf_event_output`

/** For programs that trace, beside {@link EVERYBODY}. */
const TRACE =
  "get_current_pid_tgid get_current_uid_gid get_current_comm get_current_cgroup_id get_current_ancestor_cgroup_id " +
  "get_ns_current_pid_tgid current_task_under_cgroup probe_read probe_read_str probe_write_user perf_event_read perf_event_read_value " +
  "send_signal send_signal_thread get_task_stack copy_from_user copy_from_user_task task_storage_get task_storage_delete " +
  "get_branch_snapshot find_vma perf_event_output get_stack get_func_ip"

/** What programs with typed arguments (`tracing`, `lsm`, `syscall`) may call. */
const TYPED =
  `${TRACE} ${CASTS} get_stackid get_socket_cookie/sock sk_storage_get/tracing sk_storage_delete/tracing skb_output xdp_output ` +
  "xdp_get_buff_len/tracing d_path sock_from_file"

const LSM = `${TYPED} ${STORAGE} inode_storage_get inode_storage_delete bprm_opts_set ima_inode_hash ima_file_hash`

/** The helpers of the base set by the privilege that they need. */
export const BASE_SETS: Readonly<Record<"none" | "bpf" | "perfmon", string>> = {
  none: EVERYBODY,
  bpf: WITH_CAP_BPF,
  perfmon: WITH_CAP_PERFMON,
}

/**
 * Beside the base set, by program type, and by `type:attach type`, `type:target` and `type:attach type:target`
 * what only programs of that place may call, too; `-name` is what they may not.
 */
export const PROGRAM_SETS: Readonly<Record<string, string>> = {
  socket_filter: `${SOCKET_FILTER} get_netns_cookie@6.15`,
  sched_cls: SCHED,
  sched_act: SCHED,
  xdp:
    `${NET} ${LOOKUP} ${SYNCOOKIES} redirect redirect_map csum_diff perf_event_output fib_lookup check_mtu xdp_adjust_head xdp_adjust_meta ` +
    "xdp_adjust_tail xdp_get_buff_len xdp_load_bytes xdp_store_bytes",
  cgroup_skb: CGROUP_SKB,
  lwt_in: `${LIGHTWEIGHT_TUNNEL} lwt_push_encap`,
  lwt_out: LIGHTWEIGHT_TUNNEL,
  lwt_xmit:
    `${LIGHTWEIGHT_TUNNEL} lwt_push_encap skb_get_tunnel_key skb_set_tunnel_key skb_get_tunnel_opt skb_set_tunnel_opt redirect ` +
    "clone_redirect skb_change_tail skb_change_head skb_store_bytes csum_update csum_level l3_csum_replace l4_csum_replace set_hash_invalid",
  lwt_seg6local: `${LIGHTWEIGHT_TUNNEL.replace("skb_pull_data", "skb_pull_data@6.16")} lwt_seg6_store_bytes lwt_seg6_action lwt_seg6_adjust_srh`,
  sock_ops:
    `${NET} ${STORAGE} setsockopt getsockopt sock_ops_cb_flags_set sock_map_update sock_hash_update get_socket_cookie get_local_storage ` +
    "perf_event_output get_netns_cookie load_hdr_opt store_hdr_opt reserve_hdr_opt tcp_sock",
  sk_skb:
    `${NET} ${LOOKUP} skb_store_bytes skb_load_bytes skb_pull_data skb_change_tail skb_change_head skb_adjust_room get_socket_cookie ` +
    "get_socket_uid sk_redirect_map sk_redirect_hash perf_event_output",
  sk_msg:
    `${NET} ${STORAGE} msg_redirect_map msg_redirect_hash msg_apply_bytes msg_cork_bytes msg_pull_data msg_push_data msg_pop_data ` +
    "perf_event_output get_current_uid_gid get_current_pid_tgid get_netns_cookie get_current_cgroup_id get_current_ancestor_cgroup_id " +
    "get_cgroup_classid",
  sk_lookup: `${NET} perf_event_output sk_assign/sk_lookup sk_release`,
  sk_reuseport: "sk_select_reuseport skb_load_bytes skb_load_bytes_relative get_socket_cookie/sock ktime_get_coarse_ns",
  flow_dissector: `${NET} skb_load_bytes`,
  netfilter: "",
  cgroup_sock: CGROUP_SOCK,
  cgroup_sock_addr: SOCK_ADDR,
  "cgroup_sock_addr:cgroup_inet4_connect": "bind get_retval set_retval",
  "cgroup_sock_addr:cgroup_inet6_connect": "bind get_retval set_retval",
  "cgroup_sock_addr:cgroup_inet4_bind": "get_retval set_retval",
  "cgroup_sock_addr:cgroup_inet6_bind": "get_retval set_retval",
  "cgroup_sock_addr:cgroup_udp4_sendmsg": "get_retval set_retval",
  "cgroup_sock_addr:cgroup_udp6_sendmsg": "get_retval set_retval",
  "cgroup_sock_addr:cgroup_unix_connect": "get_retval set_retval",
  "cgroup_sock_addr:cgroup_unix_sendmsg": "get_retval set_retval",
  cgroup_sockopt: SOCKOPT,
  "cgroup_sockopt:cgroup_setsockopt": "setsockopt/sock getsockopt/sock",
  cgroup_sysctl:
    `${TASK_OF_CGROUP} sysctl_get_name sysctl_get_current_value sysctl_get_new_value sysctl_set_new_value ktime_get_coarse_ns ` +
    "get_local_storage perf_event_output",
  "cgroup_sysctl:cgroup_sysctl": "get_retval set_retval",
  cgroup_device: `${TASK_OF_CGROUP} get_local_storage perf_event_output`,
  "cgroup_device:cgroup_device": "get_retval set_retval",
  lirc_mode2: "rc_repeat rc_keydown rc_pointer_rel",
  kprobe: `${TRACE} get_stackid get_attach_cookie override_return`,
  "kprobe:trace_kprobe_multi": "get_func_ip/multi",
  "kprobe:trace_kprobe_session": "get_func_ip/multi",
  "kprobe:trace_uprobe_multi": "get_func_ip/multi",
  "kprobe:trace_uprobe_session": "get_func_ip/multi",
  tracepoint: `${TRACE} get_stackid get_attach_cookie`,
  perf_event: `${TRACE} get_stackid/perf_event perf_prog_read_value read_branch_records get_attach_cookie`,
  raw_tracepoint: `${TRACE} get_stackid get_attach_cookie@6.10`,
  raw_tracepoint_writable: `${TRACE} get_stackid get_attach_cookie@6.10`,
  tracing: TYPED,
  "tracing:trace_raw_tp": "get_attach_cookie@6.10",
  "tracing:trace_fentry": "get_attach_cookie get_func_arg get_func_ret get_func_arg_cnt",
  "tracing:trace_fexit": "get_attach_cookie get_func_arg get_func_ret get_func_arg_cnt",
  "tracing:modify_return": "get_attach_cookie get_func_arg get_func_ret get_func_arg_cnt",
  "tracing:trace_iter": "seq_printf seq_write seq_printf_btf",
  "tracing:bpf_iter_tcp": "setsockopt/sock getsockopt/sock",
  "tracing:bpf_iter_unix": "setsockopt/sock getsockopt/sock",
  lsm: LSM,
  "lsm:lsm_mac": "get_attach_cookie get_func_arg get_func_ret get_func_arg_cnt",
  "lsm:lsm_cgroup": "get_local_storage get_retval set_retval",
  "lsm:lsm_cgroup:bpf_lsm_sock_graft": "setsockopt/sock getsockopt/sock",
  "lsm:lsm_cgroup:bpf_lsm_inet_csk_clone": "setsockopt/sock getsockopt/sock",
  "lsm:lsm_cgroup:bpf_lsm_inet_conn_established": "setsockopt/sock getsockopt/sock",
  "lsm:lsm_cgroup:bpf_lsm_socket_post_create": "setsockopt/sock getsockopt/sock",
  "lsm:lsm_cgroup:bpf_lsm_socket_socketpair": "setsockopt/sock getsockopt/sock",
  struct_ops: "",
  "struct_ops:tcp_congestion_ops": `${STORAGE} tcp_send_ack setsockopt/sock getsockopt/sock ktime_get_coarse_ns`,
  "struct_ops:tcp_congestion_ops:release": "-setsockopt",
  "struct_ops:sched_ext_ops": "task_storage_get task_storage_delete",
  syscall: `${TYPED} sys_bpf sys_close btf_find_by_name_kind kallsyms_lookup_name`,
}
