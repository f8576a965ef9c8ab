#include <uapi/linux/ptrace.h>
#include <linux/sched.h>

struct task_struct {
    int state;
    pid_t pid;
};

struct key_t {
    u32 prev_pid;
    u32 curr_pid;
};

BPF_TABLE("hash", struct key_t, u64, stats, 1024);

__attribute__((section(".bpf.fn.count_sched")))
int count_sched(struct pt_regs *ctx)
{
    struct task_struct *prev = (struct task_struct *)ctx->di;
    struct key_t key = {};
    u64 zero = 0;
    u64 *val;
    key.curr_pid = bpf_get_current_pid_tgid();
    key.prev_pid = ({ pid_t _val; __builtin_memset(&_val, 0, sizeof(_val)); bpf_probe_read(&_val, sizeof(_val), (void *)&prev->pid); _val; });
    val = ({
        u64 *_leaf = bpf_map_lookup_elem(&stats, &key);
        if (!_leaf) {
            bpf_map_update_elem(&stats, &key, &zero, BPF_NOEXIST);
            _leaf = bpf_map_lookup_elem(&stats, &key);
            if (!_leaf)
                return 0;
        }
        _leaf;
    });
    (*val)++;
    return 0;
}

