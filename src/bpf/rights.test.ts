import assert from "node:assert/strict"
import { test } from "node:test"
import { setImmediate } from "node:timers/promises"
import { childScenarios } from "../../tests/support/kernel.ts"
import { needsSetpriv, runWithRights } from "../../tests/support/rights.ts"
import { doctor, kernelAtLeast, mounts } from "../kernel/index.ts"
import { BPF } from "./bpf.ts"
import type { LoadOptions } from "./options.ts"

const LIBBPF = '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\nchar _license[] SEC("license") = "GPL";\n'
const EMPTY = "int f(void *ctx) { return 0; }"
const FILTER = "BPF_HASH(h, u32, u64); int f(struct __sk_buff *skb) { h.increment(1); return skb->len; }"
const buffer = (declared: string, send: string): string =>
  `${declared}(events${declared.endsWith("RINGBUF_OUTPUT") ? ", 2" : ""});
RAW_TRACEPOINT_PROBE(sched_process_exit) { u64 at = 1; ${send}; return 0; }`

/** What is tried as another user than root. */
const tried: Record<string, { readonly text: string; use?(b: BPF): unknown }> = {
  table: { text: `BPF_HASH(h, u32, u64); ${EMPTY}`, use: b => b.table("h").set(1, 2n) },
  "socket filter": {
    text: `${LIBBPF}SEC("socket") int f(struct __sk_buff *skb) { int s = 0; for (int i = 0; i < 10; i++) s += i; return s + skb->len; }`,
  },
  "raw tracepoint": { text: "RAW_TRACEPOINT_PROBE(sched_process_exit) { return 0; }" },
  "ring buffer": {
    text: buffer("BPF_RINGBUF_OUTPUT", "events.ringbuf_output(&at, 8, 0)"),
    use: b => b.onEvents("events", () => {}).close(),
  },
  "perf buffer": {
    text: buffer("BPF_PERF_OUTPUT", "events.perf_submit(ctx, &at, 8)"),
    use: b => b.onEvents("events", () => {}).close(),
  },
  "large perf buffer": {
    text: buffer("BPF_PERF_OUTPUT", "events.perf_submit(ctx, &at, 8)"),
    use: b => b.onEvents("events", () => {}, { pages: 4096 }).close(),
  },
  "typed tracepoint": { text: `${LIBBPF}SEC("tp_btf/sched_process_exit") int f(u64 *ctx) { return 0; }` },
  iterator: {
    text: `${LIBBPF}SEC("iter/bpf_map") int f(struct bpf_iter__bpf_map *ctx) { return 0; }`,
    use: b => b.program("f").iterate().close(),
  },
  counter: {
    text: EMPTY,
    use: b => b.attachPerfEvent({ event: "cpu-clock", period: 1_000_000_000, pid: process.pid, fn: "f" }),
  },
  uprobe: {
    text: EMPTY,
    use: b => b.attachUprobe({ library: "c", symbol: "getpgid", pid: process.pid, fn: "f" }),
  },
  tracepoint: { text: EMPTY, use: b => b.attachTracepoint({ event: "syscalls:sys_enter_getpgid", fn: "f" }) },
  "traffic control": {
    text: "int f(struct __sk_buff *skb) { return 0; }",
    use: b => b.tc("lo").egress.attach("f"),
  },
  xdp: { text: "int f(struct xdp_md *ctx) { return XDP_PASS; }", use: b => b.xdp("lo").attach("f") },
  "control group": {
    text: `${LIBBPF}SEC("cgroup/connect4") int f(struct bpf_sock_addr *ctx) { return 1; }`,
    use: b => b.cgroup(mounts("cgroup2")[0] ?? "").attach("f"),
  },
}

const scenarios: Record<string, () => unknown> = {
  doctor: () => console.log(JSON.stringify(doctor())),
  "on: undefined": () => twice({}),
  "on: vm": () => twice({ on: "vm" }),
  "on: kernel": () => twice({ on: "kernel" }),
}

/** Loads a filter twice, runs it, and tells where it was, and which warnings came. */
async function twice(where: Pick<LoadOptions, "on">): Promise<void> {
  const warnings: unknown[] = []
  process.on("warning", warning => warnings.push((warning as { code?: string }).code, warning.message))
  const ran: unknown[] = []
  for (const text of [FILTER, FILTER]) {
    using b = await BPF.load({ ...where, text })
    ran.push(b.on, b.program("f", { type: "socket_filter" }).testRun({ data: new Uint8Array(64) }).retval)
  }
  await setImmediate()
  console.log(JSON.stringify({ ran, warnings }))
}
for (const [name, { text, use }] of Object.entries(tried)) {
  scenarios[name] = async () => {
    using b = await BPF.load({ text })
    await use?.(b)
    console.log("done")
  }
}

if (!childScenarios(scenarios)) {
  const skip = needsSetpriv
  const before = (version: string): string | false =>
    skip || (!kernelAtLeast(version) && `Linux ${version} brought these capabilities`)

  const CAPABILITIES = { none: [], bpf: ["bpf"], tracing: ["bpf", "perfmon"], network: ["bpf", "net_admin"] } as const

  /** What a user with these capabilities can do. */
  function can(rights: keyof typeof CAPABILITIES, ...names: (keyof typeof tried)[]): void {
    for (const name of names) {
      const needsGroup = name === "control group" && !skip && mounts("cgroup2").length === 0 && "no cgroup2 is mounted"
      test(`a user with ${CAPABILITIES[rights].join(", ")} can: ${name}`, { skip: before("5.8") || needsGroup }, () => {
        const child = runWithRights(import.meta.url, name, CAPABILITIES[rights])
        assert.equal(child.stdout, "done\n", child.stderr)
      })
    }
  }
  can("bpf", "table", "socket filter")
  can("tracing", "table", "raw tracepoint", "ring buffer", "perf buffer", "typed tracepoint", "iterator", "counter")
  can("network", "traffic control", "xdp", "control group")

  /** Where a program runs for a user with these capabilities, and what Node warns of. */
  function runsOn(rights: keyof typeof CAPABILITIES, where: string, on: string, ...warnings: string[]): void {
    test(`a user with ${CAPABILITIES[rights].join(", ") || "nothing"}, ${where}: ${on}`, {
      skip: before("5.8"),
    }, () => {
      const child = runWithRights(import.meta.url, where, CAPABILITIES[rights])
      assert.deepEqual(JSON.parse(child.stdout), { ran: [on, 50, on, 50], warnings }, child.stderr)
    })
  }
  const notice =
    "programs run on skep's embedded machine, not in the kernel: bpf(2) is not permitted: this process lacks CAP_BPF; for the kernel, run it with sudo; " +
    'on: "vm" says so without this line'
  runsOn("none", "on: undefined", "vm", "SKEP_EMBEDDED", notice)
  runsOn("none", "on: vm", "vm")
  runsOn("network", "on: undefined", "kernel")
  runsOn("network", "on: kernel", "kernel")

  const multi = before("6.6") || false
  test("a user with bpf, perfmon can: uprobe, by a link where perf wants more", { skip: multi }, () => {
    const child = runWithRights(import.meta.url, "uprobe", CAPABILITIES.tracing)
    assert.equal(child.stdout, "done\n", child.stderr)
  })

  /** What a user is told who lacks something: what it is, and the command that gives it. */
  function lacks(rights: keyof typeof CAPABILITIES, name: string, missing: string, command: string): void {
    test(`a user with ${CAPABILITIES[rights].join(", ") || "nothing"}: ${missing}: ${name}`, {
      skip: before("5.8"),
    }, () => {
      const child = runWithRights(import.meta.url, name, CAPABILITIES[rights])
      const [message, hint] = child.stdout.split("\n")
      assert.match(message, /^KERNEL_NO_PERMISSION: /, child.stderr)
      assert.ok(message.endsWith(`: ${missing}`), message)
      assert.ok(hint.includes(command), hint)
    })
  }
  const setcap = (names: string): string => `sudo setcap ${names}+ep "$(command -v node)"`
  lacks("none", "raw tracepoint", "this process lacks CAP_BPF and CAP_PERFMON", setcap("cap_bpf,cap_perfmon"))
  lacks("none", "typed tracepoint", "this process lacks CAP_BPF and CAP_PERFMON", setcap("cap_bpf,cap_perfmon"))
  lacks("none", "iterator", "this process lacks CAP_BPF and CAP_PERFMON", setcap("cap_bpf,cap_perfmon"))
  lacks("none", "counter", "this process lacks CAP_BPF and CAP_PERFMON", setcap("cap_bpf,cap_perfmon"))
  lacks("none", "uprobe", "this process lacks CAP_BPF and CAP_PERFMON", setcap("cap_bpf,cap_perfmon"))
  lacks("none", "xdp", "this process lacks CAP_BPF and CAP_NET_ADMIN", setcap("cap_bpf,cap_net_admin"))
  lacks("none", "traffic control", "this process lacks CAP_BPF and CAP_NET_ADMIN", setcap("cap_bpf,cap_net_admin"))
  lacks("none", "on: kernel", "this process lacks CAP_BPF", setcap("cap_bpf"))
  lacks("bpf", "raw tracepoint", "this process lacks CAP_PERFMON", setcap("cap_bpf,cap_perfmon"))
  lacks("tracing", "xdp", "this process lacks CAP_NET_ADMIN", setcap("cap_bpf,cap_net_admin,cap_perfmon"))
  lacks("network", "typed tracepoint", "this process lacks CAP_PERFMON", setcap("cap_bpf,cap_perfmon,cap_net_admin"))
  lacks(
    "tracing",
    "tracepoint",
    "its files belong to root",
    "sudo mount -o remount,mode=750,gid=$(id -g) /sys/kernel/tracing",
  )

  test("a perf buffer that is larger than a user may lock is refused for that", { skip: before("5.8") }, () => {
    const child = runWithRights(import.meta.url, "large perf buffer", CAPABILITIES.tracing)
    // Where the limit is higher, it is made.
    const refused =
      /^KERNEL_BUFFER_SIZE: .* buffers of 16384 KiB .* may lock\n.*sysctl kernel.perf_event_mlock_kb=16388/
    if (child.stdout !== "done\n") assert.match(child.stdout, refused, child.stderr)
  })

  test("doctor names what a user lacks, and the command that gives it", { skip: before("5.8") }, () => {
    const findings = (rights: keyof typeof CAPABILITIES): ReturnType<typeof doctor> =>
      JSON.parse(runWithRights(import.meta.url, "doctor", CAPABILITIES[rights]).stdout)
    const about = (rights: keyof typeof CAPABILITIES, what: string) => findings(rights).find(f => f.what === what)
    assert.equal(about("bpf", "CAP_BPF")?.ok, true)
    assert.ok(about("bpf", "CAP_PERFMON")?.remedy?.includes(setcap("cap_perfmon,cap_bpf")))
    assert.match(about("bpf", "bounded loops")?.detail ?? "", /^(yes|some are refused without CAP_PERFMON)$/)
    assert.equal(about("tracing", "raw tracepoints")?.ok, true)
    const files = about("tracing", "tracing file system")
    if (files?.ok === false)
      assert.match(`${files.detail} ${files.remedy}`, /may not read.*remount,mode=750,gid=|not mounted/)
  })
}
