// Says hello each time a process calls clone(): the first program of the 2015 slides.
import { BPF } from "skep"

const prog = `
int hello(void *ctx) {
    bpf_trace_printk("Hello, World!\\n");
    return 0;
};
`

using b = await BPF.load({ text: prog })
b.attachKprobe({ event: b.syscallName("clone"), fn: "hello" })
for await (const e of b.trace()) console.log(e.task, e.pid, e.cpu, e.timestamp, e.message)
