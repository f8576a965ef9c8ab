// Says hello: the first program of the 2015 slides. Run it with
//   sudo ./skep run --attach kprobe:syscall:clone=hello examples/hello_world.c
int hello(void *ctx) {
    bpf_trace_printk("Hello, World!\n");
    return 0;
};
