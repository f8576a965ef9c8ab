__attribute__((section(".bpf.fn.hello")))
int hello(void *ctx)
{
    ({
        char _fmt[] = "Hello, World!\n";
        bpf_trace_printk(_fmt, sizeof(_fmt));
    });
    return 0;
}

