import assert from "node:assert/strict"
import { test } from "node:test"
import { CLANG_PRELUDE, clangObject, skipClang } from "../../tests/support/clang.ts"
import { kernel, needsRoot } from "../../tests/support/kernel.ts"
import { SkepError } from "../base/index.ts"
import { findMember } from "../btf/index.ts"
import { readElf } from "../object/index.ts"
import { versionCode } from "./host/index.ts"
import { runningBtf } from "./machine.ts"

const skip = needsRoot || skipClang
const packet = new Uint8Array(64)

const read = (source: string) =>
  readElf(clangObject(`${CLANG_PRELUDE}\n${source}\nchar licence[] SEC("license") = "GPL";`, "a", ["-mcpu=v3"]))

/** What `prog` of a program that clang has compiled returns. */
function run(source: string): number {
  const loaded = kernel().load(read(source))
  try {
    return loaded.program("prog").testRun({ data: packet }).retval
  } finally {
    loaded[Symbol.dispose]()
  }
}

function returns(what: string, expected: number | (() => number), source: string): void {
  test(what, { skip }, () => assert.equal(run(source), typeof expected === "number" ? expected : expected()))
}

const offsetOf = (type: string, member: string): number => {
  const btf = runningBtf()
  return findMember(btf, btf.find(type, "struct"), member)!.bitOffset / 8
}

returns(
  "the offset of a field is the running kernel's",
  () => offsetOf("task_struct", "pid"),
  `struct task_struct { int pid; } __attribute__((preserve_access_index));
   SEC("socket") int prog(void *ctx) { struct task_struct *t = 0; return (long)__builtin_preserve_access_index(&t->pid); }`,
)
returns(
  "a field that is not there can be asked for",
  10,
  `struct task_struct { int pid; int bees; } __attribute__((preserve_access_index));
   SEC("socket") int prog(void *ctx) {
     struct task_struct *t = 0;
     return __builtin_preserve_field_info(t->pid, 2) * 10 + __builtin_preserve_field_info(t->bees, 2);
   }`,
)
returns(
  "an enumerator has the running kernel's value",
  () => runningBtf().findEnumerator("BPF_MAP_TYPE_RINGBUF")!.value as number,
  `enum bpf_map_type { BPF_MAP_TYPE_RINGBUF = 1 };
   SEC("socket") int prog(void *ctx) {
     return __builtin_preserve_enum_value(*(typeof(enum bpf_map_type) *)BPF_MAP_TYPE_RINGBUF, 1);
   }`,
)
returns(
  "values of the kernel's configuration are filled in",
  () => versionCode() & 0xffffff,
  `extern int LINUX_KERNEL_VERSION __kconfig;
   extern int CONFIG_THAT_IS_NOT_THERE __kconfig __weak;
   SEC("socket") int prog(void *ctx) { return LINUX_KERNEL_VERSION + CONFIG_THAT_IS_NOT_THERE; }`,
)
returns(
  "addresses of the kernel's variables are filled in, of weak ones that are missing 0",
  6,
  `extern const int runqueues __ksym __weak;
   extern const void bpf_prog_fops __ksym;
   extern const void no_such_variable __ksym __weak;
   extern const int no_such_typed __ksym __weak;
   SEC("socket") int prog(void *ctx) {
     return (&bpf_prog_fops ? 2 : 0) + (&no_such_variable ? 100 : 4) + (&no_such_typed ? 200 : 0);
   }`,
)
returns(
  "a weak function of the kernel that is missing may be called where it is not reached",
  3,
  `extern void bpf_no_such_kfunc(int x) __ksym __weak;
   SEC("socket") int prog(void *ctx) { if (bpf_no_such_kfunc) { bpf_no_such_kfunc(1); return 9; } return 3; }`,
)
returns(
  "static and global subprograms are called, and callbacks",
  45 + 12,
  `static __noinline long add(u32 i, long *sum) { *sum += i; return 0; }
   __noinline int twice(int x) { return x * 2; }
   __noinline __hidden int thrice(int x) { return x * 3; }
   SEC("socket") int prog(void *ctx) { long sum = 0; bpf_loop(10, add, &sum, 0); return sum + twice(thrice(2)); }`,
)
returns(
  "maps are found in section maps, too, as they were before libbpf 1.0",
  9,
  `struct bpf_map_def { u32 type, key_size, value_size, max_entries, map_flags; };
   struct bpf_map_def first SEC("maps") = { .type = 2, .key_size = 4, .value_size = 4, .max_entries = 1 };
   struct bpf_map_def second SEC("maps") = { .type = 1, .key_size = 4, .value_size = 8, .max_entries = 3, .map_flags = 1 };
   struct { __uint(type, 2); __uint(max_entries, 1); __type(key, u32); __type(value, u32); } third SEC(".maps");
   SEC("socket") int prog(void *ctx) {
     u32 zero = 0, *a = bpf_map_lookup_elem(&first, &zero), *b = bpf_map_lookup_elem(&third, &zero);
     return a && b && !bpf_map_lookup_elem(&second, &zero) ? (*a = 4) + (*b = 5) : 0;
   }`,
)
returns(
  "an array of programs holds what it is initialised with",
  7,
  `int target(void *ctx);
   struct { __uint(type, 3); __uint(max_entries, 3); __uint(key_size, 4); __array(values, int (void *)); } calls SEC(".maps") =
     { .values = { [1] = (void *)&target } };
   SEC("socket") int target(void *ctx) { return 7; }
   SEC("socket") int prog(void *ctx) { bpf_tail_call(ctx, &calls, 1); return 1; }`,
)
returns(
  "an array of maps holds what it is initialised with",
  5,
  `struct inner { __uint(type, 2); __uint(max_entries, 1); __type(key, u32); __type(value, u32); } one SEC(".maps");
   struct { __uint(type, 12); __uint(max_entries, 2); __type(key, u32); __array(values, struct inner); } outer SEC(".maps") =
     { .values = { [1] = (void *)&one } };
   SEC("socket") int prog(void *ctx) {
     u32 zero = 0, index = 1, *value;
     void *map = bpf_map_lookup_elem(&outer, &index);
     if (!map) return 1;
     value = bpf_map_lookup_elem(map, &zero);
     if (!value) return 2;
     *value = 5;
     value = bpf_map_lookup_elem(&one, &zero);
     return value ? *value : 3;
   }`,
)
returns(
  "a map of maps that are described in place is made",
  1,
  `struct { __uint(type, 13); __uint(max_entries, 2); __type(key, u32);
     __array(values, struct { __uint(type, 1); __uint(max_entries, 1); __type(key, u32); __type(value, u32); });
   } outer SEC(".maps");
   SEC("socket") int prog(void *ctx) { u32 index = 1; return bpf_map_lookup_elem(&outer, &index) == 0; }`,
)
returns(
  "data, constants, zeroed and string sections have their content",
  100 + 7 + 98,
  `int data = 100; const volatile int ro = 7; long zero;
   int more SEC(".data.more") = 1;
   static const char *volatile text;
   SEC("socket") int prog(void *ctx) { static const char names[] = "abc"; volatile int i = 1; int k = i & 1; return data + ro + zero + names[k] + (more - 1); }`,
)

test("programs implement the kernel's operations", { skip }, () => {
  const loaded = kernel().load(
    read(`struct tcp_congestion_ops___mine { u32 flags; u32 (*ssthresh)(void *sk); char name[16]; };
      SEC("struct_ops/ssthresh") u32 my_ssthresh(u64 *ctx) { return 2; }
      SEC(".struct_ops") struct tcp_congestion_ops___mine mine = { .ssthresh = (void *)my_ssthresh, .name = "skep" };`),
  )
  try {
    assert.equal(loaded.map("mine").type, "struct_ops")
    assert.equal(loaded.program("my_ssthresh").type, "struct_ops")
  } finally {
    loaded[Symbol.dispose]()
  }
})

refused(
  "an operation that the kernel does not know is named",
  "KERNEL_STRUCT_OPS_MEMBER",
  /map mine sets buzz of struct tcp_congestion_ops/,
  `struct tcp_congestion_ops { u32 (*buzz)(void *sk); };
   SEC("struct_ops/buzz") u32 prog(u64 *ctx) { return 2; }
   SEC(".struct_ops") struct tcp_congestion_ops mine = { .buzz = (void *)prog };`,
)
refused(
  "a table that programs cannot implement is named",
  "KERNEL_NO_STRUCT_OPS",
  /struct file_operations/,
  `struct file_operations { u32 (*open)(void *sk); };
   SEC("struct_ops/open") u32 prog(u64 *ctx) { return 2; }
   SEC(".struct_ops") struct file_operations mine = { .open = (void *)prog };`,
)

test("addresses in data are not filled in, and a note says so", { skip }, () => {
  const loaded = kernel().load(
    read(`const char *names[] = { "a", "b" }; SEC("socket") int prog(void *ctx) { return names[1] != 0; }`),
  )
  try {
    assert.deepEqual(loaded.notes, ["2 addresses in .data mean nothing to the program: no kernel fills them in"])
  } finally {
    loaded[Symbol.dispose]()
  }
})

function refused(what: string, code: string, message: RegExp, source: string): void {
  test(what, { skip }, () => {
    assert.throws(
      () => run(source),
      (error: unknown) =>
        error instanceof SkepError && error.code === code && message.test(error.message) && error.hint !== undefined,
    )
  })
}

refused(
  "a field that the kernel does not have is named",
  "KERNEL_LACKS",
  /^program prog does not fit this kernel: field bees of struct task_struct is not in this kernel \(.*a\.c:\d+: /,
  `struct task_struct { int bees; } __attribute__((preserve_access_index));
   SEC("socket") int prog(void *ctx) { struct task_struct *t = 0; return (long)__builtin_preserve_access_index(&t->bees); }`,
)
refused(
  "a weak function that is missing and reached is named",
  "KERNEL_LACKS",
  /function bpf_no_such_kfunc is not in this kernel/,
  `extern void bpf_no_such_kfunc(int x) __ksym __weak;
   SEC("socket") int prog(void *ctx) { bpf_no_such_kfunc(1); return 9; }`,
)
refused(
  "a function that is missing is named",
  "KERNEL_NO_FUNCTION",
  /bpf_no_such_kfunc/,
  `extern void bpf_no_such_kfunc(int x) __ksym;
   SEC("socket") int prog(void *ctx) { bpf_no_such_kfunc(1); return 9; }`,
)
refused(
  "a function of another type is refused",
  "KERNEL_KSYM_TYPE",
  /bpf_rcu_read_lock/,
  `extern int bpf_rcu_read_lock(int x) __ksym;
   SEC("socket") int prog(void *ctx) { return bpf_rcu_read_lock(1); }`,
)
refused(
  "a variable that is missing is named",
  "KERNEL_NO_KSYM",
  /no_such_variable/,
  `extern const void no_such_variable __ksym;
   SEC("socket") int prog(void *ctx) { return (long)&no_such_variable; }`,
)
refused(
  "an option that is missing is named",
  "KERNEL_NO_OPTION",
  /CONFIG_NO_SUCH/,
  `extern int CONFIG_NO_SUCH __kconfig;
   SEC("socket") int prog(void *ctx) { return CONFIG_NO_SUCH; }`,
)
refused(
  "what another object defines has to be linked",
  "KERNEL_NOT_LINKED",
  /elsewhere/,
  `extern int elsewhere(int x);
   SEC("socket") int prog(void *ctx) { return elsewhere(1); }`,
)
