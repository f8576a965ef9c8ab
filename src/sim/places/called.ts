/** Functions of Linux 6.18 that the simulated kernel calls and whose types the snapshot leaves out: kprobes find them, typed places do not. */
const UNTYPED = [
  "__fput",
  "__x64_sys_sync",
  "acct_process",
  "bprm_execve",
  "btrfs_buffered_write",
  "btrfs_unlink",
  "clear_page_erms",
  "compact_zone",
  "copy_mm",
  "do_execveat_common.isra.0",
  "do_exit",
  "ext4_buffered_write_iter",
  "ext4_unlink",
  "fd_install",
  "generic_perform_write",
  "getname_flags",
  "io_schedule",
  "iomap_file_buffered_write",
  "ipcget",
  "load_elf_binary",
  "mmput",
  "noop_fsync",
  "rcu_core",
  "rcu_gp_kthread_wake",
  "seq_read_iter",
  "shmem_file_open",
  "shmem_file_read_iter",
  "shmem_file_write_iter",
  "shmem_unlink",
  "update_process_times",
  "wb_workfn",
  "writeback_sb_inodes",
  "xfs_vn_unlink",
]

/** Functions that kernels of other versions or options have: the simulated one calls them, too. */
const OTHER_KERNELS = [
  "__blk_account_io_start",
  "add_to_page_cache_lru",
  "folio_account_dirtied",
  "should_fail_alloc_page",
  "should_failslab",
  "tcp_drop",
]

/** Functions that programs can be attached to beside those whose types are known. */
export const CALLED: readonly string[] = [...UNTYPED, ...OTHER_KERNELS]
