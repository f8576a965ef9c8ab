/** The two programs of the 2015 slides as they are in examples/, so that an installed skep can run them, too. */

export const HELLO = `int hello(void *ctx) {
    bpf_trace_printk("Hello, World!\\n");
    return 0;
};
`

export const TASK_SWITCH = `// foo.c
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>

struct key_t {
    u32 prev_pid;
    u32 curr_pid;
};

// map_type, key_type, leaf_type, table_name, num_entry
BPF_TABLE("hash", struct key_t, u64, stats, 1024);

int count_sched(struct pt_regs *ctx, struct task_struct *prev) {
    struct key_t key = {};
    u64 zero = 0, *val;

    key.curr_pid = bpf_get_current_pid_tgid();
    key.prev_pid = prev->pid;
    val = stats.lookup_or_init(&key, &zero);
    (*val)++;
    return 0;
}
`

/** The same count on a tracepoint, for kernels without kprobes. */
export const TASK_SWITCH_TRACEPOINT = `struct key_t {
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
`
