import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs"
import { after, test } from "node:test"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { mounts } from "../../kernel/index.ts"
import { BPF } from "../bpf.ts"

const [cgroup2] = needsRoot ? [] : mounts("cgroup2")
const skip = needsRoot || (cgroup2 === undefined && "no cgroup2 is mounted")
const group = `${cgroup2}/skep-test-${process.pid}`

if (!skip) mkdirSync(group)
after(() => {
  if (!skip) rmdirSync(group)
})

/** Runs a script of Node in the group; what it prints. */
async function inGroup(script: string): Promise<string> {
  // It waits for a line before it begins: then it is in the group.
  const waits = `process.stdin.once("data", async () => { ${script}\n process.exit() })`
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(process.execPath, ["-e", waits], { env, stdio: ["pipe", "pipe", "inherit"] })
  writeFileSync(`${group}/cgroup.procs`, String(child.pid))
  child.stdin.write("go\n")
  let output = ""
  for await (const part of child.stdout) output += part
  while (readFileSync(`${group}/cgroup.procs`, "utf8") !== "") await new Promise(done => setTimeout(done, 5))
  return output.trim()
}

const HEAD =
  '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_endian.h>\nchar _license[] SEC("license") = "GPL";\n'
const load = (text: string): Promise<BPF> => BPF.load({ text: HEAD + text })

const connect = `const net = require("node:net")
  const server = net.createServer(c => c.end()).listen(0, "127.0.0.1", () =>
    net.connect(server.address().port, "127.0.0.1").on("connect", () => { console.log("connected"); process.exit() })
      .on("error", e => { console.log(e.code); process.exit() }))
  await new Promise(() => {})`

/** A program of a section changes what a script sees, while it is attached and no longer. */
function changes(section: string, body: string, script: string, without: string, wanted: string): void {
  test(`cgroup: ${section}`, { skip }, async () => {
    const context = CONTEXTS[section.replace(/.*\/|\d|_unix/g, "")] ?? "struct bpf_sock_addr"
    using b = await load(`SEC("${section}") int f(${context} *ctx) { ${body} }`)
    assert.equal(await inGroup(script), without)
    const link = b.cgroup(group).attach("f")
    assert.equal(await inGroup(script), wanted)
    const { info } = link
    assert.equal(info?.type, "cgroup")
    link.detach()
    assert.equal(await inGroup(script), without)
  })
}
const CONTEXTS: Record<string, string> = {
  egress: "struct __sk_buff",
  ingress: "struct __sk_buff",
  sock_create: "struct bpf_sock",
  sock_release: "struct bpf_sock",
  post_bind: "struct bpf_sock",
  sysctl: "struct bpf_sysctl",
  getsockopt: "struct bpf_sockopt",
  setsockopt: "struct bpf_sockopt",
  dev: "struct bpf_cgroup_dev_ctx",
}

const udp = `const socket = require("node:dgram").createSocket("udp4")
  socket.on("error", e => { console.log(e.code); process.exit() })
  socket.bind(0, "127.0.0.1", () => {`
const sendSelf = `${udp} socket.on("message", () => { console.log("came"); process.exit() })
  socket.send("x", socket.address().port, "127.0.0.1", e => e && (console.log(e.code), process.exit()))
  setTimeout(() => { console.log("lost"); process.exit() }, 300) }); await new Promise(() => {})`
const bound = `${udp} console.log("bound"); process.exit() }); await new Promise(() => {})`
const peer = `const net = require("node:net")
  const server = net.createServer(c => c.end()).listen(0, "127.0.0.1", () => {
    const c = net.connect(server.address().port, "127.0.0.1", () => { console.log(PLACE); process.exit() }) })
  await new Promise(() => {})`

changes("cgroup/connect4", "return 0;", connect, "connected", "EPERM")
changes("cgroup/bind4", "return 0;", bound, "bound", "EPERM")
changes("cgroup/post_bind4", "return 0;", bound, "bound", "EPERM")
changes("cgroup/sock_create", "return 0;", bound, "bound", "EPERM")
changes("cgroup/sendmsg4", "return 0;", sendSelf, "came", "EPERM")
changes("cgroup_skb/ingress", "return 0;", sendSelf, "came", "lost")
changes("cgroup_skb/egress", "return 0;", sendSelf, "came", "EPERM")
changes(
  "cgroup/recvmsg4",
  "ctx->user_port = bpf_htons(7); return 1;",
  sendSelf.replace('() => { console.log("came")', "(_, from) => { console.log(from.port === 7)"),
  "false",
  "true",
)
changes(
  "cgroup/getpeername4",
  "ctx->user_port = bpf_htons(9); return 1;",
  peer.replace("PLACE", "c.remotePort === 9"),
  "false",
  "true",
)
changes(
  "cgroup/getsockname4",
  "ctx->user_port = bpf_htons(9); return 1;",
  bound.replace('"bound"', "socket.address().port === 9"),
  "false",
  "true",
)
changes(
  "cgroup/sysctl",
  "return 0;",
  `try { require("node:fs").readFileSync("/proc/sys/kernel/ostype"); console.log("read") } catch (e) { console.log(e.code) }`,
  "read",
  "EPERM",
)
changes(
  "cgroup/dev",
  "return 0;",
  `try { require("node:fs").openSync("/dev/zero"); console.log("open") } catch (e) { console.log(e.code) }`,
  "open",
  "EPERM",
)
changes(
  "cgroup/setsockopt",
  "return 0;",
  `${udp} try { socket.setRecvBufferSize(5000); console.log("set") } catch (e) { console.log(e.info.code) } process.exit() })
  await new Promise(() => {})`,
  "set",
  "EPERM",
)
changes(
  "cgroup/getsockopt",
  "return 0;",
  `${udp} try { socket.getRecvBufferSize(); console.log("got") } catch (e) { console.log(e.info.code) } process.exit() })
  await new Promise(() => {})`,
  "got",
  "EPERM",
)

test("cgroup: sockops counts connections", { skip }, async () => {
  using b = await load(`
    struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u64); } seen SEC(".maps");
    SEC("sockops") int f(struct bpf_sock_ops *ops) {
      u32 zero = 0; u64 *n = bpf_map_lookup_elem(&seen, &zero);
      if (n && ops->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB) __sync_fetch_and_add(n, 1);
      return 1;
    }`)
  b.cgroup(group).attach("f")
  await inGroup(connect)
  assert.equal(b.table("seen").get(0), 1n)
})

test("cgroup: sockets that end", { skip }, async () => {
  using b = await load(`
    struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u64); } ended SEC(".maps");
    SEC("cgroup/sock_release") int f(struct bpf_sock *ctx) {
      u32 zero = 0; u64 *n = bpf_map_lookup_elem(&ended, &zero);
      if (n) __sync_fetch_and_add(n, 1);
      return 1;
    }`)
  b.cgroup(group).attachAll()
  await inGroup(bound)
  assert.ok(b.table("ended").get(0) >= 1n)
})

test("a function in BCC's dialect is loaded for the place that it is attached to", { skip }, async () => {
  using b = await BPF.load({ text: "int deny(struct bpf_sock_addr *ctx) { return 0; }" })
  b.cgroup(group).attach("deny", { hook: "connect4" })
  assert.equal(await inGroup(connect), "EPERM")
})

test("a link takes another program without a gap", { skip }, async () => {
  using b = await load(
    'SEC("cgroup/connect4") int no(struct bpf_sock_addr *ctx) { return 0; }\nSEC("cgroup/connect4") int yes(struct bpf_sock_addr *ctx) { return 1; }',
  )
  using link = b.cgroup(group).attach("no")
  assert.equal(await inGroup(connect), "EPERM")
  link.update(b.program("yes"))
  assert.equal(link.program.name, "yes")
  assert.equal(await inGroup(connect), "connected")
  assert.deepEqual(b.cgroup(group).programs("connect4"), [b.program("yes").info.id])
})

for (const mode of ["multi", "override", "exclusive"] as const) {
  test(`an attachment of mode ${mode} takes another program, and is undone`, { skip }, async () => {
    using b = await load(
      'SEC("cgroup/connect4") int no(struct bpf_sock_addr *ctx) { return 0; }\nSEC("cgroup/connect4") int yes(struct bpf_sock_addr *ctx) { return 1; }',
    )
    const link = b.cgroup(group).attach("no", { mode })
    assert.equal(link.info, undefined)
    assert.throws(() => link.pin(`/sys/fs/bpf/skep-no-${process.pid}`), { code: "KERNEL_NO_LINK" })
    link.update(b.program("yes"))
    assert.deepEqual(b.cgroup(group).programs("connect4"), [b.program("yes").info.id])
    if (mode !== "multi") assert.throws(() => b.cgroup(group).attach("no"), { code: "KERNEL_CGROUP_BUSY" })
    link.detach()
    assert.deepEqual(b.cgroup(group).programs("connect4"), [])
  })
}

test("refused: no such group, no place said, a place that is none", { skip }, async () => {
  using b = await load('SEC("cgroup/skb") int f(struct __sk_buff *ctx) { return 1; }')
  assert.throws(() => b.cgroup(`${group}/none`).attach("f", { hook: "egress" }), { code: "KERNEL_NO_CGROUP" })
  assert.throws(() => b.cgroup("/tmp").attach("f", { hook: "egress" }), { code: "KERNEL_NO_CGROUP" })
  assert.throws(() => b.cgroup(group).attach("f"), { code: "KERNEL_NO_HOOK" })
  assert.throws(() => b.cgroup(group).attach("f", { hook: "conect4" as "connect4" }), { code: "KERNEL_NO_HOOK" })
  assert.ok(existsSync(group))
  using _ = b.cgroup(group).attach("f", { hook: "egress" })
  using __ = b.cgroup(group).attach("f", { hook: "ingress" })
})
