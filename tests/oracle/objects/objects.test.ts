import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { CLANG_PRELUDE, clangObject, skipClang } from "../../support/clang.ts"
import { needsRoot } from "../../support/kernel.ts"
import { inTempDirAsync } from "../../support/tools.ts"
import { embeddedObjects } from "./embedded.ts"
import { peerLoader, peerVerdicts } from "./libbpf.ts"
import { ObjectJudge } from "./ours.ts"
import { report } from "./report.ts"

const LICENCE = 'char licence[] SEC("license") = "GPL";'
const MAIN = 'SEC("socket") int main_program(void *ctx)'

/** libbpf 1.1 leaves a call that has no target, and skep poisons it, as later versions of libbpf do. */
const MISSING = "a function of the kernel that is missing and weak"

/** Objects that hold what loaders have to see to. */
const OBJECTS: Readonly<Record<string, string>> = {
  "a field of the kernel's": `struct task_struct { int pid; } __attribute__((preserve_access_index));
    ${MAIN} { struct task_struct *t = 0; return (long)__builtin_preserve_access_index(&t->pid); }`,
  "a field that no kernel has": `struct task_struct { int bees; } __attribute__((preserve_access_index));
    ${MAIN} { struct task_struct *t = 0; return (long)__builtin_preserve_access_index(&t->bees); }`,
  "global data and constants": `int data = 1; const volatile int constant = 2; long zero; int more SEC(".data.more") = 3;
    ${MAIN} { return data + constant + zero + more; }`,
  "the kernel's configuration": `extern int LINUX_KERNEL_VERSION __kconfig; extern int CONFIG_NO_SUCH __kconfig __weak;
    ${MAIN} { return LINUX_KERNEL_VERSION + CONFIG_NO_SUCH; }`,
  "an option that is missing": `extern int CONFIG_NO_SUCH __kconfig; ${MAIN} { return CONFIG_NO_SUCH; }`,
  "symbols of the kernel, one of them missing": `extern const void bpf_prog_fops __ksym; extern const void no_such __ksym __weak;
    ${MAIN} { return (&bpf_prog_fops != 0) + (&no_such != 0); }`,
  [MISSING]: `extern void no_such(void) __ksym __weak;
    ${MAIN} { if (no_such) no_such(); return 0; }`,
  "a function of the kernel that is missing": `extern void no_such(void) __ksym; ${MAIN} { no_such(); return 0; }`,
  "subprograms and a callback": `static __noinline long add(u32 i, long *sum) { *sum += i; return 0; }
    __noinline int twice(int x) { return x * 2; }
    ${MAIN} { long sum = 0; bpf_loop(10, add, &sum, 0); return twice(sum); }`,
  "maps in a map": `struct inner { __uint(type, 2); __uint(max_entries, 1); __type(key, u32); __type(value, u32); } one SEC(".maps");
    struct { __uint(type, 12); __uint(max_entries, 2); __type(key, u32); __array(values, struct inner); } outer SEC(".maps") =
      { .values = { [1] = (void *)&one } };
    ${MAIN} { u32 index = 1; return bpf_map_lookup_elem(&outer, &index) != 0; }`,
  "programs that are switched off, and of an unknown kind": `SEC("?xdp") int off(void *ctx) { return *(int *)0; }
    SEC("bees") int strange(void *ctx) { return 0; }
    ${MAIN} { return 0; }`,
  "kinds of programs": `SEC("kprobe.multi/") int many(void *ctx) { return 0; }
    SEC("xdp.frags") int frags(void *ctx) { return 2; }
    SEC("cgroup/connect4") int connect(void *ctx) { return 1; }
    SEC("cgroup_skb/egress") int egress(void *ctx) { return 1; }
    SEC("sk_lookup") int lookup(void *ctx) { return 1; }
    SEC("syscall") int call(void *ctx) { return 0; }
    SEC("raw_tp/sys_enter") int raw(void *ctx) { return 0; }
    SEC("tp_btf/sys_enter") int typed(void *ctx) { return 0; }
    SEC("iter/task") int walk(void *ctx) { return 0; }
    SEC("iter.s/task") int sleepy(void *ctx) { return 0; }`,
  "a table of operations": `struct tcp_congestion_ops { u32 flags; u32 (*ssthresh)(void *sk); char name[16]; };
    SEC("struct_ops/ssthresh") u32 my_ssthresh(u64 *ctx) { return 2; }
    SEC(".struct_ops") struct tcp_congestion_ops mine = { .ssthresh = (void *)my_ssthresh, .name = "skep" };`,
  "a program that the verifier refuses": `${MAIN} { return *(int *)0; }`,
}

const compiled = (source: string): Uint8Array =>
  clangObject(`${CLANG_PRELUDE}\n${source}\n${LICENCE}`, "a", ["-mcpu=v3", "-w"])

test("objects load as with libbpf, program by program", { skip: needsRoot || skipClang }, async t => {
  await inTempDirAsync(async dir => {
    const loader = peerLoader(dir)
    if (loader === undefined) return t.skip("gcc or libbpf-dev is not installed")
    const paths = new Map(Object.keys(OBJECTS).map((what, i) => [what, join(dir, `${i}.o`)]))
    for (const [what, path] of paths) writeFileSync(path, compiled(OBJECTS[what]))
    const theirs = await peerVerdicts(loader, dir, [...paths.values()])
    const judge = new ObjectJudge()
    for (const [what, path] of paths) {
      await t.test(what, () => {
        const ours = judge.judge(path)
        const programs = theirs.get(path)!.filter(({ name }) => name !== "*" && name !== "-")
        assert.ok(programs.length > 0)
        for (const { name, errno, why, tag } of programs) {
          const own = ours.get(name)
          assert.ok(own, name)
          assert.equal(own.refused === undefined, errno === 0, `${name}: ${why} ${own.refused?.message ?? ""}`)
          if (errno === 0 && what !== MISSING) assert.equal(own.tag, tag, `${name} has other instructions`)
        }
      })
    }
  })
})

test("objects are found inside of programs", { skip: skipClang }, () => {
  const object = Buffer.from(compiled(`${MAIN} { return 0; }`))
  const program = Buffer.concat([
    Buffer.from("\x7fELF\x02\x01 not for BPF"),
    Buffer.alloc(100),
    object,
    Buffer.alloc(3),
  ])
  assert.deepEqual(embeddedObjects(program), [object])
})

test("a run is told in figures", () => {
  const taken = { name: "f", errno: 0, verified: 1, tag: "aa", why: "" }
  const refused = { name: "g", errno: -22, verified: 0, tag: "", why: "bad" }
  const text = report([
    {
      name: "a",
      ours: new Map([
        ["f", { tag: "ab" }],
        ["g", {}],
        ["*", {}],
      ]),
      theirs: [taken, refused, { ...refused, name: "*" }],
    },
    { name: "b", ours: new Map([["f", { refused: { code: "X", message: "no" } }]]), theirs: [taken] },
  ])
  assert.match(text, /^programs +libbpf loads 2 of 3 \(66\.7 %\), skep 1 of 2 \(50\.0 %\) of these, and 1 others$/m)
  assert.match(text, /0 of 1 \(0\.0 %\) of those have the same instructions$/m)
  assert.match(text, /other instructions: a:f/)
  assert.match(text, /only libbpf: b:f: X no/)
  assert.match(text, /only skep: a:g: bad/)
  assert.match(text, /^whole objects +libbpf loads 0 of 1 \(0\.0 %\), skep 0 of 0 \(0\.0 %\) of these, and 1 others$/m)
})
