import assert from "node:assert/strict"
import { test } from "node:test"
import { golden } from "../../../tests/support/golden.ts"
import { lowerC } from "../../../tests/support/lowerC.ts"
import { checkModule } from "../check.ts"
import { printModule } from "../print.ts"

/** What C becomes, kept in tests/golden/ir/NAME.ir below the C itself. */
function lowers(name: string, text: string): void {
  test(`lowering: ${name}`, () => {
    const module = lowerC(text)
    assert.deepEqual(checkModule(module), [])
    const source = text
      .trim()
      .split("\n")
      .map(line => `; ${line}\n`)
      .join("")
    golden(`tests/golden/ir/${name}.ir`, `${source}\n${printModule(module)}`)
  })
}

lowers("add", "int f(int a, int b) { return a + b; }")
lowers("narrow", "int f(char c, unsigned short s) { c += s; return c; }")
lowers("compare", "int f(unsigned a, int b, unsigned long c) { return (a < 5) + (b < -5) * (c >= a); }")
lowers("pointer", "long f(int *p, int i) { return p[i] + *(p + 2) + (&p[i] - p); }")
lowers("strlen", 'unsigned long strlen(const char *);\nlong f(int a) { return strlen("bees") + a; }')
lowers("logical", "int f(int a, int b, int c) { return a && (b || !c); }")
lowers("condition", "int f(int a, int b) { if (a && (b || a > 5)) return 1; return 2; }")
lowers("conditional", "long f(int a, long b) { return a ? b : a; }")
lowers("elvis", "int f(int a, int b) { return a ?: b; }")
lowers(
  "constant_condition",
  "int f(int a) { if (sizeof(a) == 4) return a; return undeclared_part(a); }".replace("undeclared_part(a)", "a / 2"),
)
lowers(
  "while",
  "int f(int n) { int s = 0; while (n--) { if (n == 3) continue; if (n == 1) break; s += n; } return s; }",
)
lowers("for_unroll", "int f(int *p) { int s = 0;\n#pragma unroll\nfor (int i = 0; i < 4; i++) s += p[i];\nreturn s; }")
lowers("do", "int f(int n) { do n -= 3; while (n > 0); return n; }")
lowers("goto", "int f(int n) { again: if (n > 10) { n /= 2; goto again; } return n; }")
lowers("switch_chain", "int f(int n) { switch (n) { case 1: case 2: return 5; case 7: n++; default: return n; } }")
lowers(
  "switch_search",
  "int f(unsigned n) { switch (n) { case 1: return 9; case 3 ... 8: return 8; case 20: return 7; case 30: return 6; case 40: return 5; case 50: return 4; } return 0; }",
)
lowers(
  "struct_init",
  "struct s { char c; long l; int i; };\nvoid g(struct s *);\nint f(int x) { struct s s = {.i = x}; return s.c; }",
)
lowers("struct_all", "struct s { int a; int b; };\nint f(int x, int y) { struct s s = {x, y}; return s.b; }")
lowers("struct_zero", "struct s { long v[6]; };\nint f(void) { struct s s = {}; return s.v[2]; }")
lowers(
  "struct_copy",
  "struct s { long a; int b; };\nvoid f(struct s *p, struct s *q) { *p = *q; struct s t = *p; q->a = t.a; }",
)
lowers(
  "address_table",
  'int a[4];\nstruct s { const char *name; int *to; struct s *next; };\nint f(int);\nstruct s t[2] = {{"x", &a[2], t + 1}, {"y" + 1, a, &(struct s){"z"}}};\nint f(int i) { return t[i].name[0]; }',
)
lowers("string_local", 'int f(int i) { char t[] = "hello, world\\n"; return t[i]; }')
lowers("string_global", 'int f(int i) { return "abc"[i] + "abc"[0]; }')
lowers(
  "bitfield",
  "struct s { unsigned a : 3, b : 7; int c : 5; };\nint f(struct s *p, int x) { p->b = x; return p->c + (p->a = x); }",
)
lowers("volatile", "int f(volatile int *p) { *p; *p += 1; return *p; }")
lowers("union", "union u { long l; unsigned char b[8]; };\nint f(long x) { union u u = {x}; return u.b[3]; }")
lowers(
  "global",
  'int a = 5; static long b; const char c[] = "xyz"; volatile const int d = 3;\nint f(int i) { b += a; return c[i] + d; }',
)
lowers("static_local", "int f(void) { static int n = 1; return n++; }")
lowers("call", "static int sq(int x) { return x * x; }\nint f(int a) { return sq(a) + sq(a + 1); }")
lowers(
  "call_struct",
  "struct p { long x, y, z; };\nstatic struct p up(struct p a) { a.x++; return a; }\nlong f(struct p *q) { *q = up(*q); return up(*q).z; }",
)
lowers("helper_pointer", "static long (*get_pid)(void) = (void *) 14;\nint f(void) { return get_pid() >> 32; }")
lowers(
  "callback",
  "static long (*loop)(unsigned, void *, void *, long) = (void *) 181;\nstatic long step(unsigned i, void *c) { *(long *) c += i; return 0; }\nint f(void) { long n = 0; loop(9, step, &n, 0); return n; }",
)
lowers("noinline", "static __attribute__((noinline)) int g(int x) { return x; }\nint f(int x) { return g(x); }")
lowers(
  "int128",
  "unsigned long f(unsigned long a, unsigned long b) { unsigned __int128 x = (unsigned __int128) a * b; return (x + a) >> 64; }",
)
lowers("shift128", "long f(__int128 *p, int n) { return *p >> n; }")
lowers(
  "memory",
  "struct s { int a[5]; };\nvoid f(struct s *p, struct s *q) { __builtin_memset(p, 0, sizeof(*p)); __builtin_memcpy(p, q, sizeof(*p)); }",
)
lowers(
  "memcmp",
  "int f(const char *p, const char *q) { if (__builtin_memcmp(p, q, 6) == 0) return 1; return __builtin_memcmp(p, q, 3); }",
)
lowers("atomic", "long f(long *p, int *q) { __sync_fetch_and_add(p, 1); return __sync_val_compare_and_swap(q, 1, 2); }")
lowers("atomic_qualifier", "_Atomic int n;\nint f(void) { n += 2; return n--; }")
lowers(
  "asm_text",
  'int n; int f(int *p, int x) { long y; asm volatile("%[y] = *(u32 *)(%[p] + %[o]); %w1 += %w1; r1 = n ll" : [y] "=&r"(y), "+r"(x) : [p] "r"(p), [o] "i"(4) : "r1", "memory"); return x + y; }',
)
lowers(
  "asm_goto",
  'int f(int x) { asm goto("if %0 > 4 goto %l[big]; if %0 == 2 goto %l2" :: "r"(x) :: big, two); return 0; big: return 1; two: return 2; }',
)
lowers(
  "naked",
  'static int g(void) { return 1; }\n__attribute__((naked)) int f(void *p) { asm volatile("call g; r0 += %[n]; exit" :: [n] "i"(5)); }',
)
lowers("asm", 'int f(int x) { asm volatile("" : "+r"(x) :: "memory"); return x; }')
lowers("popcount", "int f(unsigned long x) { return __builtin_popcountll(x); }")
lowers("overflow", "int f(int a, int b, int *r) { return __builtin_add_overflow(a, b, r); }")
lowers("statement_expression", "int f(int a) { return ({ int x = a; x += 2; x; }) * 2; }")
lowers("packed", "struct __attribute__((packed)) s { char c; int i; };\nint f(struct s *p) { return p->i; }")
lowers(
  "packet",
  "unsigned long long load_half(void *skb, unsigned long long off);\nint f(void *skb, int i) { return load_half(skb, 12) + load_half(skb, i); }",
)
lowers("no_return", "int f(int a) { if (a) return 1; }")
lowers("extern_local", "int n = 4;\nint f(void) { extern int n; return n; }")
lowers("program_calls_program", "int g(int x) { return x; }\nint f(int x) { return g(x); }")
