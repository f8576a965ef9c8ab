import assert from "node:assert/strict"
import { existsSync, readFileSync, rmSync } from "node:fs"
import { after, test } from "node:test"
import { collectGarbage } from "../../tests/support/garbage.ts"
import { bpfDescriptors, needsKernel } from "../../tests/support/kernel.ts"
import { ownNetwork } from "../../tests/support/network.ts"
import { mounts, setSys, sys } from "../kernel/index.ts"
import { BPF, SkepError } from "./index.ts"

const skip = needsKernel
const pins = `${mounts("bpf")[0] ?? "/sys/fs/bpf"}/skep-failing-${process.pid}`

/** System calls until the next one that fails; none does while it is infinite. */
let untilFailure = Number.POSITIVE_INFINITY
let errno = 0
if (!skip) {
  ownNetwork()
  const real = sys()
  const { close, munmap } = real.numbers
  setSys({
    ...real,
    call(number, ...args) {
      // These cannot fail for a descriptor and a mapping that are there.
      if (number !== close && number !== munmap && untilFailure-- === 0) return -errno
      return real.call(number, ...args)
    },
  })
}
after(() => {
  if (!skip) rmSync(pins, { recursive: true, force: true })
})

interface Held {
  readonly descriptors: readonly string[]
  readonly mappings: number
  readonly pinned: boolean
}

function held(): Held {
  const mappings = readFileSync("/proc/self/maps", "utf8").match(/anon_inode:.*(bpf|perf_event)/g) ?? []
  return { descriptors: bpfDescriptors().sort(), mappings: mappings.length, pinned: existsSync(`${pins}/counts`) }
}

/** Memory of global variables goes when nothing refers to it. */
async function assertHeld(wanted: Held, message?: string): Promise<void> {
  if (held().mappings > wanted.mappings) await collectGarbage()
  assert.deepEqual(held(), wanted, message)
}

async function heldAtRest(): Promise<Held> {
  await collectGarbage()
  return held()
}

/** What a test loads, attaches and reads. The object must go with an error at any call. */
async function everything(texts: readonly Part[]): Promise<void> {
  for (const { text, use } of texts) {
    using b = await BPF.load({ text })
    use?.(b)
  }
}

interface Part {
  readonly text: string
  use?(b: BPF): unknown
}

const LIBBPF = '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\nchar _license[] SEC("license") = "GPL";\n'

/** Every system call that such a program needs fails once: nothing is left of what there was by then. */
function failsAnywhere(name: string, parts: readonly Part[], ...errors: readonly number[]): void {
  for (const wanted of errors) {
    test(`nothing is left after any call failed with error ${wanted}: ${name}`, { skip }, async () => {
      await everything(parts)
      const before = await heldAtRest()
      errno = wanted
      let failures = 0
      for (let call = 0; ; call++) {
        untilFailure = call
        let error: unknown
        try {
          await everything(parts)
        } catch (thrown) {
          error = thrown
        }
        const reached = untilFailure < 0
        untilFailure = Number.POSITIVE_INFINITY
        if (!reached) {
          assert.equal(error, undefined)
          break
        }
        if (error !== undefined) failures++
        assert.ok(error === undefined || error instanceof SkepError, `call ${call}: ${error}`)
        await assertHeld(before, `call ${call}: ${error}`)
      }
      // Some calls only ask what the kernel can do; skep goes on without.
      assert.ok(failures > 2, `${failures} failures`)
    })
  }
}

const ENOMEM = 12
const EPERM = 1
const EINVAL = 22

failsAnywhere(
  "tables, programs, tracepoints and buffers",
  [
    {
      text: `
BPF_HASH(counts, u32, u64);
BPF_PERCPU_ARRAY(slots, u64, 8);
BPF_PROG_ARRAY(next, 4);
BPF_RINGBUF_OUTPUT(ring, 1);
BPF_PERF_OUTPUT(perf);
struct event { u64 at; };
static u64 started = 5;
RAW_TRACEPOINT_PROBE(sched_process_exit) {
  struct event e = { started };
  counts.increment(1);
  slots.increment(2);
  ring.ringbuf_output(&e, sizeof(e), 0);
  perf.perf_submit(ctx, &e, sizeof(e));
  return 0;
}`,
      use(b) {
        b.onEvents("ring", () => {})
        b.onEvents("perf", () => {})
        b.table("counts").set(1, 2n)
        b.globals.started = 6n
      },
    },
  ],
  ENOMEM,
  EPERM,
  EINVAL,
)

failsAnywhere("a tracepoint", [{ text: "TRACEPOINT_PROBE(syscalls, sys_enter_getpgid) { return 0; }" }], ENOMEM)

failsAnywhere(
  "a function of a library",
  [
    {
      text: "int f(void *ctx) { return 0; }",
      use: b => b.attachUprobe({ library: "c", symbol: "getpgid", pid: process.pid, fn: "f" }),
    },
  ],
  ENOMEM,
)

failsAnywhere(
  "counters and the network",
  [
    {
      text: "int f(void *ctx) { return 0; }",
      use: b => b.attachPerfEvent({ event: "cpu-clock", period: 1_000_000_000, pid: process.pid, fn: "f" }),
    },
    {
      text: "int drop(struct __sk_buff *skb) { return 0; } int pass(struct xdp_md *ctx) { return XDP_PASS; }",
      use(b) {
        b.tc("veth0").egress.attach("drop", { method: "filter" })
        b.tc("veth0").ingress.attach("drop")
        b.xdp("veth0").attach("pass")
      },
    },
  ],
  ENOMEM,
)

failsAnywhere(
  "a pinned table, and constants",
  [
    {
      text: `${LIBBPF}
const volatile int limit = 5;
int seen;
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, u32); __type(value, u32); } inner SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 2); __type(key, u32); __array(values, typeof(inner)); } outer SEC(".maps") = { .values = { &inner } };
SEC("raw_tp/sched_process_exit") int one(void *ctx) { u32 key = 0; void *v = bpf_map_lookup_elem(&outer, &key); if (v) seen += limit; return 0; }
SEC("tp_btf/sched_process_exit") int two(u64 *ctx) { return 0; }`,
    },
    {
      text: `BPF_TABLE_PINNED("hash", u32, u64, counts, 16, "${pins}/counts");
RAW_TRACEPOINT_PROBE(sched_process_exit) { counts.increment(1); return 0; }`,
      use: () => rmSync(`${pins}/counts`),
    },
  ],
  ENOMEM,
)

/** A load that fails by itself at one stage. */
function fails(stage: string, text: string, code: string): void {
  test(`nothing is left when it fails: ${stage}`, { skip }, async () => {
    const before = await heldAtRest()
    await assert.rejects(BPF.load({ text }), { code })
    await assertHeld(before)
  })
}

const TABLE = `BPF_TABLE_PINNED("hash", u32, u64, counts, 16, "${pins}/counts");\nBPF_HASH(others, u32, u64);\n`
fails(
  "the second table is refused",
  `${TABLE}BPF_TABLE("lpm_trie", u64, u64, bad, 0);\nint f(void *ctx) { u64 key = 1; bad.lookup(&key); return 0; }`,
  "KERNEL_MAP_REFUSED",
)
fails(
  "the second program is refused",
  `${TABLE}RAW_TRACEPOINT_PROBE(sched_process_exit) { others.increment(1); return 0; }
RAW_TRACEPOINT_PROBE(sched_process_fork) { u32 key = 0; u64 *v = others.lookup(&key); return *v; }`,
  "KERNEL_VERIFIER",
)
fails(
  "the second attachment is refused",
  `${TABLE}RAW_TRACEPOINT_PROBE(sched_process_exit) { others.increment(1); return 0; }
RAW_TRACEPOINT_PROBE(no_such_tracepoint) { return 0; }`,
  "KERNEL_NO_TRACEPOINT",
)
