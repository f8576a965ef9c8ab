/**
 * What a snapshot of a kernel's types keeps: what programs that trace, filter and route name. Everything that these types are made of is kept
 * with them, and what their pointers lead to, to a depth.
 */

const words = (text: string): string[] => text.trim().split(/\s+/)

/** Structs and unions that programs read, by topic. */
const RECORDS = new Set(
  words(`
    task_struct thread_info thread_struct cred user_struct user_namespace pid pid_namespace upid nsproxy mnt_namespace uts_namespace ipc_namespace
    net time_namespace cgroup_namespace cgroup css_set cgroup_subsys_state signal_struct sighand_struct sigpending kernel_siginfo kernel_clone_args
    mm_struct vm_area_struct vm_fault page folio zone pglist_data mem_cgroup address_space linux_binprm rlimit audit_context seccomp
    rq cfs_rq rt_rq dl_rq sched_entity sched_avg sched_statistics task_group cpumask kmem_cache slab reclaim_state oom_control compact_control
    file file_operations inode inode_operations dentry dentry_operations qstr path vfsmount mount super_block file_system_type fs_struct
    files_struct fdtable fown_struct kiocb iov_iter iovec kvec kstat iattr open_how filename nameidata renamedata mnt_idmap file_lock
    file_lock_core pipe_inode_info eventpoll epitem poll_table_struct seq_file proc_dir_entry writeback_control readahead_control
    bio bio_vec bvec_iter request request_queue gendisk block_device blk_mq_hw_ctx blk_mq_ctx blk_mq_queue_data buffer_head bdi_writeback
    backing_dev_info elevator_queue hd_geometry scatterlist
    device device_driver bus_type class kobject module irq_desc irqaction softirq_action tasklet_struct work_struct delayed_work workqueue_struct
    pool_workqueue worker worker_pool timer_list hrtimer hrtimer_cpu_base clock_event_device rcu_head wait_queue_entry wait_queue_head mutex
    rw_semaphore semaphore completion spinlock rwlock_t tty_struct tty_driver tty_port console
    sock sock_common socket socket_wq proto proto_ops inet_sock inet_connection_sock inet_timewait_sock inet_request_sock request_sock tcp_sock
    tcp_request_sock tcp_timewait_sock tcp_options_received tcp_skb_cb tcp_congestion_ops udp_sock raw_sock raw6_sock tcp6_sock udp6_sock unix_sock
    netlink_sock packet_sock sk_psock msghdr scm_cookie ubuf_info cmsghdr sockaddr sockaddr_in sockaddr_in6 sockaddr_un sockaddr_storage
    sockaddr_ll sk_buff skb_shared_info sk_buff_head sk_filter net_device netdev_queue napi_struct softnet_data packet_type neighbour neigh_table
    dst_entry rtable rt6_info fib_info fib_result flowi flowi4 flowi6 xfrm_state ethhdr iphdr ipv6hdr tcphdr udphdr icmphdr icmp6hdr arphdr
    vlan_hdr vlan_ethhdr iphdr_opt nf_conn nf_conntrack_tuple nf_hook_state sctphdr ip_esp_hdr bonding bpf_sock_ops_kern sk_msg
    pt_regs user_pt_regs user_regs_struct trace_event_raw_sys_enter trace_event_raw_sys_exit trace_entry ftrace_regs perf_event perf_event_attr
    perf_sample_data perf_branch_entry kprobe kretprobe uprobe ring_buffer_event timespec64 __kernel_timespec __kernel_old_timespec
    __kernel_sock_timeval timeval itimerspec64 stat statfs kstatfs statx rusage utsname new_utsname sysinfo sched_param sched_attr sembuf shmid_kernel
    kern_ipc_perm kvm kvm_vcpu virtio_device virtqueue virtio_driver swap_info_struct crypto_tfm lsm_prop linux_dirent64 linux_dirent clone_args
    io_kiocb io_ring_ctx ctl_table fs_context super_operations export_operations xattr_handler posix_acl lock_class_key
  `),
)

/** Records of BPF itself: contexts, maps, iterators, what its functions take. */
const BPF_RECORD = /^(__)?(bpf_|btf_|sk_reuseport_|xdp_|__sk_buff|sk_msg_md|trace_event_raw_)/

/** Functions that programs attach to, and those that they may call. */
const FUNCTIONS = new RegExp(
  `^(${words(`
    vfs_ do_sys_ ksys_ kernel_clone kernel_read kernel_write kernel_wait __x64_sys_ do_ security_ bpf_ cap_ generic_file_ ext4_file_ ext4_sync_ ext4_da_write ext4_read xfs_file_
    btrfs_file_ btrfs_sync nfs_file_ filp_ fput fget path_ lookup_ d_ dput dget link_path_walk iterate_dir notify_change touch_atime file_update
    filemap_ folio_ mark_ add_to_page __page page_ balance_dirty submit_bio bio_ blk_ __blk_ blkdev_ __submit_bio block_ elv_ wbt_ md_ scsi_ nvme_
    try_to_ wake_ ttwu schedule __schedule finish_task sched_ account_ exit_ begin_new_exec search_binary load_elf_ copy_ release_task
    __set_task_comm set_task_comm oom_ out_of_memory shrink_ kswapd try_to_free compact_ fragmentation handle_mm __handle_mm handle_pte
    alloc_pages __alloc_pages free_pages __free_pages kmem_ kmalloc __kmalloc kfree kvmalloc vmalloc mmap_ mprotect expand_ brk should_fail
    mutex_ __mutex down_ up_ rwsem_ __down_ tcp_ __tcp_ udp udp_ udpv6_ __udp ip_ __ip_ ip6_ ipv6_ inet_ inet6_ __inet icmp_ arp_ sock_ __sock_
    sk_ __sk skb_ __skb kfree_skb consume_skb dev_ __dev_ netif_ __netif napi_ net_rx net_tx eth_ nf_ ipt_ neigh_ fib_ unix_ __scm scm_ sys_
    tty_ pty_ n_tty cgroup_ css_ signal_ __send_signal send_signal get_signal group_send kill_ force_sig tracehook ptrace_ futex_ ep_ poll_
    hrtimer_ run_timer call_timer __do_softirq handle_softirqs handle_irq __handle_irq tasklet_ __queue_work queue_work process_one_work worker_
    call_rcu virtqueue_ virtio_ mount_ attach_ umount ksm_ uprobe_ ovl_ audit_ mntns_ create_new_ switch_task unshare_ setns
    get_page_from migrate_ load_balance dequeue_ enqueue_ pick_next set_task cpu_startup cpuidle_ clockevents_
    tick_ get_cpu module_ load_module init_module  random_ get_random urandom_ pipe_ splice_ do_splice sendfile
  `).join("|")})`,
)

/** Functions that match but that nobody traces: they run when the kernel starts, or are made by its macros. */
const NOT_TRACED =
  /^(__bpf_trace|__probestub|__do_sys|__se_|trace_event_|trace_raw|perf_trace|event_)|_init$|_setup$|_show$|_store$|_exit$/

const TYPEDEFS = /^(btf_trace_|bpf_)/

/** Enumerations that no member has for its type, though members hold their values. */
const ENUMS = new Set(
  words(`
    iter_type zone_type zone_watermarks zone_stat_item node_stat_item numa_stat_item vm_event_item lru_list migratetype pid_type compact_result
    compact_priority skb_drop_reason req_op req_flag_bits rq_end_io_ret mq_rq_state softirq tk_offsets hrtimer_mode hrtimer_restart
    tcp_ca_state tcp_chrono inet_csk_ack_state_t sock_flags sock_shutdown_cmd nf_inet_hooks netdev_tx umh_types kmalloc_cache_type
    trace_flag_type perf_type_id perf_sw_ids perf_hw_id sched_tunable_scaling cpu_idle_type fault_flag vm_fault_reason oom_constraint
    lockdown_reason lsm_event audit_state fsnotify_data_type file_time_flags rw_hint migrate_mode writeback_sync_modes wb_reason
    rtnetlink_groups rt_scope_t rt_class_t
  `),
)

/** Enumerations without a name are known by their first enumerator. */
const ENUMERATORS =
  /^(BPF_|XDP_|TCP|SOCK_|IPPROTO|AF_|NF_|NFPROTO|NETDEV|TC_ACT|SKB|SK_|HRTIMER|PERF_|ZONE_|NR_|MM_|PIDTYPE|SEC_|REQ_|RQF|BIO_|DCACHE|MNT_|IORING_|FUTEX|CLONE|SCTP|ETH_|INET_DIAG|ICMP)/

/** Whether a type is one to begin with; an enumeration without a name by that of its first enumerator. */
export function isRoot(kind: string, name: string): boolean {
  switch (kind) {
    case "struct":
    case "union":
      return RECORDS.has(name) || BPF_RECORD.test(name)
    case "typedef":
      return TYPEDEFS.test(name)
    case "func":
      return FUNCTIONS.test(name) && !NOT_TRACED.test(name)
    case "decl_tag":
      return name === "bpf_kfunc"
    case "enum":
    case "enum64":
      return ENUMS.has(name) || BPF_RECORD.test(name) || ENUMERATORS.test(name)
    default:
      return false
  }
}

/** Categories of tracepoints whose formats are kept. */
export const CATEGORIES: readonly string[] = words(`
  alarmtimer block bpf_test_run bpf_trace bridge btrfs capability cgroup compaction csd cpuhp dev devlink exceptions ext4 fib fib6 filelock filemap
  huge_memory icmp io_uring ipi irq irq_vectors jbd2 kmem kvm lock maple_tree migrate mmap mmap_lock module mptcp msr napi neigh net netlink nmi
  oom page_isolation page_pool pagemap percpu power preemptirq printk qdisc random ras raw_syscalls rcu readahead rseq sched scsi signal skb sock
  swiotlb syscalls task tcp thp timer tlb udp vmalloc vmscan vsock vsyscall wbt workqueue writeback xdp nvme nfs sunrpc
`)
