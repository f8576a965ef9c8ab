// Counts which task hands the CPU to which, as task_switch.c does, for kernels without kprobes. Run it with
//   sudo ./skep run examples/task_switch_tracepoint.c
struct key_t {
    u32 prev_pid;
    u32 curr_pid;
};

BPF_HASH(stats, struct key_t, u64, 1024);

TRACEPOINT_PROBE(sched, sched_switch) {
    struct key_t key = {};

    key.prev_pid = args->prev_pid;
    key.curr_pid = args->next_pid;
    stats.increment(key);
    return 0;
}
