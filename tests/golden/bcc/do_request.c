#include <uapi/linux/ptrace.h>

__attribute__((section(".bpf.fn.do_request")))
int do_request(struct pt_regs *ctx)
{
    int req = (int)ctx->di;
    ({
        char _fmt[] = "req ptr: 0x%x\n";
        bpf_trace_printk(_fmt, sizeof(_fmt), req);
    });
    return 0;
}

