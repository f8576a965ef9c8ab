// Forbids the processes of a control group to connect to port 80, until Ctrl-C: node cgroup_deny.ts /sys/fs/cgroup/web
import { BPF } from "skep"

const prog = `
int deny(struct bpf_sock_addr *ctx) {
    return ctx->user_port != htons(80);
}
`

using b = await BPF.load({ text: prog })
b.cgroup(process.argv[2] ?? "/sys/fs/cgroup").attach("deny", { hook: "connect4" })
await new Promise(done => process.once("SIGINT", done))
