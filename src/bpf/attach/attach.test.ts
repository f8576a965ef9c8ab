import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import { test } from "node:test"
import { bpfDescriptors, enter, needsRoot } from "../../../tests/support/kernel.ts"
import { BPF, getTracepoints, tracepointExists } from "../index.ts"

const skip = needsRoot

/** Text in BCC's dialect that counts its calls in this process. */
const counting = `
BPF_ARRAY(hits, u64, 1);
BPF_ARRAY(cookies, u64, 1);
static int count(void *ctx, u64 cookie) {
  if (bpf_get_current_pid_tgid() >> 32 != ${process.pid}) return 0;
  hits.atomic_increment(0);
  int zero = 0;
  if (cookie) cookies.update(&zero, &cookie);
  return 0;
}
int traced(void *ctx) { return count(ctx, bpf_get_attach_cookie(ctx)); }
int raw(struct bpf_raw_tracepoint_args *ctx) { return count(ctx, 0); }
int sampled(struct bpf_perf_event_data *ctx) { return count(ctx, bpf_get_attach_cookie(ctx)); }
`

const load = (text = counting) => BPF.load({ text })
const hits = (b: BPF): bigint => b.table<number, bigint>("hits").get(0) ?? 0n
const cookie = (b: BPF): bigint => b.table<number, bigint>("cookies").get(0) ?? 0n

test("tracepoints by a regular expression", { skip }, async () => {
  using b = await load()
  const link = b.attachTracepoint({ eventRe: "syscalls:sys_(enter|exit)_getpgid", fn: "traced", cookie: 9 })
  assert.equal(b.numOpenTracepoints, 2)
  enter(4)
  assert.equal(hits(b), 8n)
  assert.equal(cookie(b), 9n)
  link.detach()
  assert.equal(b.numOpenTracepoints, 0)
  enter(4)
  assert.equal(hits(b), 8n)
})

test("a regular expression that matches none", { skip }, async () => {
  using b = await load()
  assert.throws(() => b.attachTracepoint({ eventRe: "syscalls:no", fn: "traced" }), { code: "KERNEL_NO_TRACEPOINT" })
  assert.throws(() => b.attachTracepoint({ eventRe: "(", fn: "traced" }), { code: "BPF_OPTION" })
})

test("any place through attach", { skip }, async () => {
  using b = await load()
  b.attach("traced", { kind: "tracepoint", category: "syscalls", event: "sys_enter_getpgid", cookie: 3n })
  b.attach("raw", { kind: "raw_tracepoint", event: "sys_enter" })
  enter(2)
  assert.ok(hits(b) >= 4n)
  assert.equal(cookie(b), 3n)
  assert.throws(() => b.attach("raw"), { code: "MACHINE_NO_TARGET" })
})

test("samples of this process with a cookie", { skip }, async () => {
  using b = await load()
  b.attachPerfEvent({ event: "cpu-clock", period: 1_000_000, pid: process.pid, fn: "sampled", cookie: 11 })
  const end = performance.now() + 60
  while (performance.now() < end);
  assert.ok(hits(b) > 0n)
  assert.equal(cookie(b), 11n)
  for (const options of [{}, { period: 1, frequency: 1 }, { frequency: 0 }]) {
    assert.throws(() => b.attachPerfEvent({ event: "cpu-clock", fn: "sampled", ...options }), { code: "BPF_OPTION" })
  }
})

test("one of event, eventRe and address", { skip }, async () => {
  using b = await load()
  const event = "vfs_read"
  assert.throws(() => b.attachKprobe({ event, eventRe: event, fn: "traced" }), { code: "BPF_OPTION" })
  assert.throws(() => b.attachKprobe({ fn: "traced" }), { code: "BPF_EVENT" })
})

test("a regular expression that no function matches", { skip }, async () => {
  using b = await load()
  assert.throws(() => b.attachKprobe({ eventRe: "no_such_.*", fn: "traced" }), { code: "KERNEL_NO_SYMBOL" })
})

test("what a section calls optional is not attached by itself", { skip }, async () => {
  using b = await BPF.load({
    text: `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("?tracepoint/syscalls/sys_enter_getpgid") int later(void *ctx) { return 0; }
SEC("tracepoint/syscalls/sys_enter_getpgid") int now(void *ctx) { return 0; }`,
  })
  assert.deepEqual(
    [...b.links].map(link => link.program.name),
    ["now"],
  )
  b.attach("later")
  assert.equal(b.links.size, 2)
})

test("names of tracepoints", { skip }, () => {
  assert.deepEqual(getTracepoints("syscalls:sys_enter_getpgi.*"), ["syscalls:sys_enter_getpgid"])
  assert.ok(getTracepoints(/_getpgid$/).length >= 2)
  assert.ok(tracepointExists("sched", "sched_switch"))
  assert.ok(!tracepointExists("sched", "no_such"))
  assert.ok(!tracepointExists("../sched", "sched_switch"))
})

const iterators = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
struct task_info { int tgid; int pid; char comm[16]; };
struct task_info last;
SEC("iter/task")
int tasks(struct bpf_iter__task *ctx) {
  struct task_struct *task = ctx->task;
  if (!task) return 0;
  BPF_SEQ_PRINTF(ctx->meta->seq, "%d %d\\n", task->tgid, task->pid);
  return 0;
}
SEC("iter/task")
int records(struct bpf_iter__task *ctx) {
  struct task_struct *task = ctx->task;
  struct task_info info = {};
  if (!task) return 0;
  info.tgid = task->tgid;
  info.pid = task->pid;
  bpf_probe_read_kernel_str(info.comm, sizeof info.comm, task->comm);
  last = info;
  bpf_seq_write(ctx->meta->seq, &info, sizeof info);
  return 0;
}
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, int); __type(value, long); } counts SEC(".maps");
SEC("iter/bpf_map_elem")
int elements(struct bpf_iter__bpf_map_elem *ctx) {
  int *key = ctx->key;
  long *value = ctx->value;
  if (!key || !value) return 0;
  BPF_SEQ_PRINTF(ctx->meta->seq, "%d=%ld\\n", *key, *value);
  return 0;
}
SEC("tp_btf/sys_enter")
int BPF_PROG(entered, struct pt_regs *regs, long id) { return 0; }
`

const threads = (): number[] => readdirSync("/proc/self/task").map(Number)

test("an iterator gives lines, and each loop is a new run", { skip }, async () => {
  using b = await load(iterators)
  const before = bpfDescriptors().length
  const iterator = b.iter("tasks")
  for (let run = 0; run < 2; run++) {
    const lines: string[] = []
    for await (const line of iterator) lines.push(line)
    assert.ok(lines.includes(`${process.pid} ${process.pid}`))
  }
  for await (const _ of iterator) break
  assert.equal(bpfDescriptors().length, before)
  assert.match(iterator.text(), new RegExp(`^${process.pid} ${process.pid}$`, "m"))
})

test("an iterator visits the threads of one process, as typed records", { skip }, async () => {
  using b = await load(iterators)
  type Info = { tgid: number; pid: number; comm: { text: string } }
  const found: Info[] = []
  for await (const info of b.iter("records", { pid: process.pid }).records<Info>("struct task_info")) found.push(info)
  assert.ok(found.every(info => info.tgid === process.pid))
  assert.deepEqual(
    threads().filter(thread => !found.some(info => info.pid === thread)),
    [],
  )
  assert.throws(() => b.iter("task"), { code: "BPF_NO_FUNCTION" })
  await assert.rejects(b.iter("records").records("struct no_such").next(), { code: "BPF_NO_TYPE" })
})

test("an iterator visits the elements of a map", { skip }, async () => {
  using b = await load(iterators)
  const counts = b.table<number, bigint>("counts")
  counts.set(1, 10n).set(2, 20n)
  assert.deepEqual(b.iter("bpf_map_elem", { map: counts.map }).text().trim().split("\n").sort(), ["1=10", "2=20"])
  assert.throws(() => b.iter("elements").text(), { code: "KERNEL_ITERATOR" })
})

test("a typed tracepoint is where its section says, and nowhere else", { skip }, async () => {
  using b = await BPF.load({ text: iterators, autoAttach: false })
  const link = b.attachTpBtf({ fn: "entered" })
  assert.equal(link.info?.type, "raw_tracepoint")
  link.detach()
  b.attachTpBtf({ fn: "entered", event: "sys_enter" }).detach()
  assert.throws(() => b.attachTpBtf({ fn: "entered", event: "sys_exit" }), { code: "KERNEL_ATTACH_TYPE" })
})
