import assert from "node:assert/strict"
import { existsSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { pathToFileURL } from "node:url"
import { CLANG_PRELUDE, clangObject, skipClang } from "../../../tests/support/clang.ts"
import { bpfDescriptors, needsKernel, needsMachine, onVm } from "../../../tests/support/kernel.ts"
import { inTempDirAsync } from "../../../tests/support/tools.ts"
import { BPF, HashTable, type ObjectOptions, SkepError } from "../index.ts"

const skip = needsMachine || skipClang
const packet = new Uint8Array(64)

const clang = (source: string): Uint8Array =>
  clangObject(`${CLANG_PRELUDE}\n${source}\nchar licence[] SEC("license") = "GPL";`, "a", ["-mcpu=v3", "-w"])

/** What `main_program` of an object returns. */
const run = (b: BPF): number => b.program("main_program").testRun({ data: packet }).retval

const COUNTS = `struct key { u32 pid; u32 cpu; };
  struct { __uint(type, 1); __uint(max_entries, 16); __type(key, struct key); __type(value, u64); } counts SEC(".maps");`
const ADD = (by: number) => `SEC("socket") int main_program(void *ctx) {
  struct key key = { .pid = 7, .cpu = 1 };
  u64 *count = bpf_map_lookup_elem(&counts, &key), one = ${by};
  if (count) *count += one; else ((long (*)(void *, void *, void *, u64))2)(&counts, &key, &one, 0);
  return 0;
}`

test("an object of clang's is loaded from its bytes, a path, a URL", { skip }, async () => {
  const bytes = clang(`${COUNTS} ${ADD(1)}`)
  await inTempDirAsync(async dir => {
    const path = join(dir, "counts.o")
    writeFileSync(path, bytes)
    for (const file of [bytes, path, pathToFileURL(path)]) {
      using b = await BPF.fromObject(file)
      run(b)
      run(b)
      assert.deepEqual(
        [...b.table("counts", HashTable<{ pid: number; cpu: number }, bigint>)],
        [[{ pid: 7, cpu: 1 }, 2n]],
      )
    }
    using b = await BPF.load({ file: path })
    assert.equal(b.table("counts").size, 0)
  })
})

test("variables and sizes are set before an object is loaded", { skip }, async () => {
  const bytes = clang(`${COUNTS} const volatile int threshold = 1; int data = 2;
    SEC("socket") int main_program(void *ctx) { return threshold * 100 + data; }`)
  using b = await BPF.fromObject(bytes, { globals: { threshold: 5, data: 7 }, maxEntries: { counts: 1000 } })
  assert.equal(run(b), 507)
  assert.equal(b.table("counts").maxEntries, 1000)
  assert.throws(() => (b.globals.threshold = 6), { code: "BPF_GLOBAL_READ_ONLY" })
})

test("several objects are linked", { skip }, async () => {
  const main = clang('extern int twice(int x); SEC("socket") int main_program(void *ctx) { return twice(21); }')
  const other = clang("int twice(int x) { return 2 * x; }")
  using b = await BPF.fromObject([main, other])
  assert.equal(run(b), 42)
  await assert.rejects(BPF.fromObject(main), { code: "KERNEL_NOT_LINKED" })
})

test("a map is shared by two objects, and stays when the first is closed", { skip }, async () => {
  const before = bpfDescriptors().length
  const first = await BPF.fromObject(clang(`${COUNTS} ${ADD(1)}`))
  run(first)
  // The second object has its types under other numbers.
  const second = clang(`struct more { char text[3]; } more; ${COUNTS} ${ADD(10)}`)
  using b = await BPF.fromObject(second, { maps: { counts: first.table("counts") } })
  run(b)
  assert.equal(first.table("counts").get({ pid: 7, cpu: 1 }), 11n)
  first.close()
  run(b)
  assert.deepEqual([...b.table("counts")], [[{ pid: 7, cpu: 1 }, 21n]])
  b.close()
  assert.equal(bpfDescriptors().length, before)
})

test("a map of another kind is not taken for the program's", { skip: needsKernel }, async () => {
  using other = await BPF.load({ text: "BPF_HASH(counts, u64, u32);" })
  const before = bpfDescriptors().length
  await assert.rejects(
    BPF.fromObject(clang(`${COUNTS} ${ADD(1)}`), { maps: { counts: other.table("counts") } }),
    (error: unknown) => {
      assert.ok(error instanceof SkepError)
      assert.equal(error.code, "KERNEL_MAP_DIFFERS")
      assert.match(
        error.parts.why ?? "",
        /^it has type hash, 8-byte keys, 4-byte values and 10240 entries; the program's has .* 8-byte values$/,
      )
      return true
    },
  )
  assert.equal(bpfDescriptors().length, before)
})

test("maps are pinned by their names, in a folder, at a path, or not", { skip: needsKernel }, async () => {
  const folder = `/sys/fs/bpf/skep-objects-${process.pid}`
  const PINNED = `struct { __uint(type, 2); __uint(max_entries, 1); __type(key, u32); __type(value, u32); __uint(pinning, 1); }
    skep_objects_pinned SEC(".maps"); int data = 5;
    SEC("socket") int main_program(void *ctx) {
      u32 zero = 0, *value = bpf_map_lookup_elem(&skep_objects_pinned, &zero);
      return value ? ++*value + 100 * data++ : 0;
    }`
  const bytes = clang(PINNED)
  try {
    const runs = async (options: ObjectOptions): Promise<number> => {
      using b = await BPF.fromObject(bytes, options)
      return run(b)
    }
    assert.equal(await runs({ pinFolder: folder }), 501)
    assert.equal(await runs({ pinFolder: folder }), 502)
    assert.ok(existsSync(`${folder}/skep_objects_pinned`))
    assert.equal(await runs({ pinned: { skep_objects_pinned: false } }), 501)
    const pinned = { skep_objects_pinned: `${folder}/deep/other`, ".data": `${folder}/data` }
    assert.equal(await runs({ pinned }), 501)
    // Data that is pinned keeps what programs have made of it.
    assert.equal(await runs({ pinned }), 602)
    await assert.rejects(runs({ pinned, maxEntries: { skep_objects_pinned: 2 } }), { code: "KERNEL_PIN_DIFFERS" })
    assert.equal(existsSync("/sys/fs/bpf/skep_objects_pinned"), false)
    await runs({})
    assert.ok(existsSync("/sys/fs/bpf/skep_objects_pinned"))
  } finally {
    rmSync("/sys/fs/bpf/skep_objects_pinned", { force: true })
    rmSync(folder, { recursive: true, force: true })
  }
})

test("programs are switched on and off", { skip: needsKernel }, async () => {
  const bytes = clang(`SEC("?socket") int off(void *ctx) { return 1; }
    SEC("socket") int bad(void *ctx) { return *(int *)0; }
    SEC("socket") int main_program(void *ctx) { return 3; }`)
  await assert.rejects(BPF.fromObject(bytes), { code: "KERNEL_VERIFIER" })
  using b = await BPF.fromObject(bytes, { autoload: { bad: false } })
  assert.equal(run(b), 3)
  assert.equal(b.program("off").testRun({ data: packet }).retval, 1)
  await assert.rejects(BPF.fromObject(bytes, { autoload: { bad: true, off: true } }), { code: "KERNEL_VERIFIER" })
})

test("programs are attached where their sections say, at once or later, or none of them", {
  skip: needsKernel,
}, async () => {
  const COUNT = `int hits, pid;
    SEC("raw_tp/sys_enter") int entered(u64 *ctx) {
      if ((((u64 (*)(void))14)() >> 32) == pid && ctx[1] == 95) __sync_fetch_and_add(&hits, 1);
      return 0;
    }
    SEC("?raw_tp/sys_enter") int off(u64 *ctx) { hits = 1000; return 0; }
    SEC("iter/task") int walk(void *ctx) { return 0; }
    SEC("socket") int main_program(void *ctx) { return 0; }`
  const globals = { pid: process.pid }
  const mask = process.umask()
  {
    using b = await BPF.fromObject(clang(COUNT), { globals })
    assert.deepEqual(
      [...b.links].map(link => link.place),
      ["raw_tracepoint sys_enter"],
    )
    process.umask(mask)
    assert.equal(b.globals.hits, 1)
  }
  {
    using b = await BPF.fromObject(clang(COUNT), { globals, autoAttach: false })
    process.umask(mask)
    const links = b.attachAll()
    assert.deepEqual(
      links.map(link => link.program.name),
      ["entered"],
    )
    process.umask(mask)
    for (const link of links) link.detach()
    process.umask(mask)
    assert.equal(b.globals.hits, 1)
  }
  {
    const bytes = clang(`${COUNT} SEC("tp/no/such") int nowhere(void *ctx) { return 0; }`)
    using b = await BPF.fromObject(bytes, { globals, autoAttach: false })
    assert.throws(() => b.attachAll(), { code: "KERNEL_NO_TRACEPOINT" })
    assert.equal(b.links.size, 0)
  }
})

test("the kernel's configuration and types can be given", { skip }, async () => {
  const bytes =
    clang(`extern int CONFIG_NO_SUCH __kconfig; extern char CONFIG_TEXT[8] __kconfig; extern _Bool CONFIG_ON __kconfig;
    struct task_struct { int bees; } __attribute__((preserve_access_index));
    SEC("socket") int main_program(void *ctx) {
      struct task_struct *t = 0;
      return CONFIG_NO_SUCH + CONFIG_TEXT[1] * CONFIG_ON + (long)__builtin_preserve_access_index(&t->bees);
    }`)
  const kernelTypes = clang("struct task_struct { int pid; int wings; int bees; } task;")
  const kconfig = { CONFIG_NO_SUCH: 1000, CONFIG_TEXT: "abc", CONFIG_ON: true }
  using b = await BPF.fromObject(bytes, { kconfig, kernelTypes })
  assert.equal(run(b), 1000 + 98 + 8)
  await assert.rejects(BPF.fromObject(bytes, { kernelTypes }), { code: "KERNEL_NO_OPTION" })
  // What a kernel has nothing for is found by its verifier.
  if (!onVm) await assert.rejects(BPF.fromObject(bytes, { kconfig }), { code: "KERNEL_LACKS" })
})

test("tables of operations are switched on and off with their programs", { skip: needsKernel }, async () => {
  const bytes = clang(`struct tcp_congestion_ops { u32 flags; u32 (*ssthresh)(void *sk); char name[16]; };
    SEC("struct_ops/ssthresh") u32 first(u64 *ctx) { return 2; }
    SEC("struct_ops/ssthresh") u32 second(u64 *ctx) { return 2; }
    SEC("struct_ops/no_such") u32 nobodys(u64 *ctx) { return 2; }
    SEC(".struct_ops") struct tcp_congestion_ops on = { .ssthresh = (void *)first, .name = "skep_on" };
    SEC("?.struct_ops") struct tcp_congestion_ops off = { .ssthresh = (void *)second, .name = "skep_off" };`)
  const loads = async (autoload: ObjectOptions["autoload"], ...expected: string[]): Promise<void> => {
    using b = await BPF.fromObject(bytes, { autoload, autoAttach: false })
    assert.deepEqual(
      ["on", "off"].filter(name => isThere(b, name)),
      expected,
    )
    assert.deepEqual(b.notes, [])
  }
  const isThere = (b: BPF, name: string): boolean => {
    try {
      return b.table(name).fd > 0
    } catch {
      return false
    }
  }
  await loads({}, "on")
  await loads({ off: true }, "on", "off")
  await loads({ on: false })
})

test("the type of events is told", { skip }, async () => {
  const bytes = clang(`struct event { u32 a; u32 b; } unused;
    struct { __uint(type, 27); __uint(max_entries, 4096); } events SEC(".maps");
    SEC("socket") int main_program(void *ctx) {
      struct event event = { 3, 4 };
      return ((long (*)(void *, void *, u64, u64))130)(&events, &event, sizeof(event), 0);
    }`)
  using b = await BPF.fromObject(bytes, { eventTypes: { events: "struct event" } })
  run(b)
  for await (const event of b.events("events")) {
    assert.deepEqual({ ...event }, { a: 3, b: 4 })
    break
  }
})

function refused(what: string, code: string, load: () => Promise<unknown>): void {
  test(`${what} is refused`, { skip }, () =>
    assert.rejects(load(), (error: unknown) => error instanceof SkepError && error.code === code),
  )
}
const plain = skip ? new Uint8Array() : clang(`${COUNTS} int data = 1; ${ADD(1)}`)
refused("no object", "BPF_OPTION", () => BPF.fromObject([]))
refused("what is no object", "BPF_OPTION", () => BPF.fromObject(7 as unknown as string))
refused("a file that is not there", "BPF_FILE", () => BPF.fromObject("/no/such.o"))
refused("a file of another kind", "OBJECT_ELF_MAGIC", () => BPF.fromObject(new TextEncoder().encode("int f;")))
refused("a size of a map that is not there", "BPF_NO_TABLE", () => BPF.fromObject(plain, { maxEntries: { count: 1 } }))
refused("no size", "BPF_OPTION", () => BPF.fromObject(plain, { maxEntries: { counts: 0 } }))
refused("a size of global data", "BPF_OPTION", () => BPF.fromObject(plain, { maxEntries: { ".data": 2 } }))
refused("a program that is not there", "BPF_NO_FUNCTION", () => BPF.fromObject(plain, { autoload: { mine: true } }))
refused("types that are none", "BTF_BAD_MAGIC", () => BPF.fromObject(plain, { kernelTypes: new Uint8Array(64) }))
refused("a type that is not there", "BPF_NO_EVENT_TYPE", () => BPF.fromObject(plain, { eventTypes: { counts: "bee" } }))
