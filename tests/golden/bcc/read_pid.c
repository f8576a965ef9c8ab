#include <linux/sched.h>
#include <uapi/linux/ptrace.h>

struct task_struct {
    int state;
    pid_t pid;
};

__attribute__((section(".bpf.fn.count_sched")))
int count_sched(struct pt_regs *ctx)
{
    struct task_struct *prev = (struct task_struct *)ctx->di;
    pid_t p = ({ pid_t _val; __builtin_memset(&_val, 0, sizeof(_val)); bpf_probe_read(&_val, sizeof(_val), (void *)&prev->pid); _val; });
    return p != -1;
}

