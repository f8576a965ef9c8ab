import { existsSync, readdirSync, readFileSync } from "node:fs"
import { type OracleFunction, oracleFunctions } from "../functions.ts"
import { generateFunction } from "../generate/index.ts"
import { oracleText } from "../native.ts"

const folders = ["examples", "tests/golden/bcc"]
const files = folders
  .filter(existsSync)
  .flatMap(folder => readdirSync(folder).map(name => `${folder}/${name}`))
  .filter(path => path.endsWith(".c"))

/** The programs in C of a page. */
const programsOf = (page: string): string[] => [...page.matchAll(/^```c\n([\s\S]*?)^```/gm)].map(block => block[1])

/** The programs of the documentation, among them one for each diagnostic. */
const documented = ["docs", "docs/diagnostics"]
  .filter(existsSync)
  .flatMap(folder => readdirSync(folder).map(name => `${folder}/${name}`))
  .filter(path => path.endsWith(".md"))
  .flatMap(path => programsOf(readFileSync(path, "utf8")))

/** Small programs of the dialect, for what the examples leave out. */
const dialect = [
  `BPF_HASH(counts, u32, u64); BPF_ARRAY(slots, u64, 16); BPF_PERF_OUTPUT(events); struct event { u32 pid; char comm[16]; u64 at; };
int kprobe__do_nanosleep(struct pt_regs *ctx, void *timer) { struct event e = {.pid = bpf_get_current_pid_tgid() >> 32};
  u64 zero = 0, *n = counts.lookup_or_try_init(&e.pid, &zero); if (n) lock_xadd(n, 1); slots.increment(e.pid & 15);
  bpf_get_current_comm(&e.comm, sizeof(e.comm)); e.at = bpf_ktime_get_ns(); events.perf_submit(ctx, &e, sizeof(e)); return 0; }`,
  `#include <linux/sched.h>
BPF_HISTOGRAM(dist, int); BPF_STACK_TRACE(stacks, 128); struct key { int id; u32 pid; }; BPF_HASH(who, struct key);
TRACEPOINT_PROBE(sched, sched_switch) { struct key k = {.pid = args->next_pid}; k.id = stacks.get_stackid(args, 0); who.increment(k);
  dist.increment(bpf_log2l(args->prev_prio)); return 0; }`,
  `#include <uapi/linux/bpf.h>
#include <bcc/proto.h>
BPF_TABLE("percpu_array", int, long, seen, 4); static inline int proto(void *data, void *end) { struct ethhdr *eth = data;
  if ((void *) (eth + 1) > end) return 0; return bpf_ntohs(eth->h_proto); }
int xdp(struct xdp_md *ctx) { void *data = (void *) (long) ctx->data, *end = (void *) (long) ctx->data_end; int key = proto(data, end) & 3;
  long *n = seen.lookup(&key); if (n) *n += 1; bpf_trace_printk("p %d %s\\n", key, "x"); return XDP_PASS; }`,
  `#define CONCAT(a, b) a##b
#define TEXT(x) #x
#define LIST(f, ...) f(__VA_ARGS__) __VA_OPT__(+ 1)
#if defined(__skep__) && (1 << 3 | 2 ? 1 : 0)
static const char name[] = TEXT(a "b" 'c'); int CONCAT(pro, gram)(void *ctx) { return LIST(sizeof, name) + __LINE__ + __COUNTER__; }
#elif 0
#error no
#endif`,
  `typedef unsigned long u64; struct flags { unsigned a : 3, b : 5; long c : 40; union { int i; char t[4]; }; } __attribute__((packed));
static __attribute__((noinline)) u64 sum(struct flags f, u64 *p) { u64 s = 0; for (int i = 0; i < 4; i++) s += f.t[i] * p[i & 1]; return s + f.a; }
int run(void *ctx) { u64 v[2] = {1, 2}; struct flags f = {.a = 1, .c = -1, .t = "abc"}, g = f; g.b++; again: switch (g.b) { case 0 ... 3: g.b += 4;
  goto again; case 9: break; default: v[1] ^= sum(g, v); } do v[0]--; while (v[0] > 3); return ({ int x = v[1]; x ?: -1; }); }`,
  `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, u32); __type(value, u64); } seen SEC(".maps");
const volatile int limit = 3; static u64 total; extern int LINUX_KERNEL_VERSION __kconfig;
struct task_struct___old { int state; } __attribute__((preserve_access_index));
static long each(u32 i, u64 *sum) { *sum += i; return 0; }
SEC("kprobe/do_nanosleep") int BPF_KPROBE(probe, void *timer) { struct task_struct *t = (void *) bpf_get_current_task(); u32 pid = BPF_CORE_READ(t, tgid);
  u64 one = 1, *n = bpf_map_lookup_elem(&seen, &pid); if (n) __sync_fetch_and_add(n, 1); else bpf_map_update_elem(&seen, &pid, &one, BPF_ANY);
  if (bpf_core_field_exists(t->comm) && limit > 2) bpf_loop(limit, each, &total, 0); return 0; }
SEC("xdp") int filter(struct xdp_md *ctx) { int i, s = 0; bpf_for(i, 0, 10) { if (i == limit) break; s += i; } return s > 3 ? XDP_DROP : XDP_PASS; }
char _license[] SEC("license") = "GPL";`,
  `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct event { __u32 pid; char comm[16]; }; struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 1 << 12); } ring SEC(".maps");
static __noinline int note(__u32 pid) { struct event *e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0); if (!e) return 1; e->pid = pid;
  bpf_get_current_comm(e->comm, sizeof(e->comm)); bpf_ringbuf_submit(e, 0); return 0; }
SEC("tracepoint/syscalls/sys_enter_execve") int enter(void *ctx) { asm volatile("" ::: "memory"); return note(bpf_get_current_pid_tgid() >> 32); }
char LICENSE[] SEC("license") = "Dual BSD/GPL";`,
  `enum kind { A, B = 5, C }; _Static_assert(sizeof(enum kind) == 4, "size"); static struct { int n; enum kind k; } table[] = {[2] = {1, C}, {B}};
int pick(void *ctx) { return _Generic(table[0].k, int: 1, enum kind: 2, default: 3) + table[(long) ctx & 3].n + __builtin_popcount(7); }`,
]

/** A function of the oracle as a program, whose arguments are not known. */
function asProgram(f: OracleFunction): string {
  const values = "bpf_get_prandom_u32(), bpf_ktime_get_ns(), bpf_get_current_pid_tgid()"
  return `${oracleText(f, "oracle").replace(/\nu64 oracle\(/, "\nstatic u64 oracle(")}int run(void *ctx) { return oracle(${values}); }\n`
}

/** Texts that inputs are made from. */
export const seedTexts: readonly string[] = [
  ...files.map(path => readFileSync(path, "utf8")),
  ...documented,
  ...dialect,
  ...Array.from({ length: 40 }, (_, i) => asProgram(generateFunction(i + 1))),
  ...oracleFunctions.filter((_, i) => i % 6 === 0).map(asProgram),
]

const TOKEN =
  /[A-Za-z_]\w*|\.?\d[\w.]*|"(?:\\.|[^"\n])*"|'(?:\\.|[^'\n])*'|\s+|<<=|>>=|\.\.\.|[-+*/%&|^=!<>]=|<<|>>|&&|\|\||\+\+|--|->|##|[\s\S]/g

/** A text as its tokens and the white space between them. */
export const tokensOf = (text: string): string[] => text.match(TOKEN) ?? []

/** Every word of the texts once, and words of C that they leave out. */
export const words: readonly string[] = [
  ...new Set(seedTexts.flatMap(tokensOf).filter(word => word.trim() !== "")),
  ...`auto register restrict typeof typeof_unqual _Alignas _Alignof _Atomic _Bool _Generic _Noreturn _Thread_local _Static_assert static_assert
  __auto_type __label__ __extension__ __attribute__ __int128 float double _Complex constexpr nullptr alignas alignof bool true false thread_local
  __builtin_offsetof __builtin_choose_expr __builtin_types_compatible_p __builtin_constant_p __builtin_memcpy __builtin_add_overflow
  __builtin_preserve_access_index __builtin_va_list __builtin_expect __sync_fetch_and_add __atomic_load_n SEC __ksym __kconfig __weak
  packed aligned section noinline always_inline cleanup vector_size mode preserve_access_index btf_type_tag fallthrough
  #define #undef #if #ifdef #ifndef #elif #else #endif #include #line #pragma #error #embed _Pragma __VA_OPT__ __VA_ARGS__ __has_include defined
  bpf_map_lookup_elem bpf_core_field_exists bpf_for bpf_loop __uint __type BPF_CORE_READ BPF_KPROBE lookup update delete insert increment perf_submit ringbuf_output BPF_HASH BPF_ARRAY BPF_TABLE BPF_PERF_OUTPUT BPF_RINGBUF_OUTPUT`.split(
    /\s+/,
  ),
]
