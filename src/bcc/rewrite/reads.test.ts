import assert from "node:assert/strict"
import { test } from "node:test"
import { emits, emitted, refusal, warns } from "../../../tests/support/bcc.ts"

const TYPES = `
struct list { struct list *next; };
struct qstr { u32 len; const unsigned char *name; };
struct inode { unsigned long i_ino; u64 i_size; };
struct dentry { struct dentry *d_parent; struct qstr d_name; struct inode *d_inode; };
struct path { void *mnt; struct dentry *dentry; };
struct file { u32 f_flags; struct path f_path; };
struct common { u16 num; u16 family; struct { u32 addr[4]; } v6; };
struct sock { struct common c; u32 mark; u32 low : 4, high : 28; struct sock *peer; char tag[8]; };
struct tcp { struct sock sk; u32 window; };
struct task { int pid; char comm[16]; struct task *parent; struct file *files[4]; };
struct wrap { struct sock *f; u64 addr; int n; };
BPF_HASH(socks, u32, struct sock *);
BPF_HASH(wraps, u32, struct wrap);
`
const HEAD = "int f(struct pt_regs *ctx, struct sock *sk, struct file *file, struct task *t, int *ip, char **av)"
const PARAMS: Record<string, string> = {
  sk: "struct sock *sk = (struct sock *)ctx->di; ",
  file: "struct file *file = (struct file *)ctx->si; ",
  t: "struct task *t = (struct task *)ctx->dx; ",
  ip: "int *ip = (int *)ctx->cx; ",
  av: "char **av = (char **)ctx->r8; ",
}

/** One case: the body becomes this; the parameters that it uses come first. `static` functions may stand before. */
function reads(body: string, expected: string, before = ""): void {
  const used = Object.keys(PARAMS).filter(name =>
    new RegExp(`\\b${name}\\b`).test(body.replace(/sizeof\([^)]*\)/g, "")),
  )
  const head = used.map(name => PARAMS[name]).join("")
  test(before + body, () => {
    const actual = emitted(`${TYPES}${before}${HEAD} { ${body} }`)
    assert.equal(actual, `int f(struct pt_regs *ctx) { ${head}${expected} }`)
  })
}

/** One case: nothing is read by a helper. */
const plain = (body: string, before = "") => reads(body, body, before)

function refuses(body: string, message: string): void {
  test(body, () => assert.equal(refusal(`${TYPES}${HEAD} { ${body} return 0; }`).message, message))
}

// Rule 3: only the last arrow splits
reads("return sk->c.num;", "return READ(u16, &sk->c.num);")
reads("return sk->c.v6.addr[1];", "return READ(u32, &sk->c.v6.addr[1]);")
// Rule 4: one read an arrow
reads(
  "return file->f_path.dentry->d_inode->i_ino;",
  "return READ(unsigned long, &READ(struct inode *, &READ(struct dentry *, &file->f_path.dentry)->d_inode)->i_ino);",
)
// Rule 5: dereferences and arithmetic
reads("return *ip;", "return READ(int, ip);")
reads("return **av;", "return READ(char, READ(char *, av));")
reads("return *(&sk->mark - 2);", "return READ(u32, (&sk->mark - 2));")
reads("return ((u8 *)sk)[13];", "return READ(u8, &((u8 *)sk)[13]);")
reads("return (sk + 1)->mark;", "return READ(u32, &(sk + 1)->mark);")
// Rule 6: subscripts
reads("char *a = av[2];", "char *a = READ(char *, &av[2]);")
reads("return av[1][2];", "return READ(char, &READ(char *, &av[1])[2]);")
// Rule 7: arrays decay
plain("char *p = t->comm;")
// Rules 8 and 8b, where BCC reads the wrong bytes
reads("return t->comm[2];", "return READ(char, &t->comm[2]);")
reads("int i = 3; return t->comm[i];", "int i = 3; return READ(char, &t->comm[i]);")
reads("return t->files[2]->f_flags;", "return READ(u32, &READ(struct file *, &t->files[2])->f_flags);")
reads(
  "return file->f_path.dentry->d_name.name[1];",
  "return READ(unsigned char, &READ(const unsigned char *, &READ(struct dentry *, &file->f_path.dentry)->d_name.name)[1]);",
)
// Rule 8c: an array of pointers on the stack
reads(
  "struct sock *v[2]; v[0] = sk; v[1] = sk->peer; return v[1]->mark;",
  "struct sock *v[2]; v[0] = sk; v[1] = READ(struct sock *, &sk->peer); return READ(u32, &v[1]->mark);",
)
// Rules 9 and 10: addresses
plain("void *p = &sk->c.num; void *q = &av[1];")
reads(
  "struct inode **p = &file->f_path.dentry->d_inode;",
  "struct inode **p = &READ(struct dentry *, &file->f_path.dentry)->d_inode;",
)
// Rule 11: explicit reads stay, and what they need is read
plain("u16 n; bpf_probe_read(&n, sizeof(n), &sk->c.num);")
plain("u16 n; bpf_probe_read_kernel(&n, sizeof(n), &sk->c.num);")
plain("char b[8]; bpf_probe_read_str(b, sizeof(b), sk->tag);")
reads(
  "u64 n; bpf_probe_read(&n, sizeof(n), &file->f_path.dentry->d_inode->i_ino);",
  "u64 n; bpf_probe_read(&n, sizeof(n), &READ(struct inode *, &READ(struct dentry *, &file->f_path.dentry)->d_inode)->i_ino);",
)
reads(
  "struct sock *p; bpf_probe_read(&p, sizeof(p), &sk->peer); return p->mark;",
  "struct sock *p; bpf_probe_read(&p, sizeof(p), &sk->peer); return READ(u32, &p->mark);",
)
reads(
  "struct wrap w = {}; bpf_probe_read(&w, sizeof(w), sk); return w.f->mark;",
  "struct wrap w = {}; bpf_probe_read(&w, sizeof(w), sk); return READ(u32, &w.f->mark);",
)
// Rule 12: whole records
reads(
  "struct path p = file->f_path; return p.dentry->d_inode->i_ino;",
  "struct path p = READ(struct path, &file->f_path); " +
    "return READ(unsigned long, &READ(struct inode *, &p.dentry->d_inode)->i_ino);",
)
reads("struct sock s = *sk; return s.mark;", "struct sock s = READ(struct sock, sk); return s.mark;")
// Rule 13: sizeof reads nothing
plain("return sizeof(sk->mark);")
// Rule 14: no writes
refuses("sk->mark = 1;", "cannot write to 'sk->mark': it is not the program's own memory")
refuses("sk->mark++;", "cannot write to 'sk->mark': it is not the program's own memory")
refuses("sk->mark += 2;", "cannot write to 'sk->mark': it is not the program's own memory")
refuses("*ip = 0;", "cannot write to '*ip': it is not the program's own memory")
refuses("__sync_fetch_and_add(&sk->mark, 1);", "cannot write to 'sk->mark': it is not the program's own memory")
refuses("memset(sk->tag, 0, 8);", "cannot write to '*sk->tag': it is not the program's own memory")
// Rule 15: bit-fields
reads(
  "return sk->high;",
  "return ({ u32 _val; __builtin_memset(&_val, 0, sizeof(_val)); " +
    "bpf_probe_read(&_val, sizeof(_val), (void *)(u32 *)((char *)sk + 24)); " +
    "(u32)((unsigned long long)((unsigned long long)_val << 32) >> 36); });",
)
// Rule 16: macro bodies
reads("return NUM(sk);", "return READ(u16, &sk->c.num);", "#define NUM(s) (s)->c.num\n")
reads("return sk->number;", "return READ(u16, &sk->c.num);", "#define number c.num\n")

// Sources of pointers
reads(
  "struct sock *s = (struct sock *)PT_REGS_PARM1(ctx); return s->mark;",
  "struct sock *s = (struct sock *)ctx->di; return READ(u32, &s->mark);",
)
reads("return ((struct sock *)PT_REGS_PARM1(ctx))->mark;", "return READ(u32, &((struct sock *)ctx->di)->mark);")
reads(
  "u64 x = PT_REGS_RC(ctx); struct sock *s = (void *)x; return s->mark;",
  "u64 x = ctx->ax; struct sock *s = (void *)x; return READ(u32, &s->mark);",
)
reads(
  "struct task *c = (struct task *)bpf_get_current_task(); return c->pid;",
  "struct task *c = (struct task *)bpf_get_current_task(); return READ(int, &c->pid);",
)
reads(
  "return ((struct task *)bpf_get_current_task())->pid;",
  "return READ(int, &((struct task *)bpf_get_current_task())->pid);",
)
reads(
  "struct sock *s = ip ? sk : sk->peer; return s->mark;",
  "struct sock *s = ip ? sk : READ(struct sock *, &sk->peer); return READ(u32, &s->mark);",
)
reads(
  "struct list *l = (struct list *)sk; for (int i = 0; i < 3; i++) l = l->next; return l != 0;",
  "struct list *l = (struct list *)sk; for (int i = 0; i < 3; i++) l = READ(struct list *, &l->next); return l != 0;",
)
// Pointers in variables, members, arrays and tables
reads("struct wrap w = {.f = sk}; return w.f->mark;", "struct wrap w = {sk}; return READ(u32, &w.f->mark);")
reads(
  "struct wrap w = {.n = 1, .f = sk}; return w.f->mark;",
  "struct wrap w = {.n = 1, .f = sk}; return READ(u32, &w.f->mark);",
)
reads(
  "struct wrap w = {}; w.f = sk; struct wrap *q = &w; return q->f->mark + q->n;",
  "struct wrap w = {}; w.f = sk; struct wrap *q = &w; return READ(u32, &q->f->mark) + q->n;",
)
reads(
  "struct wrap w = {}; w.addr = (u64)sk; return ((struct sock *)w.addr)->mark;",
  "struct wrap w = {}; w.addr = (u64)sk; return READ(u32, &((struct sock *)w.addr)->mark);",
)
reads("struct sock **pp = &sk; return (*pp)->mark;", "struct sock **pp = &sk; return READ(u32, &(*pp)->mark);")
reads(
  "u32 k = 1; struct sock **pp = socks.lookup(&k); if (!pp) return 0; struct sock *s = *pp; return s->mark;",
  "u32 k = 1; struct sock **pp = bpf_map_lookup_elem(&socks, &k); if (!pp) return 0; struct sock *s = *pp; " +
    "return READ(u32, &s->mark);",
)
reads(
  "u32 k = 1; struct wrap *w = wraps.lookup(&k); if (!w) return 0; w->n++; return w->f->mark;",
  "u32 k = 1; struct wrap *w = bpf_map_lookup_elem(&wraps, &k); if (!w) return 0; w->n++; return READ(u32, &w->f->mark);",
)
// Static functions
reads("return get(sk);", "return get(sk);", "static int get(struct sock *s) { return s->mark; }\n")
reads(
  "return up(sk)->mark;",
  "return READ(u32, &up(sk)->mark);",
  "static struct sock *up(struct sock *s) { return s->peer; }\n",
)
reads(
  "struct sock *s = 0; put(&s, sk); return s->mark;",
  "struct sock *s = 0; put(&s, sk); return READ(u32, &s->mark);",
  "static void put(struct sock **to, struct sock *s) { *to = s; }\n",
)
// The program's own memory is read directly
plain("int x = 0; int *p = &x; *p = 3; return *p;")
plain("char b[16] = {}; int i = 2; b[i & 15] = 1; char *p = b; return p[3] + *(p + 1);")
plain("struct wrap w = {}; struct wrap *q = &w; struct wrap **r = &q; (*r)->n = 1; return q->n;")
plain("u32 *p = (u32 *)((u64)&ctx->di & 0); return p != 0;")
plain("struct pt_regs *regs = ctx; return regs->sp;")
plain("static const int table[3] = {1, 2, 3}; int i = 1; return table[i];")
// memcpy and memcmp of kernel memory
reads(
  "char b[8]; __builtin_memcpy(b, sk->tag, 8); return b[0];",
  "char b[8]; bpf_probe_read(b, 8, sk->tag); return b[0];",
)
reads(
  'return memcmp(sk->tag, "abc", 3);',
  'return ({ char _copy0[3] = {}; bpf_probe_read(_copy0, 3, sk->tag); memcmp(_copy0, "abc", 3); });',
)
plain(
  "char a[4] = {}, b[4] = {}; return 0;".replace(
    "char a[4] = {}, b[4] = {};",
    "char a[4] = {}; char b[4] = {}; __builtin_memcpy(a, b, 4);",
  ),
)
refuses("return memcmp(sk->tag, av, sk->mark);", "memcmp() of kernel memory needs a constant size of at most 256")

// A static function is rewritten once, for all its callers
emits(
  "static int g(struct sock *s) { return s->mark; }",
  "static int g(struct sock *s) { return READ(u32, &s->mark); }",
  `${TYPES}static int g(struct sock *s); int f(struct pt_regs *ctx, struct sock *sk) { return g(sk); }`,
)
emits(
  "static int g(struct wrap *w) { w->n = 2; return w->n; }",
  "static int g(struct wrap *w) { w->n = 2; return w->n; }",
  `${TYPES}static int g(struct wrap *w); int f(struct pt_regs *ctx) { struct wrap w = {}; return g(&w); }`,
)
// One that gets both kinds reads by the helper, which can read anything
emits(
  "static int g(struct sock *s) { return s->mark; }",
  "static int g(struct sock *s) { return READ(u32, &s->mark); }",
  `${TYPES}static int g(struct sock *s);
   int f(struct pt_regs *ctx, struct sock *sk) { struct sock own = {}; return g(&own) + g(sk); }`,
)

// Other families of programs
emits(
  "KFUNC_PROBE(f, struct sock *sk, int n, char *s) { struct sock *p = sk->peer; return p->mark + n + s[0]; }",
  "int kfunc__vmlinux__f(unsigned long long *ctx) { struct sock *sk = (struct sock *)ctx[0]; int n = (int)ctx[1]; " +
    "char *s = (char *)ctx[2]; struct sock *p = sk->peer; return p->mark + n + READ(char, &s[0]); }",
  TYPES,
)
emits(
  "KFUNC_PROBE(f, struct sock *sk) { return ((struct tcp *)sk)->window; }",
  "int kfunc__vmlinux__f(unsigned long long *ctx) { struct sock *sk = (struct sock *)ctx[0]; " +
    "return READ(u32, &((struct tcp *)sk)->window); }",
  TYPES,
)
emits(
  "KFUNC_PROBE(f, struct sock *sk) { int i = bpf_get_prandom_u32() & 3; return sk->c.v6.addr[i]; }",
  "int kfunc__vmlinux__f(unsigned long long *ctx) { struct sock *sk = (struct sock *)ctx[0]; " +
    "int i = bpf_get_prandom_u32() & 3; return READ(u32, &sk->c.v6.addr[i]); }",
  TYPES,
)
emits(
  "KRETFUNC_PROBE(f) { struct task *t = (struct task *)bpf_get_current_task(); return t->pid; }",
  "int kretfunc__vmlinux__f(unsigned long long *ctx) { struct task *t = (struct task *)bpf_get_current_task(); " +
    "return READ(int, &t->pid); }",
  TYPES,
)
emits(
  "RAW_TRACEPOINT_PROBE(x) { return ((struct task *)ctx->args[1])->pid; }",
  "int raw_tracepoint__x(struct bpf_raw_tracepoint_args *ctx) { return READ(int, &((struct task *)ctx->args[1])->pid); }",
  TYPES,
)
emits(
  `int x(struct xdp_md *ctx) {
     void *data = (void *)(long)ctx->data; void *end = (void *)(long)ctx->data_end; struct ethhdr *eth = data;
     if (data + sizeof(*eth) > end) return XDP_DROP;
     eth->h_proto = 0; return eth->h_dest[0]; }`,
  "int x(struct xdp_md *ctx) { void *data = (void *)(long)ctx->data; void *end = (void *)(long)ctx->data_end; " +
    "struct ethhdr *eth = data; if (data + sizeof(*eth) > end) return XDP_DROP; eth->h_proto = 0; return eth->h_dest[0]; }",
)
emits(
  "int x(struct __sk_buff *skb) { return skb->len + ((struct task *)bpf_get_current_task())->pid; }",
  "int x(struct __sk_buff *skb) { return skb->len + READ(int, &((struct task *)bpf_get_current_task())->pid); }",
  TYPES,
)
// Machines on which a user and a kernel address can be the same number
emits(
  "int f(struct pt_regs *ctx, struct task *t) { return t->pid; }",
  "int f(struct pt_regs *ctx) { struct task *t = (struct task *)ctx->gprs[2]; return bpf_probe_read_kernel(int, &t->pid); }",
  TYPES,
  { arch: "s390x" },
)
warns("int f(struct pt_regs *ctx, int *p) { return *p; }", [])
