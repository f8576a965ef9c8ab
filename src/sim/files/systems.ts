/** What a kind of file system calls for files, outermost first. */
export interface FileSystemKind {
  readonly open: readonly string[]
  readonly read: readonly string[]
  readonly write: readonly string[]
  readonly sync: string
  readonly unlink: string
  /** Its files lie on a disk. */
  readonly onDisk: boolean
}

/** The kinds whose files have pages in memory. The others (`proc`, `sysfs`, `sockfs`, devices) make what is read as it is read. */
export const KINDS: Readonly<Record<string, FileSystemKind>> = {
  ext4: {
    open: ["ext4_file_open", "generic_file_open"],
    read: ["ext4_file_read_iter", "generic_file_read_iter", "filemap_read"],
    write: ["ext4_file_write_iter", "ext4_buffered_write_iter", "generic_perform_write"],
    sync: "ext4_sync_file",
    unlink: "ext4_unlink",
    onDisk: true,
  },
  xfs: {
    open: ["xfs_file_open", "generic_file_open"],
    read: ["xfs_file_read_iter", "xfs_file_buffered_read", "generic_file_read_iter", "filemap_read"],
    write: ["xfs_file_write_iter", "xfs_file_buffered_write", "iomap_file_buffered_write"],
    sync: "xfs_file_fsync",
    unlink: "xfs_vn_unlink",
    onDisk: true,
  },
  btrfs: {
    open: ["btrfs_file_open", "generic_file_open"],
    read: ["btrfs_file_read_iter", "filemap_read"],
    write: ["btrfs_file_write_iter", "btrfs_buffered_write"],
    sync: "btrfs_sync_file",
    unlink: "btrfs_unlink",
    onDisk: true,
  },
  tmpfs: {
    open: ["shmem_file_open", "generic_file_open"],
    read: ["shmem_file_read_iter"],
    write: ["shmem_file_write_iter", "generic_perform_write"],
    sync: "noop_fsync",
    unlink: "shmem_unlink",
    onDisk: false,
  },
}

/** Members of `struct file_operations` that lead to functions, by the name of the table. */
export function operationsOf(type: string): Readonly<Record<string, string>> {
  const kind = KINDS[type]
  if (kind === undefined) return { read_iter: "seq_read_iter", llseek: "seq_lseek" }
  return { open: kind.open[0], read_iter: kind.read[0], write_iter: kind.write[0], fsync: kind.sync }
}
