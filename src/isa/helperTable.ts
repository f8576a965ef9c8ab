/**
 * Prototypes of every helper, in the order of their numbers, which start at 1 (`enum bpf_func_id`). One a line, as C
 * without the `bpf_` prefix; maps are `void *`, contexts are the structs a program sees (`struct __sk_buff`).
 * Source: the descriptions in include/uapi/linux/bpf.h, Linux 6.18 (no helper was added after 6.2).
 */
export const HELPER_PROTOTYPES = `\
void *map_lookup_elem(void *map, const void *key)
long map_update_elem(void *map, const void *key, const void *value, u64 flags)
long map_delete_elem(void *map, const void *key)
long probe_read(void *dst, u32 size, const void *unsafe_ptr)
u64 ktime_get_ns(void)
long trace_printk(const char *fmt, u32 fmt_size, ...)
u32 get_prandom_u32(void)
u32 get_smp_processor_id(void)
long skb_store_bytes(struct __sk_buff *skb, u32 offset, const void *from, u32 len, u64 flags)
long l3_csum_replace(struct __sk_buff *skb, u32 offset, u64 from, u64 to, u64 size)
long l4_csum_replace(struct __sk_buff *skb, u32 offset, u64 from, u64 to, u64 flags)
long tail_call(void *ctx, void *prog_array_map, u32 index)
long clone_redirect(struct __sk_buff *skb, u32 ifindex, u64 flags)
u64 get_current_pid_tgid(void)
u64 get_current_uid_gid(void)
long get_current_comm(void *buf, u32 size_of_buf)
u32 get_cgroup_classid(struct __sk_buff *skb)
long skb_vlan_push(struct __sk_buff *skb, __be16 vlan_proto, u16 vlan_tci)
long skb_vlan_pop(struct __sk_buff *skb)
long skb_get_tunnel_key(struct __sk_buff *skb, struct bpf_tunnel_key *key, u32 size, u64 flags)
long skb_set_tunnel_key(struct __sk_buff *skb, struct bpf_tunnel_key *key, u32 size, u64 flags)
u64 perf_event_read(void *map, u64 flags)
long redirect(u32 ifindex, u64 flags)
u32 get_route_realm(struct __sk_buff *skb)
long perf_event_output(void *ctx, void *map, u64 flags, void *data, u64 size)
long skb_load_bytes(const void *skb, u32 offset, void *to, u32 len)
long get_stackid(void *ctx, void *map, u64 flags)
s64 csum_diff(__be32 *from, u32 from_size, __be32 *to, u32 to_size, __wsum seed)
long skb_get_tunnel_opt(struct __sk_buff *skb, void *opt, u32 size)
long skb_set_tunnel_opt(struct __sk_buff *skb, void *opt, u32 size)
long skb_change_proto(struct __sk_buff *skb, __be16 proto, u64 flags)
long skb_change_type(struct __sk_buff *skb, u32 type)
long skb_under_cgroup(struct __sk_buff *skb, void *map, u32 index)
u32 get_hash_recalc(struct __sk_buff *skb)
u64 get_current_task(void)
long probe_write_user(void *dst, const void *src, u32 len)
long current_task_under_cgroup(void *map, u32 index)
long skb_change_tail(struct __sk_buff *skb, u32 len, u64 flags)
long skb_pull_data(struct __sk_buff *skb, u32 len)
s64 csum_update(struct __sk_buff *skb, __wsum csum)
void set_hash_invalid(struct __sk_buff *skb)
long get_numa_node_id(void)
long skb_change_head(struct __sk_buff *skb, u32 len, u64 flags)
long xdp_adjust_head(struct xdp_md *xdp_md, int delta)
long probe_read_str(void *dst, u32 size, const void *unsafe_ptr)
u64 get_socket_cookie(void *ctx)
u32 get_socket_uid(struct __sk_buff *skb)
long set_hash(struct __sk_buff *skb, u32 hash)
long setsockopt(void *bpf_socket, int level, int optname, void *optval, int optlen)
long skb_adjust_room(struct __sk_buff *skb, s32 len_diff, u32 mode, u64 flags)
long redirect_map(void *map, u32 key, u64 flags)
long sk_redirect_map(struct __sk_buff *skb, void *map, u32 key, u64 flags)
long sock_map_update(struct bpf_sock_ops *skops, void *map, void *key, u64 flags)
long xdp_adjust_meta(struct xdp_md *xdp_md, int delta)
long perf_event_read_value(void *map, u64 flags, struct bpf_perf_event_value *buf, u32 buf_size)
long perf_prog_read_value(struct bpf_perf_event_data *ctx, struct bpf_perf_event_value *buf, u32 buf_size)
long getsockopt(void *bpf_socket, int level, int optname, void *optval, int optlen)
long override_return(struct pt_regs *regs, u64 rc)
long sock_ops_cb_flags_set(struct bpf_sock_ops *bpf_sock, int argval)
long msg_redirect_map(struct sk_msg_md *msg, void *map, u32 key, u64 flags)
long msg_apply_bytes(struct sk_msg_md *msg, u32 bytes)
long msg_cork_bytes(struct sk_msg_md *msg, u32 bytes)
long msg_pull_data(struct sk_msg_md *msg, u32 start, u32 end, u64 flags)
long bind(struct bpf_sock_addr *ctx, struct sockaddr *addr, int addr_len)
long xdp_adjust_tail(struct xdp_md *xdp_md, int delta)
long skb_get_xfrm_state(struct __sk_buff *skb, u32 index, struct bpf_xfrm_state *xfrm_state, u32 size, u64 flags)
long get_stack(void *ctx, void *buf, u32 size, u64 flags)
long skb_load_bytes_relative(const void *skb, u32 offset, void *to, u32 len, u32 start_header)
long fib_lookup(void *ctx, struct bpf_fib_lookup *params, int plen, u32 flags)
long sock_hash_update(struct bpf_sock_ops *skops, void *map, void *key, u64 flags)
long msg_redirect_hash(struct sk_msg_md *msg, void *map, void *key, u64 flags)
long sk_redirect_hash(struct __sk_buff *skb, void *map, void *key, u64 flags)
long lwt_push_encap(struct __sk_buff *skb, u32 type, void *hdr, u32 len)
long lwt_seg6_store_bytes(struct __sk_buff *skb, u32 offset, const void *from, u32 len)
long lwt_seg6_adjust_srh(struct __sk_buff *skb, u32 offset, s32 delta)
long lwt_seg6_action(struct __sk_buff *skb, u32 action, void *param, u32 param_len)
long rc_repeat(void *ctx)
long rc_keydown(void *ctx, u32 protocol, u64 scancode, u32 toggle)
u64 skb_cgroup_id(struct __sk_buff *skb)
u64 get_current_cgroup_id(void)
void *get_local_storage(void *map, u64 flags)
long sk_select_reuseport(struct sk_reuseport_md *reuse, void *map, void *key, u64 flags)
u64 skb_ancestor_cgroup_id(struct __sk_buff *skb, int ancestor_level)
struct bpf_sock *sk_lookup_tcp(void *ctx, struct bpf_sock_tuple *tuple, u32 tuple_size, u64 netns, u64 flags)
struct bpf_sock *sk_lookup_udp(void *ctx, struct bpf_sock_tuple *tuple, u32 tuple_size, u64 netns, u64 flags)
long sk_release(void *sock)
long map_push_elem(void *map, const void *value, u64 flags)
long map_pop_elem(void *map, void *value)
long map_peek_elem(void *map, void *value)
long msg_push_data(struct sk_msg_md *msg, u32 start, u32 len, u64 flags)
long msg_pop_data(struct sk_msg_md *msg, u32 start, u32 len, u64 flags)
long rc_pointer_rel(void *ctx, s32 rel_x, s32 rel_y)
long spin_lock(struct bpf_spin_lock *lock)
long spin_unlock(struct bpf_spin_lock *lock)
struct bpf_sock *sk_fullsock(struct bpf_sock *sk)
struct bpf_tcp_sock *tcp_sock(struct bpf_sock *sk)
long skb_ecn_set_ce(struct __sk_buff *skb)
struct bpf_sock *get_listener_sock(struct bpf_sock *sk)
struct bpf_sock *skc_lookup_tcp(void *ctx, struct bpf_sock_tuple *tuple, u32 tuple_size, u64 netns, u64 flags)
long tcp_check_syncookie(void *sk, void *iph, u32 iph_len, struct tcphdr *th, u32 th_len)
long sysctl_get_name(struct bpf_sysctl *ctx, char *buf, size_t buf_len, u64 flags)
long sysctl_get_current_value(struct bpf_sysctl *ctx, char *buf, size_t buf_len)
long sysctl_get_new_value(struct bpf_sysctl *ctx, char *buf, size_t buf_len)
long sysctl_set_new_value(struct bpf_sysctl *ctx, const char *buf, size_t buf_len)
long strtol(const char *buf, size_t buf_len, u64 flags, long *res)
long strtoul(const char *buf, size_t buf_len, u64 flags, unsigned long *res)
void *sk_storage_get(void *map, void *sk, void *value, u64 flags)
long sk_storage_delete(void *map, void *sk)
long send_signal(u32 sig)
s64 tcp_gen_syncookie(void *sk, void *iph, u32 iph_len, struct tcphdr *th, u32 th_len)
long skb_output(void *ctx, void *map, u64 flags, void *data, u64 size)
long probe_read_user(void *dst, u32 size, const void *unsafe_ptr)
long probe_read_kernel(void *dst, u32 size, const void *unsafe_ptr)
long probe_read_user_str(void *dst, u32 size, const void *unsafe_ptr)
long probe_read_kernel_str(void *dst, u32 size, const void *unsafe_ptr)
long tcp_send_ack(void *tp, u32 rcv_nxt)
long send_signal_thread(u32 sig)
u64 jiffies64(void)
long read_branch_records(struct bpf_perf_event_data *ctx, void *buf, u32 size, u64 flags)
long get_ns_current_pid_tgid(u64 dev, u64 ino, struct bpf_pidns_info *nsdata, u32 size)
long xdp_output(void *ctx, void *map, u64 flags, void *data, u64 size)
u64 get_netns_cookie(void *ctx)
u64 get_current_ancestor_cgroup_id(int ancestor_level)
long sk_assign(void *ctx, void *sk, u64 flags)
u64 ktime_get_boot_ns(void)
long seq_printf(struct seq_file *m, const char *fmt, u32 fmt_size, const void *data, u32 data_len)
long seq_write(struct seq_file *m, const void *data, u32 len)
u64 sk_cgroup_id(void *sk)
u64 sk_ancestor_cgroup_id(void *sk, int ancestor_level)
long ringbuf_output(void *ringbuf, void *data, u64 size, u64 flags)
void *ringbuf_reserve(void *ringbuf, u64 size, u64 flags)
void ringbuf_submit(void *data, u64 flags)
void ringbuf_discard(void *data, u64 flags)
u64 ringbuf_query(void *ringbuf, u64 flags)
long csum_level(struct __sk_buff *skb, u64 level)
struct tcp6_sock *skc_to_tcp6_sock(void *sk)
struct tcp_sock *skc_to_tcp_sock(void *sk)
struct tcp_timewait_sock *skc_to_tcp_timewait_sock(void *sk)
struct tcp_request_sock *skc_to_tcp_request_sock(void *sk)
struct udp6_sock *skc_to_udp6_sock(void *sk)
long get_task_stack(struct task_struct *task, void *buf, u32 size, u64 flags)
long load_hdr_opt(struct bpf_sock_ops *skops, void *searchby_res, u32 len, u64 flags)
long store_hdr_opt(struct bpf_sock_ops *skops, const void *from, u32 len, u64 flags)
long reserve_hdr_opt(struct bpf_sock_ops *skops, u32 len, u64 flags)
void *inode_storage_get(void *map, void *inode, void *value, u64 flags)
int inode_storage_delete(void *map, void *inode)
long d_path(const struct path *path, char *buf, u32 sz)
long copy_from_user(void *dst, u32 size, const void *user_ptr)
long snprintf_btf(char *str, u32 str_size, struct btf_ptr *ptr, u32 btf_ptr_size, u64 flags)
long seq_printf_btf(struct seq_file *m, struct btf_ptr *ptr, u32 ptr_size, u64 flags)
u64 skb_cgroup_classid(struct __sk_buff *skb)
long redirect_neigh(u32 ifindex, struct bpf_redir_neigh *params, int plen, u64 flags)
void *per_cpu_ptr(const void *percpu_ptr, u32 cpu)
void *this_cpu_ptr(const void *percpu_ptr)
long redirect_peer(u32 ifindex, u64 flags)
void *task_storage_get(void *map, struct task_struct *task, void *value, u64 flags)
long task_storage_delete(void *map, struct task_struct *task)
struct task_struct *get_current_task_btf(void)
long bprm_opts_set(struct linux_binprm *bprm, u64 flags)
u64 ktime_get_coarse_ns(void)
long ima_inode_hash(struct inode *inode, void *dst, u32 size)
struct socket *sock_from_file(struct file *file)
long check_mtu(void *ctx, u32 ifindex, u32 *mtu_len, s32 len_diff, u64 flags)
long for_each_map_elem(void *map, void *callback_fn, void *callback_ctx, u64 flags)
long snprintf(char *str, u32 str_size, const char *fmt, u64 *data, u32 data_len)
long sys_bpf(u32 cmd, void *attr, u32 attr_size)
long btf_find_by_name_kind(char *name, int name_sz, u32 kind, int flags)
long sys_close(u32 fd)
long timer_init(struct bpf_timer *timer, void *map, u64 flags)
long timer_set_callback(struct bpf_timer *timer, void *callback_fn)
long timer_start(struct bpf_timer *timer, u64 nsecs, u64 flags)
long timer_cancel(struct bpf_timer *timer)
u64 get_func_ip(void *ctx)
u64 get_attach_cookie(void *ctx)
long task_pt_regs(struct task_struct *task)
long get_branch_snapshot(void *entries, u32 size, u64 flags)
long trace_vprintk(const char *fmt, u32 fmt_size, const void *data, u32 data_len)
struct unix_sock *skc_to_unix_sock(void *sk)
long kallsyms_lookup_name(const char *name, int name_sz, int flags, u64 *res)
long find_vma(struct task_struct *task, u64 addr, void *callback_fn, void *callback_ctx, u64 flags)
long loop(u32 nr_loops, void *callback_fn, void *callback_ctx, u64 flags)
long strncmp(const char *s1, u32 s1_sz, const char *s2)
long get_func_arg(void *ctx, u32 n, u64 *value)
long get_func_ret(void *ctx, u64 *value)
long get_func_arg_cnt(void *ctx)
int get_retval(void)
int set_retval(int retval)
u64 xdp_get_buff_len(struct xdp_md *xdp_md)
long xdp_load_bytes(struct xdp_md *xdp_md, u32 offset, void *buf, u32 len)
long xdp_store_bytes(struct xdp_md *xdp_md, u32 offset, void *buf, u32 len)
long copy_from_user_task(void *dst, u32 size, const void *user_ptr, struct task_struct *tsk, u64 flags)
long skb_set_tstamp(struct __sk_buff *skb, u64 tstamp, u32 tstamp_type)
long ima_file_hash(struct file *file, void *dst, u32 size)
void *kptr_xchg(void *map_value, void *ptr)
void *map_lookup_percpu_elem(void *map, const void *key, u32 cpu)
struct mptcp_sock *skc_to_mptcp_sock(void *sk)
long dynptr_from_mem(void *data, u32 size, u64 flags, struct bpf_dynptr *ptr)
long ringbuf_reserve_dynptr(void *ringbuf, u32 size, u64 flags, struct bpf_dynptr *ptr)
void ringbuf_submit_dynptr(struct bpf_dynptr *ptr, u64 flags)
void ringbuf_discard_dynptr(struct bpf_dynptr *ptr, u64 flags)
long dynptr_read(void *dst, u32 len, struct bpf_dynptr *src, u32 offset, u64 flags)
long dynptr_write(struct bpf_dynptr *dst, u32 offset, void *src, u32 len, u64 flags)
void *dynptr_data(struct bpf_dynptr *ptr, u32 offset, u32 len)
s64 tcp_raw_gen_syncookie_ipv4(struct iphdr *iph, struct tcphdr *th, u32 th_len)
s64 tcp_raw_gen_syncookie_ipv6(struct ipv6hdr *iph, struct tcphdr *th, u32 th_len)
long tcp_raw_check_syncookie_ipv4(struct iphdr *iph, struct tcphdr *th)
long tcp_raw_check_syncookie_ipv6(struct ipv6hdr *iph, struct tcphdr *th)
u64 ktime_get_tai_ns(void)
long user_ringbuf_drain(void *map, void *callback_fn, void *ctx, u64 flags)
void *cgrp_storage_get(void *map, struct cgroup *cgroup, void *value, u64 flags)
long cgrp_storage_delete(void *map, struct cgroup *cgroup)
`

/** First helper number of each kernel version that added some. */
export const HELPER_VERSIONS: readonly (readonly [first: number, version: string])[] = [
  [1, "3.19"],
  [4, "4.1"],
  [12, "4.2"],
  [17, "4.3"],
  [23, "4.4"],
  [26, "4.5"],
  [27, "4.6"],
  [31, "4.8"],
  [37, "4.9"],
  [42, "4.10"],
  [45, "4.11"],
  [46, "4.12"],
  [48, "4.13"],
  [51, "4.14"],
  [54, "4.15"],
  [58, "4.16"],
  [60, "4.17"],
  [65, "4.18"],
  [81, "4.19"],
  [84, "4.20"],
  [91, "5.0"],
  [93, "5.1"],
  [99, "5.2"],
  [109, "5.3"],
  [110, "5.4"],
  [111, "5.5"],
  [116, "5.6"],
  [119, "5.7"],
  [125, "5.8"],
  [136, "5.9"],
  [142, "5.10"],
  [156, "5.11"],
  [163, "5.12"],
  [164, "5.13"],
  [166, "5.14"],
  [169, "5.15"],
  [176, "5.16"],
  [180, "5.17"],
  [186, "5.18"],
  [194, "5.19"],
  [204, "6.0"],
  [208, "6.1"],
  [210, "6.2"],
]
