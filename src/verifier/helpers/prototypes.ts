/**
 * Prototypes of helpers as the verifier checks calls of them, by number, which starts at 1. How a row is read is told in notation.ts.
 * A name with `/` is another form of the helper above it, which the programs have that name it so in programs.ts; one with `@` holds
 * from that kernel on.
 *
 * Source: `struct bpf_func_proto` of Linux 6.1 to 6.18; the tests beside this ask the running kernel about each argument.
 */
export const PROTOTYPES = `\
map_lookup_elem(map, key) map_value? packet
map_update_elem(map, key, value, any) int packet
map_delete_elem(map, key) int packet
probe_read(out mem, size0, any) int gpl
ktime_get_ns() int
trace_printk(in mem, size) int gpl
get_prandom_u32() int
get_smp_processor_id() int
skb_store_bytes(ctx, any, in mem, size, any) int moves
l3_csum_replace(ctx, any, any, any, any) int moves
l4_csum_replace(ctx, any, any, any, any) int moves
tail_call(ctx, map, any) void
clone_redirect(ctx, any, any) int moves
get_current_pid_tgid() int
get_current_uid_gid() int
get_current_comm(out mem, size) int
get_cgroup_classid() int
get_cgroup_classid/ctx(ctx) int
skb_vlan_push(ctx, any, any) int moves
skb_vlan_pop(ctx) int moves
skb_get_tunnel_key(ctx, out mem, size, any) int
skb_set_tunnel_key(ctx, in mem, size, any) int
perf_event_read(map, any) int gpl
redirect(any, any) int
get_route_realm(ctx) int
perf_event_output(ctx, map, any, in mem, size0) int gpl
skb_load_bytes(ctx, any, out mem, size) int
get_stackid(ctx, map, any) int gpl
get_stackid/perf_event(ctx, map, any) int
csum_diff(in mem?, size0, in mem?, size0, any) int packet
skb_get_tunnel_opt(ctx, out mem, size) int
skb_set_tunnel_opt(ctx, in mem, size) int
skb_change_proto(ctx, any, any) int moves
skb_change_type(ctx, any) int
skb_under_cgroup(ctx, map, any) int
get_hash_recalc(ctx) int
get_current_task() int gpl
probe_write_user(any, in mem, size) int gpl
current_task_under_cgroup(map, any) int
skb_change_tail(ctx, any, any) int moves
skb_pull_data(ctx, any) int moves
csum_update(ctx, any) int
set_hash_invalid(ctx) int
get_numa_node_id() int
skb_change_head(ctx, any, any) int moves
xdp_adjust_head(ctx, any) int moves
probe_read_str(out mem, size0, any) int gpl
get_socket_cookie(ctx) int
get_socket_cookie/sock(btf_sock) int
get_socket_uid(ctx) int
set_hash(ctx, any) int
setsockopt(ctx, any, any, in mem, size) int
setsockopt/sock(btf_sock, any, any, in mem, size) int
skb_adjust_room(ctx, any, any, any) int moves
redirect_map(map, any, any) int
sk_redirect_map(ctx, map, any, any) int
sock_map_update(ctx, map, key, any) int packet
xdp_adjust_meta(ctx, any) int moves
perf_event_read_value(map, any, out mem, size) int gpl
perf_prog_read_value(ctx, out mem, size) int gpl
getsockopt(ctx, any, any, out mem, size) int
getsockopt/sock(btf_sock, any, any, out mem, size) int
override_return(ctx, any) int gpl
sock_ops_cb_flags_set(ctx, any) int
msg_redirect_map(ctx, map, any, any) int
msg_apply_bytes(ctx, any) int
msg_cork_bytes(ctx, any) int
msg_pull_data(ctx, any, any, any) int moves
bind(ctx, in mem, size) int
xdp_adjust_tail(ctx, any) int moves
skb_get_xfrm_state(ctx, any, out mem, size, any) int
get_stack(ctx, out mem, size0, any) int gpl
skb_load_bytes_relative(ctx, any, out mem, size, any) int
fib_lookup(ctx, write mem, size, any) int gpl
sock_hash_update(ctx, map, key, any) int packet
msg_redirect_hash(ctx, map, key, any) int
sk_redirect_hash(ctx, map, key, any) int
lwt_push_encap(ctx, any, in mem, size) int moves
lwt_seg6_store_bytes(ctx, any, in mem, size) int moves
lwt_seg6_adjust_srh(ctx, any, any) int moves
lwt_seg6_action(ctx, any, in mem, size) int moves
rc_repeat(ctx) int gpl
rc_keydown(ctx, any, any, any) int gpl
skb_cgroup_id(ctx) int
get_current_cgroup_id() int
get_local_storage(map, any) map_value
sk_select_reuseport(ctx, map, key, any) int
skb_ancestor_cgroup_id(ctx, any) int
sk_lookup_tcp(ctx, in mem, size, any, any) socket? packet
sk_lookup_tcp@6.18(ctx, in mem, size0, any, any) socket? packet
sk_lookup_udp(ctx, in mem, size, any, any) socket? packet
sk_lookup_udp@6.18(ctx, in mem, size0, any, any) socket? packet
sk_release(release btf_sock) int
map_push_elem(map, value, any) int packet
map_pop_elem(map, out value) int
map_peek_elem(map, out value) int
msg_push_data(ctx, any, any, any) int moves
msg_pop_data(ctx, any, any, any) int moves
rc_pointer_rel(ctx, any, any) int gpl
spin_lock(spin_lock) void
spin_unlock(spin_lock) void
sk_fullsock(sock_common) socket?
tcp_sock(sock_common) tcp_sock?
skb_ecn_set_ce(ctx) int
get_listener_sock(sock_common) socket?
skc_lookup_tcp(ctx, in mem, size, any, any) sock_common? packet
skc_lookup_tcp@6.18(ctx, in mem, size0, any, any) sock_common? packet
tcp_check_syncookie(btf_sock, in mem, size, in mem, size) int gpl packet
sysctl_get_name(ctx, write mem, size, any) int
sysctl_get_current_value(ctx, out mem, size) int
sysctl_get_new_value(ctx, out mem, size) int
sysctl_set_new_value(ctx, in mem, size) int
strtol(in mem, size, any, out mem[8]) int
strtoul(in mem, size, any, out mem[8]) int
sk_storage_get(map, btf_sock, value?, any) map_value?
sk_storage_get/ctx(map, ctx, value?, any) map_value?
sk_storage_get/tracing(map, btf[sock_common]?, value?, any) map_value?
sk_storage_delete(map, btf_sock) int
sk_storage_delete/tracing(map, btf[sock_common]?) int
send_signal(any) int
tcp_gen_syncookie(btf_sock, in mem, size, in mem, size) int gpl packet
skb_output(btf[sk_buff], map, any, in mem, size0) int gpl
probe_read_user(out mem, size0, any) int gpl
probe_read_kernel(out mem, size0, any) int gpl
probe_read_user_str(out mem, size0, any) int gpl
probe_read_kernel_str(out mem, size0, any) int gpl
tcp_send_ack(btf[tcp_sock], any) int
send_signal_thread(any) int
jiffies64() int
read_branch_records(ctx, write mem?, size0, any) int gpl
get_ns_current_pid_tgid(any, any, out mem, size) int
xdp_output(btf[xdp_buff], map, any, in mem, size0) int gpl
get_netns_cookie(ctx?) int
get_current_ancestor_cgroup_id(any) int
sk_assign(ctx, btf_sock, any) int
sk_assign/sk_lookup(ctx, socket?, any) int
ktime_get_boot_ns() int
seq_printf(btf[seq_file], in mem, size, in mem?, size0) int gpl
seq_write(btf[seq_file], in mem, size0) int gpl
sk_cgroup_id(btf_sock) int
sk_ancestor_cgroup_id(btf_sock, any) int
ringbuf_output(map, in mem, size0, any) int
ringbuf_reserve(map, const0, any) record?
ringbuf_submit(release record, any) void
ringbuf_discard(release record, any) void
ringbuf_query(map, any) int
csum_level(ctx, any) int
skc_to_tcp6_sock(btf_sock) btf[tcp6_sock]?
skc_to_tcp_sock(btf_sock) btf[tcp_sock]?
skc_to_tcp_timewait_sock(btf_sock) btf[tcp_timewait_sock]?
skc_to_tcp_request_sock(btf_sock) btf[tcp_request_sock]?
skc_to_udp6_sock(btf_sock) btf[udp6_sock]?
get_task_stack(btf[task_struct], out mem, size0, any) int
load_hdr_opt(ctx, write mem, size, any) int
store_hdr_opt(ctx, in mem, size, any) int moves
reserve_hdr_opt(ctx, any, any) int
inode_storage_get(map, btf[inode]?, value?, any) map_value?
inode_storage_delete(map, btf[inode]?) int
d_path(btf[path], write mem, size0) int
copy_from_user(out mem, size0, any) int sleeps
snprintf_btf(write mem, size, in mem, size, any) int
seq_printf_btf(btf[seq_file], in mem, size0, any) int gpl
skb_cgroup_classid(ctx) int
redirect_neigh(any, in mem?, size0, any) int
per_cpu_ptr(percpu, any) percpu?
this_cpu_ptr(percpu) percpu
redirect_peer(any, any) int
task_storage_get(map, btf[task_struct]?, value?, any) map_value?
task_storage_delete(map, btf[task_struct]?) int
get_current_task_btf() trusted btf[task_struct] gpl
bprm_opts_set(btf[linux_binprm], any) int
ktime_get_coarse_ns() int
ima_inode_hash(btf[inode], out mem, size) int sleeps
sock_from_file(btf[file]) btf[socket]?
check_mtu(ctx, any, write mem[4], any, any) int gpl
for_each_map_elem(map, callback, stack?, any) int
snprintf(write mem?, size0, string, in mem?, size0) int gpl
sys_bpf(any, in mem, size) int
btf_find_by_name_kind(in mem, size, any, any) int sleeps
sys_close(any) int
timer_init(timer, map, any) int gpl
timer_set_callback(timer, callback) int gpl
timer_start(timer, any, any) int gpl
timer_cancel(timer) int gpl
get_func_ip(ctx) int gpl
get_func_ip/multi(ctx) int
get_attach_cookie(ctx) int
task_pt_regs(btf[task_struct]) btf[pt_regs] gpl
get_branch_snapshot(out mem, size0) int gpl
trace_vprintk(in mem, size, in mem?, size0) int gpl
skc_to_unix_sock(btf_sock) btf[unix_sock]?
kallsyms_lookup_name(in mem, size0, any, out mem[8]) int
find_vma(btf[task_struct], any, callback, stack?, any) int
loop(any, callback, stack?, any) int
strncmp(in mem, size, string) int
get_func_arg(ctx, any, out mem[8]) int
get_func_ret(ctx, out mem[8]) int
get_func_arg_cnt(ctx) int
get_retval() int
set_retval(any) int
xdp_get_buff_len(ctx) int
xdp_get_buff_len/tracing(btf[xdp_buff]) int
xdp_load_bytes(ctx, any, out mem, size) int
xdp_store_bytes(ctx, any, in mem, size) int
copy_from_user_task(out mem, size0, any, btf[task_struct]) int gpl sleeps
skb_set_tstamp(ctx, any, any) int
ima_file_hash(btf[file], out mem, size) int sleeps
kptr_xchg(kptr, release btf?) btf?
map_lookup_percpu_elem(map, key, any) map_value? packet
skc_to_mptcp_sock(sock_common) btf[mptcp_sock]?
dynptr_from_mem(out mem, size0, any, out dynptr local) int
ringbuf_reserve_dynptr(map, any, any, out dynptr ringbuf) int
ringbuf_submit_dynptr(release dynptr ringbuf, any) void
ringbuf_discard_dynptr(release dynptr ringbuf, any) void
dynptr_read(out mem, size0, dynptr, any, any) int
dynptr_write(dynptr, any, in mem, size0, any) int
dynptr_data(dynptr, any, const0) slice?
tcp_raw_gen_syncookie_ipv4(in mem[20] loose, in mem, size) int gpl packet
tcp_raw_gen_syncookie_ipv6(in mem[40] loose, in mem, size) int gpl packet
tcp_raw_check_syncookie_ipv4(in mem[20] loose, in mem[20] loose) int gpl packet
tcp_raw_check_syncookie_ipv6(in mem[40] loose, in mem[20] loose) int gpl packet
ktime_get_tai_ns() int
user_ringbuf_drain(map, callback, stack?, any) int
cgrp_storage_get(map, btf[cgroup]?, value?, any) map_value?
cgrp_storage_delete(map, btf[cgroup]?) int`
