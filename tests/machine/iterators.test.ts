import assert from "node:assert/strict"
import { test } from "node:test"
import { kernelSnapshot } from "../../src/bpf/host/snapshot.ts"
import { BPF } from "../../src/bpf/index.ts"
import { simulate } from "../../src/sim/index.ts"
import { VirtualMachine } from "../../src/vm/index.ts"
import { needsRoot } from "../support/kernel.ts"

const HEAD = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char _license[] SEC("license") = "GPL";
`
const ELEMENTS = `
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, u32); __type(value, u64); } hash SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 3); __type(key, u32); __type(value, u64); } array SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 2); __type(key, u32); __type(value, u64); } each SEC(".maps");
SEC("iter/bpf_map_elem") int dump(struct bpf_iter__bpf_map_elem *ctx) {
  struct seq_file *seq = ctx->meta->seq;
  u32 *key = ctx->key; u64 *value = ctx->value;
  if (!key || !value) { BPF_SEQ_PRINTF(seq, "%llu is last\\n", ctx->meta->seq_num); return 0; }
  if (ctx->meta->seq_num == 0) BPF_SEQ_PRINTF(seq, "key value\\n");
  BPF_SEQ_PRINTF(seq, "%u %llu\\n", *key, *value);
  *value += 1;
  return 0;
}
SEC("iter/bpf_map_elem") int raw(struct bpf_iter__bpf_map_elem *ctx) {
  u64 *value = ctx->value;
  if (value) bpf_seq_write(ctx->meta->seq, value, 8);
  return 0;
}
SEC("iter/bpf_map_elem") int again(struct bpf_iter__bpf_map_elem *ctx) { return 1; }
SEC("iter/task") int tasks(struct bpf_iter__task *ctx) {
  struct task_struct *task = ctx->task;
  if (task) BPF_SEQ_PRINTF(ctx->meta->seq, "%d %d %s\\n", task->tgid, task->pid, task->comm);
  return 0;
}
SEC("iter/task_file") int files(struct bpf_iter__task_file *ctx) {
  if (ctx->task && ctx->file) BPF_SEQ_PRINTF(ctx->meta->seq, "%d %d\\n", ctx->task->tgid, ctx->fd);
  return 0;
}
`

const types = () => kernelSnapshot().btf
const load = (where: Parameters<typeof BPF.load>[0]) => BPF.load({ ...where, text: HEAD + ELEMENTS, autoAttach: false })

/** What the iterators over elements print; those of a hash sorted, as its order is nobody's business. */
async function printed(where: Parameters<typeof BPF.load>[0]): Promise<unknown> {
  using b = await load(where)
  const [hash, array] = [b.table("hash"), b.table("array")]
  for (let i = 0; i < 5; i++) hash.map.update(Uint8Array.of(i * 3, 0, 0, 0), Uint8Array.of(i, 1, 0, 0, 0, 0, 0, 0))
  array.map.update(Uint8Array.of(1, 0, 0, 0), Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0))
  const lines = (map: typeof hash) => b.iter("dump", { map }).text().trimEnd().split("\n")
  return {
    hash: [lines(hash).sort(), lines(hash).sort()],
    array: [lines(array), lines(array)],
    records: [...b.iter("raw", { map: array }).text()].map(c => c.charCodeAt(0)),
  }
}

test("elements of maps, read and changed, as in the kernel", { skip: needsRoot }, async () => {
  const expected = await printed({ on: "kernel" })
  for (const jit of [false, true])
    assert.deepEqual(await printed({ machine: new VirtualMachine({ jit, types }) }), expected)
})

test("elements of a table that is one for each CPU", async () => {
  using b = await load({ machine: new VirtualMachine({ types }) })
  const map = b.table("each")
  map.map.update(Uint8Array.of(1, 0, 0, 0), Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0))
  assert.equal(b.iter("dump", { map }).text(), "key value\n0 0\n1 4\n1 is last\n")
})

test("an iterator that goes wrong says so", async () => {
  using b = await load({ machine: new VirtualMachine({ types }) })
  assert.throws(() => b.iter("again", { map: b.table("array") }).text(), { code: "KERNEL_ITERATOR" })
  assert.throws(() => b.iter("dump").text(), { code: "KERNEL_ITERATOR" })
  assert.equal(b.iter("tasks").text(), "")
})

test("tasks of the simulated kernel, and their files", async () => {
  const { machine, system } = simulate(kernelSnapshot())
  const shell = system.spawn({ comm: "bash" }, function* () {})
  using b = await load({ machine })
  const expected = [...system.processes()].map(({ tgid, pid, comm }) => `${tgid} ${pid} ${comm}`)
  assert.deepEqual(b.iter("tasks").text().trimEnd().split("\n").sort(), expected.sort())
  assert.equal(b.iter("tasks", { pid: shell.pid }).text(), `${shell.pid} ${shell.pid} bash\n`)
  const task = [...system.processes()].find(({ pid }) => pid === shell.pid)
  const descriptors = [...(task?.files.keys() ?? [])].map(fd => `${shell.pid} ${fd}\n`)
  assert.equal(b.iter("files", { pid: shell.pid }).text(), descriptors.join(""))
})
