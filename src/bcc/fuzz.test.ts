import { test } from "node:test"
import fc from "fast-check"
import { SkepError, SourceFile } from "../base/index.ts"
import { renderError } from "../c/index.ts"
import { compileBcc, emitC } from "./index.ts"

const PIECES = [
  "BPF_HASH(h, u32, struct s);",
  "BPF_HASH(h",
  "BPF_HISTOGRAM(d);",
  "BPF_PERF_OUTPUT(e);",
  "BPF_ARRAY(a, u64, 4);",
  "struct s { struct s *next; int x; u8 b : 3; };",
  "int f(struct pt_regs *ctx, struct s *p) {",
  "static int g(struct s *p, int n) {",
  "KFUNC_PROBE(x, struct s *p) {",
  "TRACEPOINT_PROBE(a, b) {",
  "int syscall__x(struct pt_regs *ctx, int *p) {",
  "}",
  "return p->next->x;",
  "p->x = 1;",
  "p->b++;",
  "struct s v = *p;",
  "struct s *q = p->next, **r = &q;",
  "q = *r;",
  "u32 k = p->x;",
  "h.lookup(&k);",
  "h.increment(k);",
  "d.increment(bpf_log2l(k));",
  "e.perf_submit(ctx, &v, sizeof(v));",
  "h.update(&k, p);",
  "a.atomic_increment(1);",
  "h.",
  "nothing(",
  "bpf_trace_printk(",
  '"%d %s",',
  "g(p, 1)",
  "f(ctx, p);",
  "h",
  "&h",
  "(*(u64 *)p)",
  "({ p; })",
  "p",
  "->next",
  "->x",
  "[1]",
  "*",
  "+",
  "=",
  ";",
  ")",
  "(",
  "if (p)",
  "for (;;)",
  "goto l;",
  "l:",
  "memcpy(&v, p, 8);",
  "memcmp(p, p, 4);",
  "typeof(h.leaf)",
  "#include <bcc/proto.h>\n",
  '#line 7 "y.c"\n',
  "struct hdr { u8 a : 3, b : 5; u16 c; u32 d[2]; } BPF_PACKET_HEADER;",
  "static int _bpf_readarg_f_1(struct pt_regs *ctx, void *to, size_t n) {",
  "int f(struct __sk_buff *skb) {",
  "u8 *cursor = 0;",
  "struct ip_t *ip = cursor_advance(cursor, sizeof(*ip));",
  "struct hdr *m = (void *)14;",
  "ip->df = m->b;",
  "m->d[k]++;",
  "ip->src",
  "&ip->hchecksum",
  "incr_cksum_l3(&ip->hchecksum, k, ip->dst);",
  "load_half(skb, 12)",
  "bpf_usdt_readarg(1, ctx, &k);",
  "bpf_usdt_readarg_p(1, ctx, &v, 4);",
  "1.5",
  ">= 0.5",
]

test("random programs give C or an error, and never crash", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }), pieces => {
      try {
        emitC(compileBcc(new SourceFile("t.c", pieces.join(" "))))
      } catch (error) {
        if (!(error instanceof SkepError)) throw error
        renderError(error)
      }
    }),
    { numRuns: 400, seed: 11 },
  )
})

const WHOLE = `struct s { struct s *next; int x; u8 b : 3; }; BPF_HASH(h, u32, struct s); BPF_PERF_OUTPUT(e); BPF_HISTOGRAM(d);
static int g(struct s *p, int n) { struct s *q = p->next; return q->x + n; }
int f(struct pt_regs *ctx, struct s *p) {
  struct s v = *p, *q; struct s *t[2] = { p, p->next }; u32 k = p->x + t[1]->b;
  q = h.lookup(&k); if (q) { q->x = g(p, 2); e.perf_submit(ctx, q, sizeof(*q)); }
  d.increment(bpf_log2l(k)); bpf_trace_printk("%d %d\\n", k, v.x); h.update(&k, &v); return g(q, memcmp(p, "abc", 3));
}
KFUNC_PROBE(x, struct s *p) { return p->next->x; }`

/** Takes out, doubles or swaps pieces of a program that compiles, so that most of it still makes sense. */
test("programs with a few mistakes give C or an error, and never crash", () => {
  const words = WHOLE.match(/\w+|\s+|[^\w\s]/g) ?? []
  const edit = fc.tuple(fc.nat(words.length - 1), fc.nat(words.length - 1), fc.constantFrom("drop", "swap", "copy"))
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), edits => {
      const text = [...words]
      for (const [i, j, kind] of edits) {
        if (kind === "drop") text[i] = ""
        else if (kind === "copy") text[i] += words[j]
        else [text[i], text[j]] = [text[j], text[i]]
      }
      try {
        emitC(compileBcc(new SourceFile("t.c", text.join(""))))
      } catch (error) {
        if (!(error instanceof SkepError)) throw error
        renderError(error)
      }
    }),
    { numRuns: 300, seed: 11 },
  )
})

/** Each level holds the one below it twice over for a careless walk: what is deep must not take long. */
function deep(name: string, start: string, around: (inner: string) => string): void {
  test(`deeply nested ${name}`, () => {
    let text = start
    for (let i = 0; i < 40; i++) text = around(text)
    const program = `struct s { struct s *next; int x; }; BPF_HASH(h, u32);
      int f(struct pt_regs *ctx, struct s *p) { u64 a[8] = {}; int n = 1; return (u64)(${text}) != 0; }`
    try {
      emitC(compileBcc(new SourceFile("t.c", program)))
    } catch (error) {
      if (!(error instanceof SkepError)) throw error
    }
  })
}
deep("assignments", "n", inner => `a[(${inner}) & 7] += 1`)
deep("helper calls", "n", inner => `bpf_probe_read(&a[(${inner}) & 7], 8, p)`)
deep("reads", "p", inner => `(${inner})->next`)
deep("statement expressions", "n", inner => `({ u64 *q = &a[(${inner}) & 7]; *q; })`)
deep("copies", "n", inner => `memcmp(&a[(${inner}) & 7], p, 4)`)
deep("table calls", "n", inner => `({ u32 k = (${inner}); u64 *v = h.lookup(&k); v ? *v : 0; })`)
deep("builtins", "p", inner => `__builtin_preserve_access_index((${inner})->next)`)
