import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { CLANG_PRELUDE, clangObject, skipClang } from "../../tests/support/clang.ts"
import { SkepError } from "../base/index.ts"
import { Btf } from "../btf/index.ts"
import { type BpfObject, linkObjects, readElf, writeElf } from "./index.ts"

const SOURCE = `${CLANG_PRELUDE}
struct inner { __uint(type, 2); __uint(max_entries, 1); __type(key, u32); __type(value, u32); } one SEC(".maps");
struct { __uint(type, 12); __uint(max_entries, 2); __type(key, u32); __array(values, struct inner); } outer SEC(".maps") =
  { .values = { [1] = (void *)&one } };
struct { __uint(type, 13); __uint(max_entries, 2); __type(key, u32);
  __array(values, struct { __uint(type, 1); __uint(max_entries, 1); __type(key, u32); __type(value, u32); });
} hidden SEC(".maps");
int target(void *ctx);
struct { __uint(type, 3); __uint(max_entries, 3); __uint(key_size, 4); __array(values, int (void *)); } calls SEC(".maps") =
  { .values = { [2] = (void *)&target } };
struct { __uint(type, 30); __uint(max_entries, 3); __type(value, u32); __uint(map_extra, 5); __uint(numa_node, 1);
  __uint(map_flags, 4); __uint(pinning, 1); } bloom SEC(".maps") __weak;
extern struct inner elsewhere SEC(".maps");
extern int other_value;
extern int other_function(int x);
extern int LINUX_KERNEL_VERSION __kconfig;
extern int CONFIG_SOME __kconfig __weak;
extern const int runqueues __ksym;
extern const void bpf_prog_fops __ksym __weak;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_missing(void) __ksym __weak;
struct task_struct { int pid; } __attribute__((preserve_access_index));
int data = 7, zero;
__weak int weak_data = 1;
static int own = 3;
const char *names[] = { "a", "b" };
struct tcp_congestion_ops { int flags; void (*init)(void *sk); char name[16]; };
SEC("struct_ops/init") void my_init(void *ctx) {}
SEC(".struct_ops") struct tcp_congestion_ops ops = { .flags = 1, .init = (void *)my_init, .name = "mine" };
SEC(".struct_ops.link") struct tcp_congestion_ops linked = { .init = (void *)my_init, .name = "too" };
static __noinline long callback(u32 i, void *ctx) { own++; return 0; }
__noinline __weak int weak_function(int x) { return x + own; }
__noinline __hidden int hidden_function(int x) { return x * 2; }
SEC("?fentry.s/vfs_read") int target(void *ctx) { return 7; }
SEC("socket") int prog(struct task_struct *task) {
  u32 key = 0;
  bpf_map_lookup_elem(&outer, &key); bpf_map_lookup_elem(&hidden, &key); bpf_map_lookup_elem(&elsewhere, &key);
  bpf_tail_call(task, &calls, 1);
  bpf_loop(1, callback, 0, 0);
  bpf_rcu_read_lock();
  if (bpf_missing) bpf_missing();
  return task->pid + LINUX_KERNEL_VERSION + CONFIG_SOME + data + zero + weak_data + (long)&runqueues + (long)&bpf_prog_fops
    + weak_function(1) + hidden_function(2) + other_function(3) + other_value + names[zero & 1][0];
}
char licence[] SEC("license") = "GPL";
`

const object: BpfObject | undefined = skipClang ? undefined : readElf(clangObject(SOURCE))

function holds(what: string, get: (o: BpfObject) => unknown, expected: unknown): void {
  test(`an object of clang's: ${what}`, { skip: skipClang }, () => assert.deepEqual(get(object!), expected))
}

const map = (o: BpfObject, name: string) => o.maps.find(m => m.name === name)!
const prog = (o: BpfObject) => o.programs.find(p => p.name === "prog")!
const uses = (o: BpfObject, kind: string) =>
  prog(o)
    .relocations.filter(r => r.kind === kind)
    .map(({ insn: _, kind: __, ...rest }) => rest)

const byText = (a: object, b: object): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

holds("maps", o => o.maps.map(m => `${m.type} ${m.name}`).sort(), [
  "array .bss",
  "array .data",
  "array .kconfig",
  "array .rodata.str1.1",
  "array one",
  "array_of_maps outer",
  "bloom_filter bloom",
  "hash_of_maps hidden",
  "prog_array calls",
  "struct_ops linked",
  "struct_ops ops",
])
holds("initial maps", o => map(o, "outer").values, [{ index: 1, map: "one" }])
holds("initial programs", o => map(o, "calls").values, [{ index: 2, program: "target" }])
holds("inner maps by name", o => map(o, "outer").inner, "one")
holds("inner maps in place", o => [map(o, "hidden").innerSpec?.type, map(o, "hidden").innerSpec?.valueSize], [
  "hash",
  4,
])
holds(
  "options of maps",
  o => [map(o, "bloom").mapExtra, map(o, "bloom").numaNode, map(o, "bloom").pin, map(o, "bloom").weak],
  [5, 1, "/sys/fs/bpf/bloom", true],
)
holds("what other objects define", o => o.externs?.map(e => [e.name, e.kind, e.type > 0]).sort(), [
  ["elsewhere", "map", true],
  ["other_function", "function", true],
  ["other_value", "variable", true],
])
holds("kernel functions", o => uses(o, "kfunc"), [{ name: "bpf_rcu_read_lock" }, { name: "bpf_missing", weak: true }])
holds("kernel symbols", o => uses(o, "ksym").sort(byText), [
  { name: "bpf_missing", typed: true, weak: true },
  { name: "bpf_prog_fops", typed: false, weak: true },
  { name: "runqueues", typed: true, weak: false },
])
holds("options of the kernel", o => map(o, ".kconfig").kconfig?.map(k => [k.name, k.offset, k.size, k.weak]), [
  ["LINUX_KERNEL_VERSION", 0, 4, false],
  ["CONFIG_SOME", 4, 4, true],
])
holds("CO-RE", o => prog(o).core.map(c => [c.kind, c.access]), [["field_byte_offset", "0:0"]])
holds(
  "variables",
  o =>
    map(o, ".data")
      .symbols?.map(s => [s.name, s.linkage, s.weak])
      .sort(),
  [
    ["data", "global", undefined],
    ["names", "global", undefined],
    ["own", "static", undefined],
    ["weak_data", "global", true],
  ],
)
holds("addresses in data", o => map(o, ".data").dataRelocations?.map(r => r.target), [
  ".rodata.str1.1",
  ".rodata.str1.1",
])
holds("functions", o => o.functions.map(f => [f.name, f.linkage, f.weak ?? false, f.hidden ?? false]), [
  ["weak_function", "global", true, false],
  ["hidden_function", "static", false, true],
  ["callback", "static", false, false],
])
holds("tables of operations", o => [map(o, "ops").structOps?.link, map(o, "linked").structOps?.link], [false, true])
holds("operations", o => map(o, "ops").structOps?.programs, [{ offset: 8, program: "my_init" }])
holds("a program that is loaded when asked for", o => o.programs.find(p => p.name === "target")?.autoload, false)
holds(
  "places of variables in BTF",
  o => {
    const btf = Btf.parse(o.btf)
    const section = btf.type(btf.find(".data", "datasec"))
    return section.kind === "datasec" && section.size === map(o, ".data").valueSize && section.vars[0].offset
  },
  0,
)

/** An object without what an object file keeps in another order. */
function settled(o: BpfObject): unknown {
  const btf = Btf.parse(o.btf)
  const lines = (list: readonly { line: number }[]) => list.map(info => ({ ...info, line: o.lines[info.line] }))
  return {
    ...o,
    lines: [],
    maps: [...o.maps].sort(byText),
    btf: Array.from({ length: btf.count - 1 }, (_, i) => btf.type(i + 1)),
    programs: o.programs.map(p => ({ ...p, lineInfo: lines(p.lineInfo) })),
    functions: o.functions.map(p => ({ ...p, lineInfo: lines(p.lineInfo) })),
  }
}

test("damaged objects of clang's are refused with a code, or read", { skip: skipClang }, () => {
  const good = clangObject(SOURCE)
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), changes => {
      const bytes = good.slice()
      for (const [at, value] of changes) bytes[at] = value
      try {
        const read = readElf(bytes)
        writeElf(linkObjects([read], { partial: true }))
      } catch (error) {
        assert.ok(error instanceof SkepError && error.code !== "", String(error))
      }
    }),
    { numRuns: 300 },
  )
})

test("an object of clang's is read again as it was written", { skip: skipClang }, () => {
  assert.deepEqual(settled(readElf(writeElf(object!))), settled(object!))
})
