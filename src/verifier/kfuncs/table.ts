/**
 * The kernel's functions that programs may call: which programs, from which kernel on, and what their flags say.
 *
 *     function = name [ ":" flags ] [ "@" kernel ]
 *
 * Flags, a letter each: `A` acquires what it returns, `R` releases its argument, `N` may return null, `T` takes trusted pointers only,
 * `U` takes pointers that are trusted or read under RCU, `S` may sleep, `P` only inside of an RCU read section, `D` may destroy what runs,
 * `i` `x` `d` begin, advance and end an iterator.
 *
 * Source: the `BTF_KFUNCS_START` sets of Linux 6.1 to 6.18; the tests beside this ask the running kernel who may call what.
 */

/** A set of functions that are registered together. */
export interface KfuncSet {
  /** Who may call them: names of {@link HOOKS}. */
  readonly hooks: string
  /** Only programs whose place, `type/attach type/target`, is like this. */
  readonly only?: RegExp
  readonly functions: string
}

/** What kinds of programs functions are registered for, by program type; `common` are all. `tracepoint@6.10`: since that kernel. */
export const HOOKS: Readonly<Record<string, string>> = {
  xdp: "xdp",
  sched_cls: "sched_cls",
  struct_ops: "struct_ops",
  tracing: "tracing lsm tracepoint@6.10 perf_event@6.11",
  syscall: "syscall",
  cgroup:
    "cgroup_skb@6.3 cgroup_sock@6.12 cgroup_device@6.12 cgroup_sock_addr@6.7 cgroup_sockopt@6.12 cgroup_sysctl@6.12 sock_ops@6.12",
  sched_act: "sched_act@6.4",
  sk_skb: "sk_skb@6.4",
  socket_filter: "socket_filter@6.4",
  lwt: "lwt_in@6.4 lwt_out@6.4 lwt_xmit@6.4 lwt_seg6local@6.4",
  netfilter: "netfilter@6.5",
  kprobe: "kprobe@6.10",
}

const GENERIC =
  "bpf_obj_new_impl:AN@6.2 bpf_percpu_obj_new_impl:AN@6.7 bpf_obj_drop_impl:R@6.2 bpf_percpu_obj_drop_impl:R@6.7 " +
  "bpf_refcount_acquire_impl:ANU@6.4 bpf_list_push_front_impl@6.2 bpf_list_push_back_impl@6.2 bpf_list_pop_front:AN@6.2 " +
  "bpf_list_pop_back:AN@6.2 bpf_list_front:N@6.16 bpf_list_back:N@6.16 bpf_task_acquire:AUN@6.2 bpf_task_release:R@6.2 " +
  "bpf_rbtree_remove:AN@6.3 bpf_rbtree_add_impl@6.3 bpf_rbtree_first:N@6.3 bpf_rbtree_root:N@6.16 bpf_rbtree_left:N@6.16 " +
  "bpf_rbtree_right:N@6.16 bpf_cgroup_acquire:AUN@6.2 bpf_cgroup_release:R@6.2 bpf_cgroup_ancestor:AUN@6.3 bpf_cgroup_from_id:AN@6.4 " +
  "bpf_task_under_cgroup:U@6.5 bpf_task_get_cgroup1:AUN@6.8 bpf_task_from_pid:AN@6.2 bpf_task_from_vpid:AN@6.14 bpf_throw@6.7 " +
  "bpf_send_signal_task:T@6.13"

const KEYS = "bpf_key_put:R bpf_lookup_system_key:AN bpf_lookup_user_key:ANS bpf_verify_pkcs7_signature:S"

const COMMON =
  "bpf_cast_to_kern_ctx@6.2 bpf_rdonly_cast@6.2 bpf_rcu_read_lock@6.2 bpf_rcu_read_unlock@6.2 bpf_dynptr_slice:N@6.4 " +
  "bpf_dynptr_slice_rdwr:N@6.4 bpf_iter_num_new:i@6.4 bpf_iter_num_next:xN@6.4 bpf_iter_num_destroy:d@6.4 bpf_iter_task_vma_new:iU@6.7 " +
  "bpf_iter_task_vma_next:xN@6.7 bpf_iter_task_vma_destroy:d@6.7 bpf_iter_css_task_new:iT@6.7 bpf_iter_css_task_next:xN@6.7 " +
  "bpf_iter_css_task_destroy:d@6.7 bpf_iter_css_new:iTP@6.7 bpf_iter_css_next:xN@6.7 bpf_iter_css_destroy:d@6.7 " +
  "bpf_iter_task_new:iTP@6.7 bpf_iter_task_next:xN@6.7 bpf_iter_task_destroy:d@6.7 bpf_dynptr_adjust@6.5 bpf_dynptr_is_null@6.5 " +
  "bpf_dynptr_is_rdonly@6.5 bpf_dynptr_size@6.5 bpf_dynptr_clone@6.5 bpf_dynptr_copy@6.16 bpf_dynptr_memset@6.17 " +
  "bpf_modify_return_test_tp@6.10 bpf_wq_init@6.10 bpf_wq_set_callback_impl@6.10 bpf_wq_start@6.10 bpf_preempt_disable@6.10 " +
  "bpf_preempt_enable@6.10 bpf_iter_bits_new:i@6.11 bpf_iter_bits_next:xN@6.11 bpf_iter_bits_destroy:d@6.11 " +
  "bpf_copy_from_user_str:S@6.12 bpf_copy_from_user_task_str:S@6.15 bpf_get_kmem_cache@6.13 bpf_iter_kmem_cache_new:iS@6.13 " +
  "bpf_iter_kmem_cache_next:xNS@6.13 bpf_iter_kmem_cache_destroy:dS@6.13 bpf_local_irq_save@6.14 bpf_local_irq_restore@6.14 " +
  "bpf_probe_read_user_dynptr@6.16 bpf_probe_read_kernel_dynptr@6.16 bpf_probe_read_user_str_dynptr@6.16 " +
  "bpf_probe_read_kernel_str_dynptr@6.16 bpf_copy_from_user_dynptr:S@6.16 bpf_copy_from_user_str_dynptr:S@6.16 " +
  "bpf_copy_from_user_task_dynptr:ST@6.16 bpf_copy_from_user_task_str_dynptr:ST@6.16 bpf_iter_dmabuf_new:iS@6.17 " +
  "bpf_iter_dmabuf_next:xNS@6.17 bpf_iter_dmabuf_destroy:dS@6.17 __bpf_trap@6.17 bpf_strcmp@6.17 bpf_strcasecmp@6.18 bpf_strchr@6.17 " +
  "bpf_strchrnul@6.17 bpf_strnchr@6.17 bpf_strrchr@6.17 bpf_strlen@6.17 bpf_strnlen@6.17 bpf_strspn@6.17 bpf_strcspn@6.17 " +
  "bpf_strstr@6.17 bpf_strnstr@6.17 bpf_stream_vprintk_impl:T@6.17 bpf_cgroup_read_xattr:U@6.17 bpf_task_work_schedule_signal_impl:T@6.18 " +
  "bpf_task_work_schedule_resume_impl:T@6.18 bpf_map_sum_elem_count:T@6.6 bpf_arena_alloc_pages:TS@6.9 bpf_arena_free_pages:TS@6.9 " +
  "bpf_arena_reserve_pages:TS@6.17 bpf_res_spin_lock:N@6.15 bpf_res_spin_unlock@6.15 bpf_res_spin_lock_irqsave:N@6.15 " +
  "bpf_res_spin_unlock_irqrestore@6.15 bpf_xdp_metadata_rx_timestamp:T@6.3 bpf_xdp_metadata_rx_hash:T@6.3 bpf_xdp_metadata_rx_vlan_tag:T@6.8"

const CPUMASK =
  "bpf_cpumask_create:AN@6.3 bpf_cpumask_release:R@6.3 bpf_cpumask_acquire:AT@6.3 bpf_cpumask_first:U@6.3 bpf_cpumask_first_zero:U@6.3 " +
  "bpf_cpumask_first_and:U@6.5 bpf_cpumask_set_cpu:U@6.3 bpf_cpumask_clear_cpu:U@6.3 bpf_cpumask_test_cpu:U@6.3 " +
  "bpf_cpumask_test_and_set_cpu:U@6.3 bpf_cpumask_test_and_clear_cpu:U@6.3 bpf_cpumask_setall:U@6.3 bpf_cpumask_clear:U@6.3 " +
  "bpf_cpumask_and:U@6.3 bpf_cpumask_or:U@6.3 bpf_cpumask_xor:U@6.3 bpf_cpumask_equal:U@6.3 bpf_cpumask_intersects:U@6.3 " +
  "bpf_cpumask_subset:U@6.3 bpf_cpumask_empty:U@6.3 bpf_cpumask_full:U@6.3 bpf_cpumask_copy:U@6.3 bpf_cpumask_any_distribute:U@6.5 " +
  "bpf_cpumask_any_and_distribute:U@6.5 bpf_cpumask_weight:U@6.8 bpf_cpumask_populate:U@6.15"

const CONNTRACK =
  "bpf_xdp_ct_alloc:AN bpf_xdp_ct_lookup:AN bpf_skb_ct_alloc:AN bpf_skb_ct_lookup:AN bpf_ct_insert_entry:ANR bpf_ct_release:R " +
  "bpf_ct_set_timeout:T bpf_ct_change_timeout:T bpf_ct_set_status:T bpf_ct_change_status:T bpf_ct_set_nat_info:T"

const CONGESTION_CONTROL =
  "tcp_reno_ssthresh tcp_reno_cong_avoid tcp_reno_undo_cwnd tcp_slow_start tcp_cong_avoid_ai cubictcp_init cubictcp_recalc_ssthresh " +
  "cubictcp_cong_avoid cubictcp_state cubictcp_cwnd_event cubictcp_acked dctcp_init dctcp_update_alpha dctcp_cwnd_event dctcp_ssthresh " +
  "dctcp_cwnd_undo dctcp_state bbr_init bbr_main bbr_sndbuf_expand bbr_undo_cwnd bbr_cwnd_event bbr_ssthresh bbr_min_tso_segs bbr_set_state"

const TEST = "bpf_kfunc_call_test_release:R bpf_kfunc_call_memb_release:R"

/** Functions of modules that the kernel's selftests build, and of older kernels that had them themselves. */
const OLDER_TEST =
  "bpf_kfunc_call_test1 bpf_kfunc_call_test2 bpf_kfunc_call_test3 bpf_kfunc_call_test4 bpf_kfunc_call_test_acquire:AN " +
  "bpf_kfunc_call_memb_acquire:AN bpf_kfunc_call_memb1_release:R bpf_kfunc_call_test_get_rdwr_mem:N bpf_kfunc_call_test_get_rdonly_mem:N " +
  "bpf_kfunc_call_test_acq_rdonly_mem:AN bpf_kfunc_call_int_mem_release:R bpf_kfunc_call_test_pass_ctx bpf_kfunc_call_test_pass1 " +
  "bpf_kfunc_call_test_pass2 bpf_kfunc_call_test_fail1 bpf_kfunc_call_test_fail2 bpf_kfunc_call_test_fail3 " +
  "bpf_kfunc_call_test_mem_len_pass1 bpf_kfunc_call_test_mem_len_fail1 bpf_kfunc_call_test_mem_len_fail2 bpf_kfunc_call_test_ref:T " +
  "bpf_kfunc_call_test_destructive:D"

const FILES =
  "bpf_get_task_exe_file:ATN@6.12 bpf_put_file:R@6.12 bpf_path_d_path:T@6.12 bpf_get_dentry_xattr:ST@6.12 bpf_get_file_xattr:ST@6.8 " +
  "bpf_set_dentry_xattr:ST@6.15 bpf_remove_dentry_xattr:ST@6.15"

export const KFUNC_SETS: readonly KfuncSet[] = [
  { hooks: "tracing sched_cls xdp struct_ops syscall cgroup", functions: GENERIC },
  { hooks: "tracing sched_cls xdp struct_ops syscall cgroup", functions: KEYS },
  { hooks: "common", functions: COMMON },
  { hooks: "tracing struct_ops syscall", functions: CPUMASK },
  { hooks: "xdp sched_cls", functions: CONNTRACK },
  { hooks: "struct_ops", functions: CONGESTION_CONTROL },
  { hooks: "sched_cls tracing syscall", functions: TEST },
  { hooks: "sched_cls tracing syscall", functions: OLDER_TEST },
  { hooks: "tracing", only: /^lsm/, functions: FILES },
  {
    hooks: "tracing",
    functions: "css_rstat_updated@6.16 css_rstat_flush:S@6.16 cgroup_rstat_updated cgroup_rstat_flush:S",
  },
  { hooks: "tracing", only: /trace_iter/, functions: "bpf_sock_destroy:T@6.5" },
  {
    hooks: "kprobe",
    only: /session/,
    functions: "bpf_session_is_return@6.10 bpf_session_cookie@6.10",
  },
  { hooks: "cgroup", functions: "bpf_sock_addr_set_sun_path@6.7 bpf_sock_ops_enable_tx_tstamp:T@6.15" },
  { hooks: "sched_cls", functions: "bpf_sk_assign_tcp_reqsk:T@6.9" },
  {
    hooks: "xdp",
    functions:
      "bpf_dynptr_from_xdp@6.4 bpf_xdp_pull_data@6.18 bpf_xdp_get_xfrm_state:ANT@6.8 bpf_xdp_xfrm_state_release:R@6.8",
  },
  {
    hooks: "sched_cls sched_act sk_skb socket_filter cgroup lwt netfilter tracing",
    functions: "bpf_dynptr_from_skb:T@6.4",
  },
  { hooks: "sched_cls sched_act", functions: "bpf_dynptr_from_skb_meta:T@6.18" },
  {
    hooks: "syscall",
    functions: "bpf_crypto_ctx_create:ANS@6.10 bpf_crypto_ctx_release:R@6.10 bpf_crypto_ctx_acquire:AUN@6.10",
  },
  { hooks: "sched_cls sched_act xdp", functions: "bpf_crypto_encrypt:U@6.10 bpf_crypto_decrypt:U@6.10" },
]
