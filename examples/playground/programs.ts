/** A program to begin with, and the workload in which it sees something. */
export interface Sample {
  readonly title: string
  readonly workload: string
  readonly text: string
}

export const WORKLOADS = ["demo", "shell", "web", "disk", "upkeep", "idle"] as const

export const SAMPLES: readonly Sample[] = [
  {
    title: "which files are opened",
    workload: "web",
    text: `// Runs at each openat(2), and reads the name that the caller gave.
int kprobe__do_sys_openat2(struct pt_regs *ctx, int dfd, const char *name) {
    char path[64] = {};
    bpf_probe_read_user_str(path, sizeof(path), name);
    if (path[0] == '/')
        bpf_trace_printk("opens %s\\n", path);
    else
        bpf_trace_printk("opens %s from where it is\\n", path);
    return 0;
}
`,
  },
  {
    title: "how long reads take",
    workload: "disk",
    text: `// Times vfs_read() from its entry to its return, as a histogram of powers of two.
BPF_HASH(starts, u32, u64);
BPF_HISTOGRAM(microseconds);

int kprobe__vfs_read(struct pt_regs *ctx) {
    u32 thread = bpf_get_current_pid_tgid();
    u64 now = bpf_ktime_get_ns();
    starts.update(&thread, &now);
    return 0;
}

int kretprobe__vfs_read(struct pt_regs *ctx) {
    u32 thread = bpf_get_current_pid_tgid();
    u64 *start = starts.lookup(&thread);
    if (!start)
        return 0;
    microseconds.increment(bpf_log2l((bpf_ktime_get_ns() - *start) / 1000));
    starts.delete(&thread);
    return 0;
}
`,
  },
  {
    title: "who hands the CPU to whom",
    workload: "demo",
    text: `// The program of the slides that introduced BCC: counts pairs of tasks.
struct key_t {
    u32 prev_pid;
    u32 curr_pid;
};
BPF_HASH(stats, struct key_t, u64);

int kprobe__finish_task_switch(struct pt_regs *ctx, struct task_struct *prev) {
    struct key_t key = {};
    key.curr_pid = bpf_get_current_pid_tgid();
    key.prev_pid = prev->pid;
    stats.increment(key);
    return 0;
}
`,
  },
  {
    title: "who connects where",
    workload: "web",
    text: `// Sends an event when a connection is made: who, and to which port.
struct connected {
    u32 pid;
    u16 port;
    char comm[16];
};
BPF_RINGBUF_OUTPUT(events, 8);

TRACEPOINT_PROBE(sock, inet_sock_set_state) {
    if (args->oldstate != BPF_TCP_CLOSE || args->newstate != BPF_TCP_SYN_SENT)
        return 0;
    struct connected e = {};
    e.pid = bpf_get_current_pid_tgid() >> 32;
    e.port = args->dport;
    bpf_get_current_comm(&e.comm, sizeof(e.comm));
    events.ringbuf_output(&e, sizeof(e), 0);
    return 0;
}
`,
  },
  {
    title: "what the verifier refuses",
    workload: "idle",
    text: `// lookup() may give NULL, and nobody asks. What is missing is said below.
BPF_HASH(counts, u32, u64);

int kprobe__vfs_write(struct pt_regs *ctx) {
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    u64 *count = counts.lookup(&pid);
    *count += 1;
    return 0;
}
`,
  },
]
