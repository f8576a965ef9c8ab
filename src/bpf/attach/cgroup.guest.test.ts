import assert from "node:assert/strict"
import { createSocket } from "node:dgram"
import { type EventEmitter, once } from "node:events"
import { closeSync, mkdirSync, openSync, readFileSync, rmdirSync, writeFileSync } from "node:fs"
import { createServer, connect as tcpConnect } from "node:net"
import { after, test } from "node:test"
import { BPF } from "../bpf.ts"

const group = `/sys/fs/cgroup/skep-test-${process.pid}`
const moveTo = (folder: string): void => writeFileSync(`${folder}/cgroup.procs`, String(process.pid))
mkdirSync(group)
moveTo(group)
after(() => {
  moveTo("/sys/fs/cgroup")
  rmdirSync(group)
})

const text = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
int packets, connections;
SEC("cgroup_skb/egress") int goes_out(struct __sk_buff *ctx) { __sync_fetch_and_add(&packets, 1); return 1; }
SEC("cgroup_skb/ingress") int comes_in(struct __sk_buff *ctx) { return 0; }
SEC("cgroup/sock_create") int makes(struct bpf_sock *ctx) { return 0; }
SEC("cgroup/bind4") int binds(struct bpf_sock_addr *ctx) { return 0; }
SEC("cgroup/connect4") int connects(struct bpf_sock_addr *ctx) { return 0; }
SEC("cgroup/sysctl") int asks(struct bpf_sysctl *ctx) { return 0; }
SEC("cgroup/dev") int opens(struct bpf_cgroup_dev_ctx *ctx) { return 0; }
SEC("sockops") int goes_on(struct bpf_sock_ops *ctx) { if (ctx->op == BPF_SOCK_OPS_TCP_CONNECT_CB) connections++; return 1; }
`

const failure = (of: EventEmitter): Promise<string> =>
  new Promise(done => of.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? "")))

/** What the first event of a datagram socket is after it was told to do something. */
async function does(act: (socket: ReturnType<typeof createSocket>) => void): Promise<string> {
  const socket = createSocket("udp4")
  const result = Promise.race([
    once(socket, "listening").then(() => "done"),
    once(socket, "connect").then(() => "done"),
    failure(socket),
  ])
  act(socket)
  try {
    return await result
  } finally {
    socket.close()
  }
}

const trying = (act: () => void): string => {
  try {
    act()
    return "done"
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? ""
  }
}

test("control groups: sockets, sysctls and devices are refused while a program says so", async t => {
  using b = await BPF.load({ text })
  const place = b.cgroup(group)
  const refuses = (fn: string, act: () => string | Promise<string>): Promise<void> =>
    t.test(fn, async () => {
      assert.equal(await act(), "done")
      const link = place.attach(fn)
      assert.equal(link.info?.type, "cgroup")
      assert.equal(await act(), "EPERM")
      link.detach()
      assert.equal(await act(), "done")
    })
  await refuses("binds", () => does(socket => socket.bind(0, "127.0.0.1")))
  await refuses("connects", () => does(socket => socket.connect(9, "127.0.0.1")))
  await refuses("asks", () => trying(() => readFileSync("/proc/sys/kernel/ostype")))
  await refuses("opens", () => trying(() => closeSync(openSync("/dev/null", "r"))))
  await refuses("makes", () => does(socket => socket.bind(0, "127.0.0.1")))

  await t.test("packets are counted as they go out, and do not come in", async () => {
    const links = [place.attach("goes_out"), place.attach("comes_in"), place.attach("goes_on")]
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    const client = tcpConnect((server.address() as { port: number }).port, "127.0.0.1")
    while (b.globals.packets === 0) await new Promise(done => setTimeout(done, 5))
    assert.equal(b.globals.connections, 1)
    assert.ok(client.connecting)
    for (const link of links) link.detach()
    client.destroy()
    server.close()
  })
})
