/**
 * Arguments of tracepoints that may be null, by the number of the argument, from 0. Source: `raw_tp_null_args` of kernel/bpf/btf.c,
 * Linux 6.13 to 6.18.
 */
const MAY_BE_NULL: readonly string[] = [
  "afs_protocol_error cachefiles_lookup cachefiles_unlink cachefiles_rename cachefiles_prep_read cachefiles_mark_active " +
    "cachefiles_mark_failed cachefiles_mark_inactive cachefiles_vfs_error cachefiles_io_error cachefiles_ondemand_open " +
    "cachefiles_ondemand_copen cachefiles_ondemand_close cachefiles_ondemand_read cachefiles_ondemand_cread " +
    "cachefiles_ondemand_fd_write cachefiles_ondemand_fd_release mm_collapse_huge_page_isolate mm_page_alloc mm_page_pcpu_drain " +
    "mm_page_alloc_zone_locked rxrpc_recvdata rxrpc_client xs_stream_read_data tcp_send_reset tmigr_update_events amdgpu_vm_bo_map " +
    "amdgpu_vm_bo_unmap netfs_folioq xfs_defer_create_intent xfs_defer_cancel_list xfs_defer_pending_finish xfs_defer_pending_abort " +
    "xfs_defer_relog_intent xfs_defer_isolate_paused xfs_defer_item_pause xfs_defer_item_unpause xfs_defer_add_item " +
    "xfs_defer_cancel_item xfs_defer_finish_item xfs_inodegc_flush xfs_inodegc_push xfs_inodegc_start xfs_inodegc_stop " +
    "xfs_inodegc_queue xfs_inodegc_throttle xfs_fs_sync_fs xfs_blockgc_start xfs_blockgc_stop xfs_blockgc_worker " +
    "xfs_blockgc_flush_all",
  "sched_pi_setprio afs_make_fs_call afs_make_fs_calli afs_make_fs_call1 afs_make_fs_call2 afs_flock_ev ext4_mballoc_discard " +
    "ext4_mballoc_free posix_lock_inode fcntl_setlk locks_remove_posix flock_lock_inode break_lease_noblock break_lease_block " +
    "break_lease_unblock generic_delete_lease time_out_leases mm_khugepaged_scan_pmd mm_khugepaged_scan_file " +
    "mm_khugepaged_collapse_file netfs_failure device_pm_callback_start rxrpc_resend rxrpc_tq xprt_reserve_cong xprt_release_cong " +
    "xprt_get_cong xprt_put_cong tcp_send_reset writeback_dirty_folio folio_wait_writeback xfs_ioc_free_eofblocks " +
    "xfs_blockgc_free_space hugetlbfs_alloc_inode",
  "sched_stick_numa sched_swap_numa fib_table_lookup tcp_sendmsg_locked tegra_dma_tx_status xfs_btree_updkeys " +
    "xfs_btree_overlapped_query_range",
  "qdisc_dequeue kfree_skb xfs_iomap_alloc xfs_iomap_found",
  "host1x_cdma_push_gather xfs_map_blocks_found xfs_map_blocks_alloc",
]

/** Arguments that may be an error number in a pointer's place. */
const MAY_BE_ERROR: Readonly<Record<string, number>> = { cachefiles_lookup: 2, mr_integ_alloc: 3 }

let sets: readonly ReadonlySet<string>[] | undefined

/** Whether an argument of a tracepoint may be null. */
export function mayBeNullArgument(tracepoint: string, argument: number): boolean {
  sets ??= MAY_BE_NULL.map(names => new Set(names.split(" ")))
  return sets[argument]?.has(tracepoint) === true
}

/** Whether an argument of a tracepoint may be an error number. */
export const mayBeErrorArgument = (tracepoint: string, argument: number): boolean =>
  MAY_BE_ERROR[tracepoint] === argument

/** Whether anything is known of a tracepoint's arguments. */
export function isKnownTracepoint(tracepoint: string): boolean {
  for (let argument = 0; argument < MAY_BE_NULL.length; argument++) {
    if (mayBeNullArgument(tracepoint, argument)) return true
  }
  return tracepoint in MAY_BE_ERROR || tracepoint === "bpf_testmod_test_read"
}
