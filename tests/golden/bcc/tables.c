struct event {
    u32 pid;
    char comm[16];
};

BPF_TABLE("hash", u32, u64, start, 10240);
BPF_PERF_OUTPUT(events);
BPF_TABLE("array", int, u64, dist, 64);

static int seen(u32 pid)
{
    return bpf_map_lookup_elem(&start, &pid) != (void *)0;
}

__attribute__((section(".bpf.fn.done")))
int done(struct pt_regs *ctx)
{
    struct event e = {};
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    if (!seen(pid))
        return 0;
    e.pid = pid;
    bpf_get_current_comm(&e.comm, sizeof(e.comm));
    ({
        int _key = bpf_log2l(bpf_ktime_get_ns());
        u64 *_leaf = bpf_map_lookup_elem(&dist, &_key);
        if (_leaf)
            *_leaf += 1;
    });
    bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &e, sizeof(e));
    bpf_map_delete_elem(&start, &pid);
    return 0;
}

