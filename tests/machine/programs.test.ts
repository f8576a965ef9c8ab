import assert from "node:assert/strict"
import { test } from "node:test"
import { kernelSnapshot } from "../../src/bpf/host/snapshot.ts"
import { BPF } from "../../src/bpf/index.ts"
import { VirtualMachine } from "../../src/vm/index.ts"
import { needsRoot } from "../support/kernel.ts"

const types = () => kernelSnapshot().btf
const HEAD = `#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char _license[] SEC("license") = "GPL";
typedef unsigned char u8; typedef unsigned int u32; typedef unsigned long long u64; typedef long long s64;
#define MAP(NAME, TYPE, N, K, V) struct { __uint(type, BPF_MAP_TYPE_##TYPE); __uint(max_entries, N); __type(key, K); __type(value, V); } NAME SEC(".maps")
u64 out[16]; char text[128];
`

/** What a program leaves in `out` and `text`, and what it returns. */
async function results(code: string, where: Parameters<typeof BPF.load>[0]): Promise<unknown> {
  const declared = /^(?:.*\n)*?(?=\s*RUN)/.exec(code)?.[0] ?? ""
  const body = code.slice(declared.length).replace("RUN", 'SEC("tc") int run(struct __sk_buff *skb)')
  using b = await BPF.load({ ...where, text: `${HEAD}${declared}\n${body}` })
  const data = Uint8Array.from({ length: 64 }, (_, i) => i)
  const { retval } = b.program("run").testRun({ data })
  const { out, text } = b.globals as { out: bigint[]; text: unknown }
  return { retval, out: [...out], text }
}

/** The same program, its result in the kernel, interpreted and as WebAssembly. */
function alike(what: string, code: string): void {
  test(what, async () => {
    const interpreted = await results(code, { machine: new VirtualMachine({ jit: false, types }) })
    assert.deepEqual(await results(code, { machine: new VirtualMachine({ types }) }), interpreted)
    if (needsRoot === false) assert.deepEqual(interpreted, await results(code, { on: "kernel", cpu: 4 }))
  })
}

const strings = ["42", " -17x", "0x1f", "017", "099", "-", "", "99999999999999999999", "-9223372036854775808", "\\t+5"]
for (const base of [0, 8, 10, 16]) {
  const tries = strings.map(
    (s, i) =>
      `{ char s[] = "${s}"; s64 v = 7; long n = bpf_strtol(s, sizeof(s), ${base}, (void *)&v); out[${i}] = n * 1000003 + v; }`,
  )
  alike(`bpf_strtol in base ${base}`, `RUN { ${tries.join(" ")} return 0; }`)
  alike(`bpf_strtoul in base ${base}`, `RUN { ${tries.join(" ").replaceAll("strtol", "strtoul")} return 0; }`)
}

alike(
  "bpf_strncmp",
  `RUN {
  char a[8] = "abc", b[8] = "abd";
  out[0] = bpf_strncmp(a, 8, "abc"); out[1] = bpf_strncmp(b, 8, "abc"); out[2] = bpf_strncmp(a, 8, "abd"); out[3] = bpf_strncmp(a, 2, "abz");
  return 0;
}`,
)

for (const format of [
  "%d %u %i|%x %X",
  "%5d|%-5d|%05d|%+d|% d",
  "%lld %llu %llx|%20llx|%-20llx|%020llx",
  "%ld %lu %lx %c%c",
  "plain %% text",
  "%08x|%8x|%px",
]) {
  const values = "{ -5, 0xfffffffffffffff0ULL, 77, 200, 65, 66 }"
  const used = (format.replaceAll("%%", "").match(/%/g) ?? []).length
  alike(
    `bpf_snprintf of ${format}`,
    `RUN {
    static const char fmt[] = "${format}"; u64 args[] = ${values};
    out[0] = bpf_snprintf(text, sizeof(text), fmt, args, ${Math.min(used, 6) * 8}); return 0;
  }`,
  )
}
alike(
  "bpf_snprintf cuts, and says how long it would be",
  `RUN {
  static const char fmt[] = "%d and %d"; u64 args[] = { 1234567, 7654321 };
  out[0] = bpf_snprintf(text, 8, fmt, args, 16); return 0;
}`,
)
alike(
  "bpf_snprintf of addresses and strings",
  `const char hello[] = "hello";
const u8 v4[4] = { 10, 0, 200, 1 }, v6[16] = { 0xfe, 0x80, [15] = 1 };
RUN {
  static const char fmt[] = "%s|%10s|%-8s|%pI4|%pi4|%pI6|%pi6"; u64 args[] = { (u64)hello, (u64)hello, (u64)hello, (u64)v4, (u64)v4, (u64)v6, (u64)v6 };
  out[0] = bpf_snprintf(text, sizeof(text), fmt, args, sizeof(args)); return 0;
}`,
)

alike(
  "bpf_loop",
  `static long add(u32 i, void *ctx) { *(u64 *)ctx += i; return i == 70; }
RUN { u64 sum = 0; out[0] = bpf_loop(50, add, &sum, 0); out[1] = sum; out[2] = bpf_loop(100, add, &sum, 0); out[3] = sum;
  out[4] = bpf_loop((8 << 20) + 1, add, &sum, 0); out[5] = bpf_loop(1, add, &sum, 1); return 0; }`,
)

const COUNT =
  "static long each(void *map, u32 *key, u64 *value, void *ctx) { *(u64 *)ctx += *key * 100 + *value; return 0; }\n"
for (const type of ["HASH", "ARRAY", "LRU_HASH", "PERCPU_ARRAY", "PERCPU_HASH"]) {
  alike(
    `updates, lookups, deletes and walks of ${type}`,
    `MAP(m, ${type}, 8, u32, u64);
${COUNT}RUN {
  for (u32 i = 0; i < 6; i++) { u32 k = i; u64 v = i * 3; bpf_map_update_elem(&m, &k, &v, BPF_ANY); }
  u32 two = 2, nine = 9; u64 seven = 7;
  out[0] = bpf_map_update_elem(&m, &two, &seven, BPF_NOEXIST); out[1] = bpf_map_update_elem(&m, &nine, &seven, BPF_EXIST);
  out[2] = bpf_map_update_elem(&m, &two, &seven, BPF_EXIST); out[3] = bpf_map_update_elem(&m, &two, &seven, 77);
  out[4] = bpf_map_delete_elem(&m, &two); out[5] = bpf_map_delete_elem(&m, &nine);
  u64 *v = bpf_map_lookup_elem(&m, &two); out[6] = v ? *v : 99;
  v = bpf_map_lookup_elem(&m, &nine); out[7] = v ? *v : 98;
  u64 sum = 0; out[8] = bpf_for_each_map_elem(&m, each, &sum, 0); out[9] = sum;
  return 0;
}`,
  )
}
alike(
  "a full hash",
  `MAP(m, HASH, 2, u32, u64);
RUN { for (u32 i = 0; i < 4; i++) { u32 k = i; u64 v = i; out[i] = bpf_map_update_elem(&m, &k, &v, 0); } return 0; }`,
)
alike(
  "prefixes",
  `struct key { u32 bits; u8 data[4]; };
struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(max_entries, 4); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, struct key); __type(value, u64); } m SEC(".maps");
RUN {
  struct key a = { 8, { 10, 1, 2, 3 } }, b = { 24, { 10, 0, 5, 9 } }, c = { 0 }, q = { 32, { 10, 0, 5, 77 } }; u64 v = 1;
  out[0] = bpf_map_update_elem(&m, &a, &v, 0); v = 2; out[1] = bpf_map_update_elem(&m, &b, &v, 0); v = 3; out[2] = bpf_map_update_elem(&m, &c, &v, 0);
  u64 *p = bpf_map_lookup_elem(&m, &q); out[3] = p ? *p : 0; q.data[2] = 6; p = bpf_map_lookup_elem(&m, &q); out[4] = p ? *p : 0;
  q.data[0] = 11; p = bpf_map_lookup_elem(&m, &q); out[5] = p ? *p : 0; q.bits = 33; out[6] = bpf_map_update_elem(&m, &q, &v, 0);
  out[7] = bpf_map_delete_elem(&m, &c); out[8] = bpf_map_delete_elem(&m, &c); q.bits = 32; p = bpf_map_lookup_elem(&m, &q); out[9] = p ? *p : 77;
  return 0;
}`,
)
for (const type of ["QUEUE", "STACK"]) {
  alike(
    `${type}`,
    `struct { __uint(type, BPF_MAP_TYPE_${type}); __uint(max_entries, 3); __type(value, u64); } q SEC(".maps");
RUN { for (u64 i = 1; i < 5; i++) { u64 w = i; out[i] = bpf_map_push_elem(&q, &w, 0); } u64 v = 9; out[5] = bpf_map_push_elem(&q, &v, BPF_EXIST);
  bpf_map_peek_elem(&q, &v); out[6] = v; for (int i = 0; i < 4; i++) { out[7 + 2 * i] = bpf_map_pop_elem(&q, &v); out[8 + 2 * i] = v; } return 0; }`,
  )
}
alike(
  "tail calls, also into nothing and in a circle",
  `int again(struct __sk_buff *skb);
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 2); __uint(key_size, 4); __array(values, int (void *)); } jumps SEC(".maps") = { .values = { [0] = (void *)&again } };
SEC("tc") int again(struct __sk_buff *skb) { out[1]++; bpf_tail_call(skb, &jumps, 0); return out[1] + 100; }
RUN { bpf_tail_call(skb, &jumps, 1); bpf_tail_call(skb, &jumps, 5); out[0] = 1; bpf_tail_call(skb, &jumps, 0); return 9; }`,
)
alike(
  "tail calls out of functions, from program to program, into loops, functions and their stacks",
  `int second(struct __sk_buff *skb); int third(struct __sk_buff *skb);
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 3); __uint(key_size, 4); __array(values, int (void *)); } jumps SEC(".maps") = { .values = { [0] = (void *)&second, [1] = (void *)&third } };
static __noinline int through(struct __sk_buff *skb, u32 to) { u64 kept[4] = { to, 2, 3, 4 }; out[8] += kept[to & 3]; bpf_tail_call(skb, &jumps, to); return kept[1] + 100; }
static __noinline int weigh(struct __sk_buff *skb, u32 n) { u32 sum = 0; for (u32 i = 0; i < n && i < 40; i++) sum += i * skb->len; return sum; }
SEC("tc") int second(struct __sk_buff *skb) { u64 own[8]; for (int i = 0; i < 8; i++) own[i] = i + out[1]; out[1]++; out[2] += own[skb->len & 7] + weigh(skb, 30);
  if (out[1] & 1) bpf_tail_call(skb, &jumps, 1); return out[2] + 7; }
SEC("tc") int third(struct __sk_buff *skb) { out[3] += weigh(skb, 9); out[4] += through(skb, 2); return out[3] + 1000; }
RUN { for (u32 i = 0; i < 6; i++) out[9 + i] = through(skb, i % 3); out[15] = weigh(skb, 5); bpf_tail_call(skb, &jumps, 0); return 77; }`,
)
alike(
  "memory that grows while a program runs",
  `struct big { u64 first; u32 words[8190]; }; static struct big one; static u32 before[64];
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 600); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, u32); __type(value, struct big); } m SEC(".maps");
RUN {
  for (u32 i = 0; i < 64; i++) before[i] = i * 3;
  u32 zero = 0; one.first = 1; bpf_map_update_elem(&m, &zero, &one, 0); struct big *kept = bpf_map_lookup_elem(&m, &zero); if (!kept) return 1;
  for (u32 i = 1; i < 500; i++) { u32 k = i; one.first = i; one.words[i] = i; out[0] += bpf_map_update_elem(&m, &k, &one, 0); kept->words[i & 7] += i; before[i & 63]++; }
  for (u32 i = 0; i < 64; i++) out[1] += before[i]; for (u32 i = 0; i < 8; i++) out[2] += kept->words[i];
  for (u32 i = 0; i < 500; i += 7) { u32 k = i; struct big *v = bpf_map_lookup_elem(&m, &k); out[3] += v ? v->first * 3 + v->words[k & 511] : 99999; }
  return 0;
}`,
)
alike(
  "maps of maps",
  `struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __type(key, u32); __type(value, u64); } one SEC(".maps"), two SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 3); __type(key, u32); __array(values, struct inner); } outer SEC(".maps") = { .values = { &one, &two } };
RUN { for (u32 i = 0; i < 4; i++) { u32 n = i; void *m = bpf_map_lookup_elem(&outer, &n); out[i] = 5; if (!m) continue; u32 k = 1; u64 v = i + 10;
  bpf_map_update_elem(m, &k, &v, 0); u64 *p = bpf_map_lookup_elem(m, &k); out[i] = p ? *p : 0; }
  u32 k = 1; u64 *p = bpf_map_lookup_elem(&two, &k); out[8] = p ? *p : 0; return 0; }`,
)
alike(
  "ring buffers",
  `struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
RUN { u64 *r = bpf_ringbuf_reserve(&ring, 40, 0); if (r) { *r = 5; bpf_ringbuf_submit(r, 0); } r = bpf_ringbuf_reserve(&ring, 9, 0); if (r) bpf_ringbuf_discard(r, 0);
  out[0] = bpf_ringbuf_query(&ring, 0); out[1] = bpf_ringbuf_query(&ring, 1); out[2] = bpf_ringbuf_query(&ring, 3); out[3] = bpf_ringbuf_output(&ring, out, 64, 0);
  out[4] = 0; for (int i = 0; i < 100; i++) if (bpf_ringbuf_output(&ring, out, 64, 0)) out[4]++; out[5] = bpf_ringbuf_query(&ring, 0); return 0; }`,
)
alike(
  "dynptrs",
  `struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
RUN { struct bpf_dynptr p; u64 v = 0x1122334455667788ULL, w = 0; out[0] = bpf_ringbuf_reserve_dynptr(&ring, 24, 0, &p);
  out[1] = bpf_dynptr_write(&p, 8, &v, 8, 0); out[2] = bpf_dynptr_write(&p, 20, &v, 8, 0); out[3] = bpf_dynptr_read(&w, 4, &p, 10, 0); out[4] = w;
  u64 *d = bpf_dynptr_data(&p, 8, 8); out[5] = d ? *d : 0; d = bpf_dynptr_data(&p, 17, 8); out[6] = d ? 1 : 0; bpf_ringbuf_submit_dynptr(&p, 0);
  out[7] = bpf_ringbuf_reserve_dynptr(&ring, 5000, 0, &p); out[8] = bpf_dynptr_write(&p, 0, &v, 8, 0); bpf_ringbuf_discard_dynptr(&p, 0);
  out[9] = bpf_ringbuf_query(&ring, 0); return 0; }`,
)
alike(
  "reads of memory that may not be there",
  `RUN { u64 v = 1; out[0] = bpf_probe_read_kernel(&v, 8, (void *)8); out[1] = v; out[2] = bpf_probe_read_kernel(&v, 8, out); out[3] = v;
  char s[8] = "abcdefg", t[4] = "xyz"; out[4] = bpf_probe_read_kernel_str(t, 4, s); out[5] = *(u32 *)t; out[6] = bpf_probe_read_kernel_str(t, 4, "h"); out[7] = *(u32 *)t;
  out[8] = bpf_probe_read_user_str(t, 4, (void *)16); out[9] = *(u32 *)t; return 0; }`,
)
alike(
  "numbers without a sign and with one",
  `volatile u64 a = 0x8000000000000001ULL; volatile s64 b = -7; volatile u32 c = 0x80000000; volatile int d = -1;
RUN { out[0] = a / 3; out[1] = a % 10; out[2] = b / 2; out[3] = b % 4; out[4] = (s64)(int)c / d; out[5] = c >> 3; out[6] = (int)c >> 3; out[7] = a >> 63; out[8] = b >> 1;
  out[9] = a * 0x123456789ULL; out[10] = __sync_fetch_and_add((u64 *)&a, 5); out[11] = a; out[12] = __sync_val_compare_and_swap((u32 *)&c, 0x80000000, 4); out[13] = c; return 0; }`,
)
alike(
  "a timer is set and cancelled",
  `struct v { struct bpf_timer t; u64 n; }; MAP(m, ARRAY, 1, u32, struct v);
static int ring(void *map, int *key, struct v *v) { v->n++; return 0; }
RUN { u32 k = 0; struct v *v = bpf_map_lookup_elem(&m, &k); if (!v) return 1; out[0] = bpf_timer_start(&v->t, 1, 0); out[1] = bpf_timer_init(&v->t, &m, 1); out[2] = bpf_timer_init(&v->t, &m, 1);
  out[3] = bpf_timer_set_callback(&v->t, ring); out[4] = bpf_timer_start(&v->t, 1000000000000ULL, 0); out[5] = bpf_timer_cancel(&v->t); out[6] = bpf_timer_cancel(&v->t); return 0; }`,
)

alike(
  "what is thrown is the result, or what the program makes of it",
  `extern void bpf_throw(u64 cookie) __ksym;
__noinline int deep(int x) { if (x > 2) bpf_throw(77); return x; }
RUN { out[0] = deep(1); out[1] = deep(3); return 5; }`,
)
alike(
  "numbers of an iterator",
  `struct bpf_iter_num; extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym; extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
RUN { struct bpf_iter_num it; int *n; u64 sum = 0; bpf_iter_num_new(&it, 3, 9); while ((n = bpf_iter_num_next(&it))) sum = sum * 10 + *n; bpf_iter_num_destroy(&it); out[0] = sum;
  out[1] = bpf_iter_num_new(&it, 9, 3); out[2] = bpf_iter_num_next(&it) ? 1 : 0; bpf_iter_num_destroy(&it); return 0; }`,
)
