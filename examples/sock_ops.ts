// Tells of every connection that the processes of a control group make: npm run -s example sock_ops /sys/fs/cgroup/web
import { BPF } from "skep"

using b = await BPF.load({
  text: `struct event { u32 address; u32 port; };
BPF_RINGBUF_OUTPUT(events, 16);
int connected(struct bpf_sock_ops *ctx) {
  if (ctx->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB) return 1;
  struct event event = { .address = ctx->remote_ip4, .port = ntohl(ctx->remote_port) };
  events.ringbuf_output(&event, sizeof(event), 0);
  return 1;
}`,
})
b.cgroup(process.argv[2] ?? "/sys/fs/cgroup").attach("connected", { hook: "sock_ops" })
for await (const { address, port } of b.events<{ address: number; port: number }>("events")) {
  console.log(`${new Uint8Array(Uint32Array.of(address).buffer).join(".")}:${port}`)
}
