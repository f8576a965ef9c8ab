import assert from "node:assert/strict"
import { test } from "node:test"
import { readElf } from "../../src/object/index.ts"
import { Judge } from "../oracle/selftests/load.ts"
import { CLANG_PRELUDE, clangObject, skipClang } from "../support/clang.ts"
import { needsRoot } from "../support/kernel.ts"
import { collectLoads } from "./collect.ts"

/** What programs of the test share: memory, tables, and functions that stay functions. */
const DECLARATIONS = `${CLANG_PRELUDE}
struct __sk_buff { u32 len; u32 rest[18]; u32 data; u32 data_end; };
struct { __uint(type, 1); __type(key, u32); __type(value, u64); __uint(max_entries, 64); } counts SEC(".maps");
struct { __uint(type, 3); __type(key, u32); __type(value, u32); __uint(max_entries, 4); } programs SEC(".maps");
static u32 (*random)(void) = (void *)7;
static long (*for_each)(void *, void *, void *, u64) = (void *)164;
static __noinline int fetch(u32 key, u64 *to) {
  u64 *found = bpf_map_lookup_elem(&counts, &key);
  if (!found) return -1;
  *to = *found;
  return 0;
}
static __noinline int either(u64 *one, u64 *other) { if (random() & 1) *one = random(); else *other = 7; return random(); }
static __noinline int jump(struct __sk_buff *ctx, u32 at) { if (random() > 5) bpf_tail_call(ctx, &programs, at); return ctx->len; }
static long add(u32 at, u64 *sum) { if (at > random()) return 1; *sum += at; return 0; }
static long all(void *map, u32 *key, u64 *value, u64 *sum) { if (*key & 1) *sum += *value; return 0; }
`

/** Bodies of programs; what is walked over twice, and what only once, is a matter of which slots and numbers count. */
const PROGRAMS: Readonly<Record<string, string>> = {
  results: `u64 a, b, c; if (fetch(1, &a)) return 0; if (fetch(2, &b)) return 0; if (fetch(a & 63, &c)) return 0; return a + b > c;`,
  one_of_two: `u64 a = 1, b = 2; if (either(&a, &b)) either(&b, &a); if (random()) return a; return b;`,
  unrolled: `u64 v, sum = 0;\n#pragma unroll\nfor (int i = 0; i < 12; i++) { if (fetch(i, &v)) return i; sum += v; } return sum;`,
  loop: `u64 v = 0, sum = 0;\n#pragma clang loop unroll(disable)\nfor (int i = 0; i < 100; i++) { if (fetch(sum & 63, &v)) break; if (v > random()) sum += v; } return sum;`,
  tail_calls: `int n = jump(ctx, 1); if (n > 100) n += jump(ctx, 2); if (n & 8) bpf_tail_call(ctx, &programs, 3); return n;`,
  callbacks: `u64 sum = 0; bpf_loop(100, add, &sum, 0); if (sum > 5) for_each(&counts, all, &sum, 0); bpf_loop(ctx->len & 15, add, &sum, 0); return sum;`,
  packet: `char *at = (char *)(long)ctx->data, *end = (char *)(long)ctx->data_end; u32 n = 0;\n#pragma clang loop unroll(disable)\nfor (int i = 0; i < 20; i++) { if (at + 4 > end) break; n += *at; if (*at & 1) at += 2; else at += 4; } return n;`,
  distances: `u32 at = random(); u64 sum = 0; if (at - 3 < 40) sum += at; if (at + 9 > 20) sum ^= at - 5; switch (__builtin_bswap16(at)) { case 5: case 80: sum++; } return sum & 1;`,
}

test("programs of C: as many instructions and states as the kernel", { skip: needsRoot || skipClang }, () => {
  const programs = Object.entries(PROGRAMS).map(
    ([name, body]) => `SEC("tc") int ${name}(struct __sk_buff *ctx) { ${body} }`,
  )
  const license = 'char _license[] SEC("license") = "GPL";'
  const bytes = clangObject([DECLARATIONS, ...programs, license].join("\n"), "counts", ["-mcpu=v3"])
  const results = collectLoads("counts", () => new Judge().judge(readElf(bytes, "counts.o")))
  assert.deepEqual(
    results.map(({ name, agreement, counts }) => ({ name, agreement, counts })),
    results.map(({ name, kernelCounts }) => ({ name, agreement: "accepted", counts: kernelCounts })),
  )
  assert.equal(results.length, programs.length)
})
