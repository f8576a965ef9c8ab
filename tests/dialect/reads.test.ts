import { runs } from "../support/dialect.ts"

/** One case: an expression over the task that runs the program, its name and its ids as helpers give them, is true in the kernel. */
const holds = (expression: string, before = "") =>
  runs(
    `#include <linux/sched.h>
#include <linux/fs.h>
struct own { struct task_struct *task; u64 n; };
BPF_HASH(tasks, u32, struct task_struct *);
BPF_HASH(owners, u32, struct own);
static struct task_struct *leader(struct task_struct *task) { return task->group_leader; }
static int same(struct task_struct *task, u32 tgid) { return task->tgid == tgid; }
RAW_TRACEPOINT_PROBE(task_rename) {
  struct task_struct *t = (struct task_struct *)bpf_get_current_task();
  u64 ids = bpf_get_current_pid_tgid();
  u32 pid = ids, tgid = ids >> 32, k = 1;
  char comm[16]; bpf_get_current_comm(comm, sizeof(comm));
  ${before}
  return ${expression};
}`,
    "raw_tracepoint",
    { context: new Uint8Array(16) },
    1,
  )

holds("t->pid == pid && t->tgid == tgid")
holds("((struct task_struct *)bpf_get_current_task())->tgid == tgid")
holds("t->group_leader->tgid == tgid && t->group_leader->group_leader == t->group_leader")
holds("leader(t)->pid == tgid && same(leader(t), tgid)")
holds("t->comm[0] == comm[0] && t->comm[1] == comm[1]")
holds("t->comm[i] == comm[i & 15]", "int i = pid % 3;")
holds("*(t->comm + 1) == comm[1] && *&t->comm[2] == comm[2]")
holds("__builtin_memcmp(t->comm, comm, sizeof(comm)) == 0")
holds("t->real_parent->tgid != tgid && t->real_parent->tgid != 0")
holds("*(&t->tgid) == tgid && *(u32 *)((char *)t + offsetof(struct task_struct, tgid)) == tgid")
holds("q->tgid == tgid", "u64 x = (u64)t; struct task_struct *q = (struct task_struct *)x;")
holds("(*p)->tgid == tgid", "struct task_struct **p = &t;")
holds(
  "s.signal->rlim[7].rlim_cur == t->signal->rlim[7].rlim_cur",
  "struct { struct signal_struct *signal; } s = {t->signal};",
)
holds("o.task->tgid == tgid", "struct own o = {.task = t};")
holds("p && (*p)->tgid == tgid", "tasks.update(&k, &t); struct task_struct **p = tasks.lookup(&k);")
holds(
  "p && p->task->group_leader->pid == tgid",
  "struct own o = {t, 1}; owners.update(&k, &o); struct own *p = owners.lookup(&k);",
)
holds(
  "d->d_inode->i_ino > 0 && d->d_inode == f.dentry->d_inode",
  "struct path f = t->fs->root; struct dentry *d = f.dentry;",
)
holds("n.len == 1 && c == '/'", "struct qstr n = t->fs->root.mnt->mnt_root->d_name; char c = *n.name;")
holds("t->cred->uid.val == (u32)bpf_get_current_uid_gid()")
holds("(pid == tgid ? t : t->group_leader)->tgid == tgid")
holds("({ struct task_struct *u; (u = t->group_leader) && u->tgid == tgid; })")
holds("!t->mm == 0 && t->mm->owner->tgid == tgid")
// Bit-fields, which BCC cannot read
holds("t->in_execve == 0 && t->sched_reset_on_fork <= 1 && t->no_cgroup_migration <= 1")
// A list of the kernel's, walked
holds(
  "found",
  `int found = 0; struct list_head *head = &t->signal->thread_head, *at = head->next;
  for (int i = 0; i < 64 && at != head; i++) { struct task_struct *one = container_of(at, struct task_struct, thread_node); if (one->pid == pid) found = 1; at = at->next; }`,
)
