import assert from "node:assert/strict"
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { test } from "node:test"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { BPF } from "../bpf.ts"

const skip = needsRoot
const HEAD = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char _license[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_SOCKMAP); __uint(max_entries, 2); __type(key, u32); __type(value, u32); } sockets SEC(".maps");
`
const load = (text: string): Promise<BPF> => BPF.load({ text: HEAD + text })

/** Two ends of a connection, gone after `use`. */
async function pair(use: (one: Socket, other: Socket) => Promise<void>): Promise<void> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const one = connect((server.address() as { port: number }).port, "127.0.0.1")
  const [other] = (await once(server, "connection")) as [Socket]
  if (one.connecting) await once(one, "connect")
  try {
    await use(one, other)
  } finally {
    one.destroy()
    other.destroy()
    server.close()
  }
}

/** Descriptor of a socket of Node, which has no public name for it. */
const fdOf = (socket: Socket): number => (socket as unknown as { _handle: { fd: number } })._handle.fd
const put = (b: BPF, index: number, socket: Socket): void =>
  b
    .table("sockets")
    .map.update(new Uint8Array(Uint32Array.of(index).buffer), new Uint8Array(Uint32Array.of(fdOf(socket)).buffer))

test("sockmap: a verdict sends what comes back to where it came from", { skip, timeout: 5000 }, async () => {
  using b = await load(
    'SEC("sk_skb/stream_verdict") int echo(struct __sk_buff *skb) { return bpf_sk_redirect_map(skb, &sockets, 0, 0); }',
  )
  await pair(async (one, other) => {
    using link = b.sockmap("sockets").attach("echo")
    put(b, 0, other)
    assert.match(link.method, /^sockmap /)
    one.write("hello")
    const [data] = await once(one, "data", { signal: AbortSignal.timeout(3000) })
    assert.equal(String(data), "hello")
  })
})

test("sockmap: sk_msg lets nothing out", { skip, timeout: 5000 }, async () => {
  using b = await load('SEC("sk_msg") int drop(struct sk_msg_md *msg) { return SK_DROP; }')
  await pair(async one => {
    const link = b.sockmap("sockets").attach("drop", { hook: "msg" })
    put(b, 0, one)
    one.on("error", () => {})
    const [error] = await new Promise<[NodeJS.ErrnoException | null | undefined]>(done =>
      one.write("no", e => done([e])),
    )
    assert.equal(error?.code, "EACCES")
    link.detach()
    assert.equal(link.attached, false)
  })
})

test("sockmap: one program a place", { skip, timeout: 5000 }, async () => {
  using b = await load('SEC("sk_skb/stream_verdict") int pass(struct __sk_buff *skb) { return SK_PASS; }')
  assert.throws(() => b.sockmap("none"), { code: "BPF_NO_TABLE" })
  const link = b.sockmap("sockets").attach("pass")
  link.detach()
  using _ = b.sockmap("sockets").attach("pass")
})
