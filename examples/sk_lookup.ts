// One socket of this process answers on a hundred ports: npm run -s example sk_lookup 7000
import { createSocket } from "node:dgram"
import { on, once } from "node:events"
import { BPF, SockMap } from "skep"

const first = Number(process.argv[2] ?? 7000)
using b = await BPF.load({
  text: `BPF_SOCKMAP(server, 1);
int choose(struct bpf_sk_lookup *ctx) {
  if (ctx->local_port < ${first} || ctx->local_port >= ${first} + 100) return SK_PASS;
  u32 zero = 0;
  struct bpf_sock *sock = bpf_map_lookup_elem(&server, &zero);
  if (!sock) return SK_PASS;
  long error = bpf_sk_assign(ctx, sock, 0);
  bpf_sk_release(sock);
  return error ? SK_DROP : SK_PASS;
}`,
})
const socket = createSocket("udp4").bind(0, "127.0.0.1")
await once(socket, "listening")
b.table("server", SockMap).set(0, socket)
b.attachSkLookup({ fn: "choose" })
console.log(`ports ${first} to ${first + 99} are port ${socket.address().port}`)
for await (const [text] of on(socket, "message")) console.log(`got ${text}`)
