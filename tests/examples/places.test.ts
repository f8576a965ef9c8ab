import assert from "node:assert/strict"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs"
import { createServer, connect as tcpConnect } from "node:net"
import { test } from "node:test"
import { features, kernelAtLeast, mounts } from "../../src/kernel/index.ts"
import { example } from "../support/example.ts"
import { kernel, needsRoot } from "../support/kernel.ts"
import { frame, ownNetwork, sendFrame } from "../support/network.ts"
import { needsGcc, TracedProgram } from "../support/traced.ts"

const skip = needsRoot
const net = skip ? { lo: 0, veth0: 0, veth1: 0 } : ownNetwork()
const before = (version: string): string | false =>
  skip || (!kernelAtLeast(version) && `Linux ${version} brought it, and this is older`)

/** Runs an example while something goes on: what it prints matches. */
function runs(
  args: readonly string[],
  wanted: RegExp,
  { act = () => {}, until, skipped = skip }: { act?: () => unknown; until?: RegExp; skipped?: string | false } = {},
): void {
  test(`examples/${args[0]}.ts`, { skip: skipped }, async () => assert.match(await example(args, act, until), wanted))
}

const sending = (etherType: number, length = 64): (() => void) => {
  const bytes = frame(etherType, 1, length)
  return () => {
    using sender = kernel().network.packets({ device: "veth0" })
    sendFrame(sender.fd, net.veth0, bytes)
  }
}
runs(["tc", "veth0", "1"], /^0x88b5 [1-9]\d*$/m, { act: sending(0x88b5) })

/** Sends a datagram to a port of this host. */
const datagram = (port: number, text = "hello", address = "127.0.0.1") => {
  return async (): Promise<void> => {
    const socket = createSocket("udp4")
    socket.on("error", () => {})
    await new Promise<void>(done => socket.send(text, port, address, () => done()))
    socket.close()
  }
}
runs(["xdp", "lo", "1"], /^[1-9]\d* packets were dropped$/m, { act: datagram(9) })
runs(["netfilter", "9", "1"], /^[1-9]\d* packets were dropped$/m, { act: datagram(9), skipped: before("6.4") })
runs(["route", "10.99.0.0/16", "lo", "1"], /^[1-9]\d* bytes for 10\.99\.0\.0\/16 were dropped$/m, {
  act: datagram(9, "hello", "10.99.1.1"),
})
runs(["filter", "lo", "udp port 7998"], /^47 bytes, \w+, to port 7998$/m, { act: datagram(7998), until: /port 7998/ })
runs(["socket_filter", "lo"], /^47 bytes, \w+, to port 7999$/m, { act: datagram(7999), until: /port 7999/ })
runs(["sk_lookup", "7000"], /^got hello$/m, { act: datagram(7042), until: /got hello/, skipped: before("5.9") })
runs(["flow_dissector", "0.1"], /^netns: asked \d+ times$/m, { skipped: before("5.8") })
runs(["sockmap"], /^hello came back$/m)
runs(["struct_ops", "0.1"], /\bbee_slow\b/, { skipped: before("5.6") })
runs(["tail_call"], /^1, 2, 3$/m)
runs(["user_ringbuf"], /^2 commands, 42$/m, {
  skipped: skip || (!features.userRingbuf && "Linux 6.1 brought user ring buffers, and this is older"),
})
runs(["iterator", String(process.pid)], new RegExp(`^${process.pid} ${process.pid} \\S`, "m"), {
  skipped: before("6.1"),
})

test("examples/interval.ts", { skip }, async () => {
  const text = await example(["interval", String(process.pid)], () => readFileSync("/proc/self/comm"))
  assert.match(text, new RegExp(`^\\d ${process.pid} [1-9]`, "m"))
})

test("examples/perf_event.ts", { skip: needsGcc }, async () => {
  using traced = new TracedProgram(`
    __attribute__((noipa)) unsigned busy(unsigned n) { while (n--) __asm__ volatile(""); return n; }
    static char *step(const char *line) { busy(200000000u); return "done"; }
  `)
  const running = await traced.start()
  // Busy until the example has ended, however long it takes to start.
  let ended = false
  const printed = example(["perf_event", String(running.pid), "0.5"]).finally(() => (ended = true))
  while (!ended) await running.step()
  assert.match(await printed, /^ +[1-9]\d* busy \[traced\]$/m)
})

/** The kernel's trace output has one reader at a time: another test's turn is waited for. */
async function whenFree<T>(use: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await use()
    } catch (error) {
      if (tries > 20 || !String(error).includes("KERNEL_TRACE_BUSY")) throw error
    }
  }
}

test("examples/uprobe.ts", { skip: needsGcc }, async () => {
  using traced = new TracedProgram('static char *step(const char *line) { return getenv(line) ? "set" : "not"; }')
  const running = await traced.start()
  const text = await whenFree(() =>
    example(["uprobe", String(running.pid)], () => running.step("SKEP_EXAMPLE"), /SKEP_EXAMPLE/),
  )
  assert.match(text, /getenv SKEP_EXAMPLE/)
})

test("examples/usdt.ts", { skip: needsGcc }, async () => {
  using traced = new TracedProgram(`
    static char *step(const char *line) {
      __asm__ volatile(STAP(app, step, 0, "-4@%0") :: "r"((int)strlen(line)));
      return "done";
    }
  `)
  const running = await traced.start()
  const text = await example(["usdt", traced.path, "app:step", "1"], () => running.step("12345"))
  assert.match(text, /^5n [1-9]\d*n$/m)
})

test("examples/typed_tracepoint.ts", { skip }, async () => {
  const { spawnSync } = await import("node:child_process")
  const text = await example(["typed_tracepoint", String(process.pid)], () => spawnSync("/bin/true"), /true/)
  assert.match(text, /^\d+ \S*\/true$/m)
})

const [cgroup2] = skip ? [] : mounts("cgroup2")
const noCgroup = skip || (cgroup2 === undefined && "no cgroup2 is mounted")

/** Does something in a control group of its own, with this process in it. */
async function inGroup(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = `${cgroup2}/skep-example-${process.pid}`
  mkdirSync(folder)
  writeFileSync(`${folder}/cgroup.procs`, String(process.pid))
  try {
    await use(folder)
  } finally {
    writeFileSync(`${cgroup2}/cgroup.procs`, String(process.pid))
    rmdirSync(folder)
  }
}

/** What connecting to a port gives. */
async function connects(port: number): Promise<string> {
  const client = tcpConnect(port, "127.0.0.1")
  client.on("error", () => {})
  const error = new Promise<string>(done =>
    client.once("error", error => done((error as NodeJS.ErrnoException).code ?? "")),
  )
  const result = await Promise.race([
    new Promise<string>(done => client.once("connect", () => done("connected"))),
    error,
  ])
  client.destroy()
  return result
}

test("examples/sock_ops.ts and examples/cgroup_deny.ts", { skip: noCgroup }, () =>
  inGroup(async folder => {
    const server = createServer(socket => socket.on("error", () => {})).listen(0, "127.0.0.1")
    await once(server, "listening")
    const { port } = server.address() as { port: number }
    // Those that the example starts in the group leave it before it is removed: they have ended.
    const text = await example(["sock_ops", folder], () => connects(port), /127\.0\.0\.1/)
    assert.match(text, new RegExp(`^127\\.0\\.0\\.1:${port}$`, "m"))
    server.close()
    assert.equal(await connects(80), "ECONNREFUSED")
    const results = new Set<string>()
    await example(["cgroup_deny", folder, "1"], async () => results.add(await connects(80)))
    assert.ok(results.has("EPERM"), [...results].join())
    assert.equal(await connects(80), "ECONNREFUSED")
  }),
)
