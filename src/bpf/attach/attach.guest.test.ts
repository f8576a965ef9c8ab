import assert from "node:assert/strict"
import { readFileSync, statfsSync, statSync } from "node:fs"
import { test } from "node:test"
import { bpfDescriptors, enter } from "../../../tests/support/kernel.ts"
import { sys } from "../../kernel/index.ts"
import { kernelSymbols } from "../../symbols/index.ts"
import { BPF, getKprobeFunctions, SkepError } from "../index.ts"

const counting = `
BPF_ARRAY(hits, u64, 1);
BPF_ARRAY(cookies, u64, 1);
int count(struct pt_regs *ctx) {
  u64 cookie = bpf_get_attach_cookie(ctx);
  int zero = 0;
  if (bpf_get_current_pid_tgid() >> 32 != ${process.pid}) return 0;
  hits.atomic_increment(zero);
  if (cookie) cookies.update(&zero, &cookie);
  return 0;
}
`
const hits = (b: BPF): bigint => b.table<number, bigint>("hits").get(0) ?? 0n
const getpgid = BPF.syscallName("getpgid")
const GETPGID = process.arch === "x64" ? 121 : 155

test("kprobes by a regular expression with a cookie, and a list of kretprobes", async () => {
  using b = await BPF.load({ text: counting })
  const both = [
    b.attachKprobe({ eventRe: `${getpgid}|vfs_statfs`, fn: "count", cookie: 21 }),
    b.attach("count", { kind: "kretprobe_multi", event: "one", functions: [getpgid] }),
  ]
  assert.equal(b.numOpenKprobes, 3)
  enter(4)
  assert.equal(hits(b), 8n)
  assert.equal(b.table<number, bigint>("cookies").get(0), 21n)
  for (const link of both) link.detach()
  assert.equal(b.numOpenKprobes, 0)
  enter(4)
  assert.equal(hits(b), 8n)
})

test("a kprobe by the portable name of a system call, at an address, behind the entry, and a kretprobe with maxactive", async () => {
  using b = await BPF.load({ text: counting })
  const [{ address }] = kernelSymbols().find(getpgid)
  assert.ok(address > 0n)
  const places = [
    () => b.attachKprobe({ event: b.syscallName("getpgid"), fn: "count" }),
    () => b.attachKprobe({ address, fn: "count" }),
    () => b.attachKretprobe({ event: getpgid, maxactive: 32, fn: "count" }),
    // Behind the five bytes that function tracing keeps for itself.
    ...(process.arch === "x64" ? [() => b.attachKprobe({ event: getpgid, offset: 5, fn: "count" })] : []),
  ]
  for (const [i, attach] of places.entries()) {
    const link = attach()
    enter(3)
    link.detach()
    enter(1)
    assert.equal(hits(b), BigInt(3 * (i + 1)))
  }
})

test("more than 100 functions, with progress, and all are detached", async () => {
  using b = await BPF.load({ text: counting })
  b.program("count", { type: "kprobe" })
  const before = bpfDescriptors().length
  const known = getKprobeFunctions(
    /^(vfs_(read|write|rea)$|__(x64|arm64)_sys_(get|set|sched|clock|timer|sem|shm|msg|io|mq|f|p))/,
  )
  assert.ok(known.includes("vfs_read") && known.includes("vfs_write") && !known.includes("vfs_rea"))
  const names = known.filter(name => name.includes("_sys_")).slice(0, 102)
  assert.ok(names.length > 100)
  const reports: number[] = []
  const link = b.attachKprobe({
    eventRe: names.join("|"),
    fn: "count",
    onProgress: (done, total) => reports.push(done, total),
  })
  assert.deepEqual(reports.slice(-2), [names.length, names.length])
  assert.equal(b.numOpenKprobes, names.length)
  link.detach()
  assert.equal(bpfDescriptors().length, before)
})

test("an error at one of many functions leaves none", async () => {
  using b = await BPF.load({ text: counting })
  b.program("count", { type: "kprobe" })
  const before = bpfDescriptors().length
  const target = { kind: "kprobe_multi", event: "two", functions: [getpgid, "no_such_function"] } as const
  assert.throws(() => b.attach("count", target), { code: "KERNEL_NO_SYMBOL", message: /place 2 of 2; nothing stays/ })
  assert.equal(bpfDescriptors().length, before)
  assert.equal(b.numOpenKprobes, 0)
})

const typed = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
long entries, exits, cookie, opens, raws, typed_raws, many_calls;
static int own(void) { return bpf_get_current_pid_tgid() >> 32 == ${process.pid}; }
SEC("?fentry/vfs_statfs") int BPF_PROG(entered) { if (own()) { entries++; cookie = bpf_get_attach_cookie(ctx); } return 0; }
SEC("?fexit/vfs_statfs") int BPF_PROG(left, const struct path *path, struct kstatfs *buf, int result) { if (own() && !result) exits++; return 0; }
SEC("?fmod_ret/security_task_getpgid") int BPF_PROG(replaced, struct task_struct *task, int result) { return own() ? -77 : 0; }
SEC("?lsm/file_open") int BPF_PROG(opened, struct file *file) { if (own()) opens++; return 0; }
SEC("?lsm/task_getpgid") int BPF_PROG(denied, struct task_struct *task) { return own() ? -1 : 0; }
SEC("?tp_btf/sys_enter") int BPF_PROG(typed_enter, struct pt_regs *regs, long id) { if (own() && id == ${GETPGID}) typed_raws++; return 0; }
SEC("?raw_tp/sys_enter") int raw_enter(struct bpf_raw_tracepoint_args *ctx) { if (own() && ctx->args[1] == ${GETPGID}) raws++; return 0; }
SEC("?kprobe.multi/*_sys_getpgid") int many(struct pt_regs *ctx) { if (own()) many_calls++; return 0; }
SEC("?iter/task") int tasks(struct bpf_iter__task *ctx) {
  if (ctx->task) BPF_SEQ_PRINTF(ctx->meta->seq, "%d %d\\n", ctx->task->tgid, ctx->task->pid);
  return 0;
}
`
const result = (): number => sys().call(GETPGID, process.pid)

test("typed places: fentry with a cookie, fexit, fmod_ret, LSM, tp_btf, and a raw tracepoint, an iterator and kprobe.multi beside them", async t => {
  using b = await BPF.load({ text: typed })
  const count = (name: string): number => Number(b.globals[name])

  await t.test("fentry with a cookie, and fexit", () => {
    const links = [b.attachFentry({ fn: "entered", cookie: 77 }), b.attachFexit({ fn: "left" })]
    assert.deepEqual(
      links.map(link => link.info?.type),
      ["tracing", "tracing"],
    )
    statfsSync("/")
    statfsSync("/")
    for (const link of links) link.detach()
    statfsSync("/")
    assert.deepEqual([count("entries"), count("exits"), count("cookie")], [2, 2, 77])
  })

  await t.test("fmod_ret: the program's result takes the place of the function's", () => {
    assert.ok(result() >= 0)
    const link = b.attachFmodRet({ fn: "replaced" })
    assert.equal(result(), -77)
    link.detach()
    assert.ok(result() >= 0)
  })

  await t.test(
    "LSM: a hook sees what is asked, and another one refuses it",
    {
      skip: readFileSync("/sys/kernel/security/lsm", "utf8").split(",").includes("bpf")
        ? false
        : "the kernel was started without bpf in lsm=",
    },
    () => {
      const seeing = b.attachLsm({ fn: "opened" })
      statSync("/")
      readFileSync("/proc/self/status")
      seeing.detach()
      assert.ok(count("opens") > 0)
      const link = b.attachLsm({ fn: "denied" })
      assert.equal(result(), -1)
      link.detach()
      assert.ok(result() >= 0)
    },
  )

  await t.test("a typed and a raw tracepoint", () => {
    const links = [b.attachTpBtf({ fn: "typed_enter" }), b.attachRawTracepoint({ event: "sys_enter", fn: "raw_enter" })]
    enter(4)
    for (const link of links) link.detach()
    enter(1)
    assert.deepEqual([count("typed_raws"), count("raws")], [4, 4])
  })

  await t.test(
    "SEC(kprobe.multi) is attached to all that match its pattern, by a probe each where the kernel has no such links",
    () => {
      const link = b.attach("many")
      enter(3)
      link.detach()
      assert.equal(count("many_calls"), 3)
    },
  )

  await t.test("an iterator", async () => {
    const lines: string[] = []
    for await (const line of b.iter("tasks", { pid: process.pid })) lines.push(line)
    assert.ok(lines.includes(`${process.pid} ${process.pid}`))
  })
})

const sampled = `
BPF_ARRAY(hits, u64, 1);
int sample(struct bpf_perf_event_data *ctx) { hits.atomic_increment(0); return 0; }
`

test("counters of perf: a clock, page faults, a breakpoint, and the processor's own where there are any", async t => {
  using b = await BPF.load({ text: sampled })
  const pid = process.pid
  const counts = (name: string, attach: () => { detach(): void }, act: () => void): Promise<void> =>
    t.test(name, t => {
      b.table<number, bigint>("hits").set(0, 0n)
      try {
        const link = attach()
        act()
        link.detach()
      } catch (error) {
        if (name === "cycles" && error instanceof SkepError && error.code === "KERNEL_NO_PERF_EVENT") {
          return t.skip("this processor has no hardware counters")
        }
        throw error
      }
      assert.ok(hits(b) > 0n)
    })
  const work = (): void => {
    const end = performance.now() + 100
    while (performance.now() < end);
  }
  await counts("cpu-clock", () => b.attachPerfEvent({ event: "cpu-clock", period: 1_000_000, pid, fn: "sample" }), work)
  await counts(
    "page-faults",
    () => b.attachPerfEvent({ event: "page-faults", period: 1, pid, fn: "sample" }),
    () => Buffer.alloc(1 << 20, 1),
  )
  const watched = new Uint8Array(8)
  const breakpoint = sys().address(watched)
  await counts(
    "breakpoint",
    () => b.attachPerfEvent({ event: { breakpoint, access: "w" }, period: 1, pid, fn: "sample" }),
    () => watched.fill(1),
  )
  await counts("cycles", () => b.attachPerfEvent({ event: "cycles", period: 100_000, pid, fn: "sample" }), work)
})
