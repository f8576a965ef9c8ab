import assert from "node:assert/strict"
import { test } from "node:test"
import { toolLines, traces, workloadLines } from "../../../tests/support/simulatedTool.ts"
import type { Script } from "../system.ts"

/** A server at a port that takes one connection and reads all of it. */
const server = (port: number, version: 4 | 6): Script =>
  function* (process) {
    const listener = yield* process.listen(port, { version })
    const fd = yield* process.accept(listener)
    while ((yield* process.receive(fd, 65_536)) > 0);
    yield* process.close(fd)
  }

/** Who connects whereto: the probes of BCC's tcpconnect, for both versions of IP. */
const CONNECT = `#include <net/sock.h>
BPF_HASH(waiting, u32, struct sock *);
static int enter(struct sock *sk) {
  u32 tid = bpf_get_current_pid_tgid();
  waiting.update(&tid, &sk);
  return 0;
}
static int leave(struct pt_regs *ctx, int version) {
  u32 tid = bpf_get_current_pid_tgid();
  struct sock **skp = waiting.lookup(&tid);
  if (skp == 0) return 0;
  struct sock *sk = *skp;
  u16 port = sk->__sk_common.skc_dport;
  u32 address = version == 4 ? sk->__sk_common.skc_daddr : sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[3];
  bpf_trace_printk("%d %x", version, bpf_ntohl(address));
  bpf_trace_printk("port %d = %d", bpf_ntohs(port), PT_REGS_RC(ctx));
  waiting.delete(&tid);
  return 0;
}
int kprobe__tcp_v4_connect(struct pt_regs *ctx, struct sock *sk) { return enter(sk); }
int kprobe__tcp_v6_connect(struct pt_regs *ctx, struct sock *sk) { return enter(sk); }
int kretprobe__tcp_v4_connect(struct pt_regs *ctx) { return leave(ctx, 4); }
int kretprobe__tcp_v6_connect(struct pt_regs *ctx) { return leave(ctx, 6); }`

traces("connections and where they lead, by IPv4 and IPv6, taken and refused", CONNECT, {
  "server-4": () => server(80, 4),
  "server-6": () => server(81, 6),
  curl: expected =>
    function* (curl) {
      yield* curl.sleep(2_000_000)
      for (const [port, version, address] of [
        [80, 4, "7f000001"],
        [81, 6, "1"],
        [81, 4, "7f000001"],
        [80, 6, "1"],
      ] as const) {
        const fd = yield* curl.connect(port, version)
        expected.push(`curl: ${version} ${address}`, `curl: port ${port} = ${Math.min(0, fd)}`)
        if (fd >= 0) yield* curl.close(fd)
      }
    },
})

traces(
  "who takes connections over: the ports of both ends",
  `#include <net/sock.h>
  int kretprobe__inet_csk_accept(struct pt_regs *ctx) {
    struct sock *sk = (struct sock *)PT_REGS_RC(ctx);
    bpf_trace_printk("family %d port %d", sk->__sk_common.skc_family, sk->__sk_common.skc_num);
    return 0;
  }`,
  {
    four: () => server(80, 4),
    six: () => server(81, 6),
    curl: expected =>
      function* (curl) {
        yield* curl.sleep(2_000_000)
        if ((yield* curl.connect(80, 4)) >= 0) expected.push("four: family 2 port 80")
        if ((yield* curl.connect(81, 6)) >= 0) expected.push("six: family 10 port 81")
      },
  },
)

/** What BCC's tcplife tells of a connection that ends: its bytes and how long it was. */
const LIFE = `#include <net/sock.h>
#include <linux/tcp.h>
BPF_HASH(birth, struct sock *, u64);
TRACEPOINT_PROBE(sock, inet_sock_set_state) {
  struct sock *sk = (struct sock *)args->skaddr;
  u64 now = bpf_ktime_get_ns();
  if (args->newstate == TCP_SYN_SENT) birth.update(&sk, &now);
  if (args->newstate != TCP_CLOSE) return 0;
  u64 *then = birth.lookup(&sk);
  if (then == 0) return 0;
  struct tcp_sock *tp = (struct tcp_sock *)sk;
  u64 sent = tp->bytes_acked, milliseconds = (now - *then) / 1000000;
  bpf_trace_printk("port %d: %d bytes, %d ms", args->dport, sent, milliseconds);
  birth.delete(&sk);
  return 0;
}`

test("the bytes and the time of connections, whatever is lost on the way", () => {
  let sent = 0
  const lines = toolLines(
    LIFE,
    system => {
      system.tcp.stream.lost = 300
      system.spawn("server", function* (process) {
        const listener = yield* process.listen(80, { version: 6 })
        const fd = yield* process.accept(listener)
        for (let got = 0; got < 300_000; ) got += yield* process.receive(fd, 65_536)
        yield* process.close(fd)
      })
      system.spawn("curl", function* (curl) {
        yield* curl.sleep(2_000_000)
        const fd = yield* curl.connect(80, 6)
        for (let n = 0; n < 10; n++) sent += yield* curl.send(fd, 30_000)
        yield* curl.receive(fd, 10)
        yield* curl.close(fd)
      })
    },
    { seconds: 3 },
  )
  assert.equal(sent, 300_000)
  assert.equal(lines.length, 1, lines.join("\n"))
  const [, bytes, milliseconds] = /: port 80: (\d+) bytes, (\d+) ms/.exec(lines[0])!.map(Number)
  assert.equal(bytes, sent)
  // Segments were lost: the probe for them comes after 12 ms, the timeout after 201 ms more.
  assert.ok(milliseconds >= 12 && milliseconds < 3000, lines[0])
})

test("each segment that is lost is sent again, and a timeout changes the state of congestion", () => {
  const text = `#include <net/sock.h>
    TRACEPOINT_PROBE(tcp, tcp_retransmit_skb) { bpf_trace_printk("again %d %d", args->family, args->dport); return 0; }
    TRACEPOINT_PROBE(tcp, tcp_cong_state_set) { bpf_trace_printk("state %d", args->cong_state); return 0; }
    int kprobe__tcp_send_loss_probe(void *ctx) { bpf_trace_printk("probe"); return 0; }
    int kprobe__tcp_enter_loss(void *ctx) { bpf_trace_printk("loss"); return 0; }`
  const lines = toolLines(
    text,
    system => {
      system.tcp.stream.lost = 1000
      system.spawn("server", server(80, 4))
      system.spawn("curl", function* (curl) {
        yield* curl.sleep(2_000_000)
        const fd = yield* curl.connect(80)
        for (let n = 0; n < 20; n++) yield* curl.send(fd, 100)
        yield* curl.sleep(500_000_000)
      })
    },
    { seconds: 0.7 },
  )
  const count = (what: string): number => lines.filter(line => line.endsWith(`: ${what}`)).length
  assert.equal(count("probe"), 20)
  assert.ok(count("loss") > 0)
  assert.equal(count("again 2 80"), count("probe") + count("loss"))
  assert.equal(count("state 4"), count("loss"))
  assert.equal(count("state 0"), count("loss"))
})

traces(
  "datagrams: who sends how many bytes whereto, and who receives them",
  `#include <net/sock.h>
  int kprobe__udp_sendmsg(struct pt_regs *ctx, struct sock *sk, struct msghdr *msg, size_t len) {
    bpf_trace_printk("4 sends %d", len);
    return 0;
  }
  int kprobe__udpv6_sendmsg(struct pt_regs *ctx, struct sock *sk, struct msghdr *msg, size_t len) {
    bpf_trace_printk("6 sends %d", len);
    return 0;
  }
  int kretprobe__udp_recvmsg(struct pt_regs *ctx) { bpf_trace_printk("4 receives %d", PT_REGS_RC(ctx)); return 0; }
  int kretprobe__udpv6_recvmsg(struct pt_regs *ctx) { bpf_trace_printk("6 receives %d", PT_REGS_RC(ctx)); return 0; }`,
  {
    named: expected =>
      function* (server) {
        for (const version of [4, 6] as const) {
          const fd = yield* server.udp(53, version)
          const { bytes, from } = yield* server.receiveFrom(fd, 512)
          expected.push(`named: ${version} receives ${bytes}`)
          expected.push(`named: ${version} sends ${yield* server.sendTo(fd, from.port, 120)}`)
        }
      },
    dig: expected =>
      function* (dig) {
        for (const version of [4, 6] as const) {
          yield* dig.sleep(2_000_000)
          const fd = yield* dig.udp(undefined, version)
          expected.push(`dig: ${version} sends ${yield* dig.sendTo(fd, 53, 40)}`)
          const { bytes } = yield* dig.receiveFrom(fd, 512)
          expected.push(`dig: ${version} receives ${bytes}`)
        }
      },
  },
)

traces(
  "a descriptor that a process hands to its child: its number at the sender, by way of the control message",
  `#include <net/sock.h>
  int kprobe____scm_send(struct pt_regs *ctx, struct socket *sock, struct msghdr *hdr) {
    struct cmsghdr *control = hdr->msg_control;
    int fd = *(int *)((char *)control + sizeof(struct cmsghdr));
    if (control->cmsg_type == SCM_RIGHTS) bpf_trace_printk("sends descriptor %d", fd);
    return 0;
  }`,
  {
    sshd: expected =>
      function* (sshd) {
        const [here, there] = yield* sshd.socketPair()
        yield* sshd.fork(function* (child) {
          const got = yield* child.receiveFile(there)
          assert.equal(yield* child.write(got, 100), 100)
        })
        const fd = yield* sshd.open("/etc/services", "both")
        yield* sshd.write(fd, 1000)
        yield* sshd.sendFile(here, fd)
        expected.push(`sshd: sends descriptor ${fd}`)
        yield* sshd.wait()
      },
  },
)

test("what an encrypted connection carries is there in plain text at the library's functions", () => {
  const lines = workloadLines(
    `int f(struct pt_regs *ctx) {
      char text[16] = {};
      bpf_probe_read_user(text, 15, (void *)PT_REGS_PARM2(ctx));
      bpf_trace_printk("%s", text);
      return 0;
    }`,
    "web",
    { attach: [["f", { kind: "uprobe", path: "ssl", event: "SSL_write" }]] },
  )
  assert.ok(lines.includes("curl: GET / HTTP/1.1"), lines.slice(0, 9).join("\n"))
  assert.ok(lines.includes("nginx: HTTP/1.1 200 OK"), lines.slice(0, 9).join("\n"))
})
