// Forbids the processes of a control group to connect to port 80: npm run -s example cgroup_deny /sys/fs/cgroup/web 60
import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "skep"

const prog = `
int deny(struct bpf_sock_addr *ctx) {
    return ctx->user_port != htons(80);
}
`

using b = await BPF.load({ text: prog })
b.cgroup(process.argv[2] ?? "/sys/fs/cgroup").attach("deny", { hook: "connect4" })
await sleep(1000 * Number(process.argv[3] ?? 60))
