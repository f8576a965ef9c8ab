// Says which environment variables programs ask for, in all processes of this machine or in one: npm run -s example uprobe PID
import { BPF } from "skep"

const prog = `
int asked(struct pt_regs *ctx) {
    char name[32] = {};
    bpf_probe_read_user_str(name, sizeof(name), (void *)PT_REGS_PARM1(ctx));
    bpf_trace_printk("getenv %s\\n", name);
    return 0;
}
`

using b = await BPF.load({ text: prog })
const pid = process.argv[2] === undefined ? undefined : Number(process.argv[2])
b.attachUprobe({ library: "c", symbol: "getenv", fn: "asked", pid })
for await (const e of b.trace()) console.log(e.task, e.pid, e.message)
