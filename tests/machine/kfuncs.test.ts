import assert from "node:assert/strict"
import { test } from "node:test"
import { kernelSnapshot } from "../../src/bpf/host/snapshot.ts"
import { BPF } from "../../src/bpf/index.ts"
import { simulate } from "../../src/sim/index.ts"
import { FixedEnvironment, VirtualMachine } from "../../src/vm/index.ts"
import { needsRoot } from "../support/kernel.ts"

const HEAD = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char _license[] SEC("license") = "GPL";
u64 out[24];
`
const types = () => kernelSnapshot().btf

/** What a program that a process calls leaves in \`out\`, and what it returns. */
async function results(text: string, where: Parameters<typeof BPF.load>[0]): Promise<unknown> {
  using b = await BPF.load({ ...where, text: HEAD + text, autoAttach: false })
  const { retval } = b.program("run").testRun({})
  return { retval, out: [...(b.globals as { out: bigint[] }).out] }
}

/** The same in the kernel, interpreted and as WebAssembly. */
function alike(what: string, text: string, cpus = 2): void {
  for (const jit of [false, true]) {
    test(`${what}, ${jit ? "as WebAssembly" : "interpreted"}`, { skip: needsRoot }, async () => {
      const machine = new VirtualMachine({ jit, types, environment: new FixedEnvironment({ cpus }) })
      assert.deepEqual(await results(text, { machine }), await results(text, { on: "kernel" }))
    })
  }
}

alike(
  "sets of processors",
  `extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
  extern void bpf_cpumask_release(struct bpf_cpumask *m) __ksym;
  extern void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *m) __ksym;
  extern void bpf_cpumask_clear_cpu(u32 cpu, struct bpf_cpumask *m) __ksym;
  extern bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *m) __ksym;
  extern bool bpf_cpumask_test_and_set_cpu(u32 cpu, struct bpf_cpumask *m) __ksym;
  extern bool bpf_cpumask_and(struct bpf_cpumask *d, const struct cpumask *a, const struct cpumask *b) __ksym;
  extern void bpf_cpumask_or(struct bpf_cpumask *d, const struct cpumask *a, const struct cpumask *b) __ksym;
  extern void bpf_cpumask_xor(struct bpf_cpumask *d, const struct cpumask *a, const struct cpumask *b) __ksym;
  extern bool bpf_cpumask_equal(const struct cpumask *a, const struct cpumask *b) __ksym;
  extern bool bpf_cpumask_subset(const struct cpumask *a, const struct cpumask *b) __ksym;
  extern bool bpf_cpumask_empty(const struct cpumask *m) __ksym;
  extern u32 bpf_cpumask_first(const struct cpumask *m) __ksym;
  extern u32 bpf_cpumask_weight(const struct cpumask *m) __ksym;
  #define C(m) ((const struct cpumask *)(m))
  SEC("syscall") int run(void *ctx) {
    struct bpf_cpumask *a = bpf_cpumask_create(), *b;
    if (!a) return 1;
    b = bpf_cpumask_create();
    if (!b) { bpf_cpumask_release(a); return 2; }
    out[0] = bpf_cpumask_empty(C(a));
    bpf_cpumask_set_cpu(1, a);
    out[1] = bpf_cpumask_test_cpu(1, C(a)) * 10 + bpf_cpumask_test_cpu(0, C(a));
    out[2] = bpf_cpumask_first(C(a));
    out[3] = bpf_cpumask_test_and_set_cpu(0, b) * 10 + bpf_cpumask_test_and_set_cpu(0, b);
    out[4] = bpf_cpumask_and(b, C(a), C(b)) * 10 + bpf_cpumask_empty(C(b));
    bpf_cpumask_set_cpu(0, b);
    out[5] = bpf_cpumask_subset(C(a), C(b));
    bpf_cpumask_or(b, C(a), C(b));
    out[6] = bpf_cpumask_weight(C(b)) * 100 + bpf_cpumask_subset(C(a), C(b)) * 10 + bpf_cpumask_equal(C(a), C(b));
    bpf_cpumask_xor(b, C(a), C(b));
    bpf_cpumask_clear_cpu(1, a);
    out[7] = bpf_cpumask_weight(C(b)) * 10 + bpf_cpumask_weight(C(a));
    bpf_cpumask_release(a); bpf_cpumask_release(b);
    return 0;
  }`,
)

alike(
  "pages of an arena",
  `#define __arena __attribute__((address_space(1)))
  struct { __uint(type, BPF_MAP_TYPE_ARENA); __uint(map_flags, 1 << 10); __uint(max_entries, 4); } arena SEC(".maps");
  extern void __arena *bpf_arena_alloc_pages(void *map, void __arena *at, u32 pages, int node, u64 flags) __ksym;
  extern void bpf_arena_free_pages(void *map, void __arena *at, u32 pages) __ksym;
  struct node { struct node __arena *next; u64 value; };
  SEC("syscall") int run(void *ctx) {
    struct node __arena *first = bpf_arena_alloc_pages(&arena, 0, 1, -1, 0);
    if (!first) return 1;
    struct node __arena *second = bpf_arena_alloc_pages(&arena, 0, 2, -1, 0);
    if (!second) return 2;
    out[0] = !bpf_arena_alloc_pages(&arena, 0, 2, -1, 0);
    first->next = second; first->value = 40; second->value = 2;
    second[5].value = 9;
    u64 sum = 0;
    struct node __arena *at = first;
    for (int i = 0; i < 4 && at; i++) { sum += at->value; at = at->next; }
    out[1] = sum; out[2] = (char __arena *)second - (char __arena *)first;
    bpf_arena_free_pages(&arena, second, 2);
    second = bpf_arena_alloc_pages(&arena, 0, 1, -1, 0);
    if (!second) return 3;
    out[3] = second->value + second[5].value;
    out[4] = !bpf_arena_alloc_pages(&arena, 0, 1, -1, 7);
    return 0;
  }`,
)

alike(
  "bits that are set",
  `extern int bpf_iter_bits_new(struct bpf_iter_bits *it, const u64 *from, u32 words) __ksym __weak;
  extern int *bpf_iter_bits_next(struct bpf_iter_bits *it) __ksym __weak;
  extern void bpf_iter_bits_destroy(struct bpf_iter_bits *it) __ksym __weak;
  u64 words[3] = { 0x8000000000000001, 0, 0x10 };
  static int walk(int at, const u64 *from, u32 count) {
    struct bpf_iter_bits it; int *bit;
    out[at] = bpf_iter_bits_new(&it, from, count);
    while ((bit = bpf_iter_bits_next(&it))) out[at + 1] = out[at + 1] * 1000 + *bit;
    bpf_iter_bits_destroy(&it);
    return 0;
  }
  SEC("syscall") int run(void *ctx) {
    walk(0, words, 3); walk(2, words, 1); walk(4, words + 1, 1); walk(6, words, 0); walk(8, 0, 1); walk(10, words, 600);
    return 0;
  }`,
)

const TEXTS = ["hello world", "world", "Hello", "hel", "", "o w"]
alike(
  "strings",
  `extern int bpf_strcmp(const char *a, const char *b) __ksym; extern int bpf_strcasecmp(const char *a, const char *b) __ksym;
  extern int bpf_strchr(const char *s, char c) __ksym; extern int bpf_strnchr(const char *s, size_t n, char c) __ksym;
  extern int bpf_strchrnul(const char *s, char c) __ksym; extern int bpf_strrchr(const char *s, char c) __ksym;
  extern int bpf_strlen(const char *s) __ksym; extern int bpf_strnlen(const char *s, size_t n) __ksym;
  extern int bpf_strspn(const char *s, const char *a) __ksym; extern int bpf_strcspn(const char *s, const char *a) __ksym;
  extern int bpf_strstr(const char *s, const char *p) __ksym; extern int bpf_strnstr(const char *s, const char *p, size_t n) __ksym;
  char texts[${TEXTS.length}][16] = { ${TEXTS.map(text => JSON.stringify(text)).join(", ")} };
  static int mixed(u64 *sum, int value) { *sum = *sum * 31 + value; return 0; }
  SEC("syscall") int run(void *ctx) {
    u64 sum[8] = {};
    for (int i = 0; i < ${TEXTS.length}; i++) for (int j = 0; j < ${TEXTS.length}; j++) {
      const char *a = texts[i], *b = texts[j];
      mixed(&sum[0], bpf_strcmp(a, b)); mixed(&sum[0], bpf_strcasecmp(a, b));
      mixed(&sum[1], bpf_strchr(a, b[1])); mixed(&sum[1], bpf_strnchr(a, j, 'l')); mixed(&sum[2], bpf_strchrnul(a, b[0]));
      mixed(&sum[2], bpf_strrchr(a, b[0])); mixed(&sum[3], bpf_strlen(a)); mixed(&sum[3], bpf_strnlen(a, j));
      mixed(&sum[4], bpf_strspn(a, b)); mixed(&sum[5], bpf_strcspn(a, b));
      mixed(&sum[6], bpf_strstr(a, b)); mixed(&sum[7], bpf_strnstr(a, b, i + j));
    }
    for (int i = 0; i < 8; i++) out[i] = sum[i];
    out[8] = bpf_strlen((void *)8); out[9] = bpf_strcmp(texts[0], (void *)0);
    return 0;
  }`,
)

test("tasks of the simulated kernel by their numbers", async () => {
  const { machine, system } = simulate(kernelSnapshot())
  const shell = system.spawn({ comm: "bash" }, function* () {})
  const found = await results(
    `extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
    extern void bpf_task_release(struct task_struct *task) __ksym;
    SEC("syscall") int run(void *ctx) {
      struct task_struct *task = bpf_task_from_pid(${shell.pid});
      if (!task) return 1;
      out[0] = task->tgid; out[1] = task->comm[0];
      bpf_task_release(task);
      task = bpf_task_from_pid(987654);
      if (task) bpf_task_release(task);
      return task ? 2 : 0;
    }`,
    { machine },
  )
  assert.deepEqual(found, { retval: 0, out: [BigInt(shell.pid), 98n, ...new Array(22).fill(0n)] })
})
