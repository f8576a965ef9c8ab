import { loads, refusesToLoad } from "../support/dialect.ts"

// Programs on functions of the kernel, which this machine's own kernel may not let anybody load
loads(
  'KFUNC_PROBE(vfs_read, struct file *file, char *buf, size_t n) { bpf_trace_printk("%lu", file->f_inode->i_ino + n); return 0; }',
)
loads(
  'KRETFUNC_PROBE(vfs_read, struct file *file, char *buf, size_t n, loff_t *pos, ssize_t ret) { bpf_trace_printk("%lu", file->f_path.dentry->d_inode->i_ino + ret); return 0; }',
)
loads(
  'KRETFUNC_PROBE(do_unlinkat, int dfd, struct filename *name, long ret) { bpf_trace_printk("%d %ld\\n", dfd, ret); return 0; }',
)
loads(`BPF_HASH(seen, u32); BPF_PERF_OUTPUT(events);
struct event { u32 pid; char comm[16]; char name[32]; };
KFUNC_PROBE(vfs_open, const struct path *path, struct file *file) {
  struct event e = {}; e.pid = bpf_get_current_pid_tgid() >> 32;
  bpf_get_current_comm(&e.comm, sizeof(e.comm));
  bpf_probe_read_kernel_str(e.name, sizeof(e.name), path->dentry->d_name.name);
  seen.increment(e.pid); events.perf_submit(ctx, &e, sizeof(e));
  return 0;
}`)
loads("KMOD_RET(security_file_open, struct file *file, int ret) { return 0; }")
loads("LSM_PROBE(file_open, struct file *file, int ret) { return ret; }")
loads("LSM_PROBE(bpf, int cmd, union bpf_attr *attr, unsigned int size) { return cmd == 4711 ? -EPERM : 0; }")
loads(`BPF_INODE_STORAGE(inodes, int);
LSM_PROBE(inode_rename, struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir, struct dentry *new_dentry, unsigned int flags) {
  int *value = inodes.inode_storage_get(old_dentry->d_inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE); if (!value) return 0;
  bpf_trace_printk("%d\\n", *value);
  return 0;
}`)
loads(`BPF_TASK_STORAGE(tasks, __u64);
KFUNC_PROBE(inet_listen) {
  struct task_struct *task = bpf_get_current_task_btf();
  __u64 *since = tasks.task_storage_get(task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE); if (since) *since = bpf_ktime_get_ns();
  return 0;
}
KRETFUNC_PROBE(inet_listen) {
  struct task_struct *task = bpf_get_current_task_btf(); __u64 *since = tasks.task_storage_get(task, 0, 0);
  if (since) bpf_trace_printk("%llu\\n", bpf_ktime_get_ns() - *since);
  tasks.task_storage_delete(task);
  return 0;
}`)
loads(
  'BPF_PROG(kfunc__vmlinux__vfs_write, struct file *file, const char *buf, size_t n) { bpf_trace_printk("%lu", n); return 0; }',
)
loads("BPF_PROG(lsm__task_alloc, struct task_struct *task, unsigned long flags, int ret) { return ret; }")
loads(
  'MODULE_KFUNC_PROBE(vmlinux, vfs_fsync, struct file *file, int datasync) { bpf_trace_printk("%d", datasync); return 0; }',
)

// Probes of all kinds
loads("int kprobe__vfs_read(struct pt_regs *ctx, struct file *file) { return file->f_inode->i_ino; }")
loads("int kretprobe__vfs_read(struct pt_regs *ctx) { return PT_REGS_RC(ctx); }")
loads(
  "int kprobe____x64_sys_openat(struct pt_regs *ctx, int dfd, const char *name, int flags) { return flags + *name; }",
)
loads("BPF_STACK_TRACE(stacks, 128); int kprobe__do_exit(void *ctx) { return stacks.get_stackid(ctx, 0); }")

// Functions and types of a module: the guest's files lie in an overlay
loads(
  `MODULE_KFUNC_PROBE(overlay, ovl_open, struct inode *inode, struct file *file) { bpf_trace_printk("%lu", inode->i_ino + file->f_flags); return 0; }`,
)
loads(`KRETFUNC_PROBE(ovl_open, struct inode *inode, struct file *file, int ret) { return 0; }`)
loads(
  "int kprobe__ovl_open(struct pt_regs *ctx, struct ovl_inode *i, struct ovl_fs *fs) { return i->flags + fs->numlayer + sizeof(struct ovl_fs); }",
)
refusesToLoad(
  "MODULE_KFUNC_PROBE(overlay, ovl_nothing, struct inode *inode) { return 0; }",
  "the kernel's type information has no function ovl_nothing",
)
