import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { compilers } from "../../../tests/support/native.ts"
import { messages, parseC } from "../../../tests/support/parseC.ts"

/** Texts that C with GNU extensions allows. */
const VALID = `
int x, *y, **z, a[3], (*b)[3], *c[3], f(void), (*g)(void), *h(int), (*i(int))(long);
typedef int T; void f(void) { T T = 1; T++; }
typedef int T; int f(T), g(int T), h(T T);
typedef int T; struct s { T T; }; int f(struct s *p) { return p->T; }
typedef int T; void f(void) { T: ; goto T; }
typedef int T; void f(int x) { (T)x; sizeof(T); sizeof (T)*1; (T){1}; }
typedef int T; enum { T2 = sizeof(T) }; int f(void) { int T = T2; { typedef long T; T x = 1; return x; } }
typedef int (*F)(int); F f, *g; int h(F f) { return f(1) + (*f)(2) + (****f)(3); }
typedef struct s S; struct s { S *next; }; S *f(S *p) { return p->next; }
typedef int A[]; A a = {1, 2}, b = {1, 2, 3}; int f(void) { return sizeof a + sizeof b; }
struct { int a, b; } x = {1, 2}, y = {.b = 1}; void f(void) { x = y; }
struct s { struct { int a; struct { int b; }; }; union { int c; char d; }; }; int f(struct s *p) { return p->a + p->b + p->c + p->d; }
struct s { int a; }; struct s f(struct s x) { return x; } int g(struct s x) { return f(x).a; }
struct s { int a[3]; }; struct s f(void); int g(void) { return f().a[1]; }
struct s { unsigned a : 3, : 0, b : 5; int : 4; }; int f(struct s *p) { return p->a++ + (p->b |= 1); }
struct s; struct s *p; struct s { int a; }; int f(void) { return p->a; }
void f(void) { struct s { int a; } x; { struct s { char b; } y; y.b = 1; } x.a = 1; }
enum e { A, B = 5, C, D = -1, } x; int a[C]; int f(enum e y) { switch (y) { case A: case B: return 1; default: return D; } }
enum e { A = 1UL << 40, B }; long f(void) { return A | B; }
int f(int a, ...) { return a; } int g(void) { return f(1, 2, 'c', "s", (void *)0, 4L); }
int f(); int g(void) { return f() + f(1) + f(1, "x"); }
int f(int a[10], int b[static 3], int c[const], int d(int)) { return *a + *b + *c + d(1); }
int f(const char *s, char *const p) { *p = *s; return s[0]; }
void f(void *v, int *i, char *c) { v = i; i = v; c = v; v = c; i = 0; c = (void *)0; }
void f(void *v) { v++; v += 3; (v - v) + 1; *(char *)(v + 1); sizeof(void); }
int f(int n) { int i; for (i = 0; i < n; i++) ; for (int j = 0, k = 1; j < n; j++, k--) i += k; for (;;) break; return i; }
int f(int n) { do n--; while (n > 0); while (n < 10) { if (n == 5) continue; n++; } return n; }
int f(int n) { switch (n) { case 1 ... 3: { case 4: return 1; } default: break; case 'a': if (n) case 9: return 2; } return 0; }
int f(int n) { switch (n) default: return 1; return 0; }
int f(int n) { goto end; { int x; mid: x = n; return x; } end: goto mid; }
int f(int n) { a: b: c: return n; goto a; goto b; goto c; }
int f(int n) { if (n) if (n > 1) return 1; else return 2; return 3; }
int f(int n) { return n ? n > 0 ? 1 : -1 : 0; }
int f(int n) { return n ?: 5; }
int f(int n) { return ({ int y = n; if (y < 0) y = -y; y; }); }
int f(int n) { return ({ n; ({ n + 1; }); }) + ({ struct s { int a; } v = {n}; v; }).a; }
int f(int n) { int a = 1, *p = &a, **q = &p; return **q + n[p] + *p++ + (*p)-- + -*p + !p + ~a; }
int f(int n) { n += 1; n -= 2; n *= 3; n /= 4; n %= 5; n <<= 1; n >>= 1; n &= 7; n |= 8; n ^= 9; return n = n, n; }
unsigned f(unsigned long a, int b) { return a + b * 2U - (a << b) / (b ? b : 1) % 7; }
_Bool f(int *p, unsigned u) { _Bool b = p; b = u; b |= 1; b++; return !b && p || u; }
__int128 f(__int128 a, unsigned __int128 b) { return a * 3 + b / 7; }
int a[] = {1, 2, 3,}, b[2][3] = {{1}, {2, 3}}, c[2][2] = {1, 2, 3}, d[5] = {[3] = 1, 2, [0] = 5}, e[] = {[2 ... 4] = 7, 8};
struct p { int x, y; } a = {.y = 1, .x = 2}, b = {y: 3, x: 4}, c[2] = {{1, 2}, {3}}, d[] = {1, 2, 3, 4}, e[3] = {[1].y = 5, 6};
struct q { struct { int a, b; } in; int arr[3]; } x = {.in.b = 1, .arr[1] = 2, 3}, y = {{1, 2}, {3}}, z = {1, 2, 3, 4, 5};
struct r { int a; union { int b; char c; }; int d; } x = {1, {2}, 3}, y = {.c = 'x', 4}, z = {1, .b = 5};
union u { int a; char b[4]; } x = {1}, y = {.b = "abc"}, z = {.b = {1, 2}};
char a[] = "abc", b[10] = "x", c[3] = "abc", d[] = {"abc"}, *e = "x" "y", f[2][4] = {"ab", "cd"}; int g[] = L"wide"; unsigned short h[] = u"u16"; unsigned i[] = U"u32"; char j[] = u8"u8";
void f(void) { int x = {1}; char s[] = {'a', 'b'}; struct { int a; } t = {}; int z[3] = {}; x = s[0] + t.a + z[0]; }
int *p = &(int){1}; struct s { int a; } *q = &(struct s){2}; int f(void) { return ((struct s){.a = 3}).a + (int[]){1, 2}[1]; }
int x; int *p = &x, *q = &x + 1, **r = &p; char *s = "abc" + 1; long l = (long)&x; int (*fp)(void); int f(void); int (*g)(void) = f, (*h)(void) = &f;
extern int x; int x; int x; int x = 5; extern int x; static int y; static int y = 2; extern int z[]; int z[3];
static int f(void); int g(void) { return f(); } static int f(void) { return 1; }
inline int f(void) { return 1; } static inline __attribute__((always_inline)) int g(void) { return 2; } extern inline int h(void) { return 3; }
int f(void) { extern int y; static int z = 3; register int r = 1; auto int a = 2; return y + z + r + a; }
int f(void) { int g(int); return g(1); }
const int a = 1; volatile int b; const volatile int *const restrict_ = 0; int *restrict c; int const *d; int *const e = 0;
long long unsigned int a; int long b; short unsigned c; char signed d; long double e; double f; float g;
__signed__ int a; __const int b = 1; __volatile__ int c; __inline__ static int d(void) { return 1; } int *__restrict e;
__typeof__(int) a; typeof(a) b; __typeof(&a) c; typeof(int[3]) d; int f(int x) { typeof(x + 1L) y = 1; __auto_type z = y; return z; }
_Alignas(16) int a; _Alignas(long) char b; int c[_Alignof(int)], d = __alignof__(long), e = _Alignof(struct { char c; });
_Static_assert(sizeof(int) == 4, "int"); struct s { _Static_assert(1, "x"); int a; }; void f(void) { _Static_assert(1, "y"); }
_Noreturn void f(void); int g(int x) { if (x) return 1; f(); }
int f(int x) { return _Generic(x, int: 1, char *: 2, default: 3) + _Generic("s", char *: 1, const char *: 2) + _Generic(f, int (*)(int): 4); }
int f(void) { return __builtin_types_compatible_p(int, long) + __builtin_choose_expr(1, 2, "x") + __builtin_constant_p(f) + sizeof(__builtin_offsetof(struct { int a; }, a)); }
struct __attribute__((packed)) s { char a; int b; } __attribute__((aligned(2))); struct t { int a __attribute__((packed, aligned(4))); } __attribute__((__packed__));
int a __attribute__((unused)), __attribute__((aligned(8))) b, c __attribute__((section("x"), used)); __attribute__((noinline)) int f(int x __attribute__((unused))) { return 1; }
typedef int v __attribute__((aligned(2))); typedef unsigned int u64 __attribute__((mode(DI))); typedef int __attribute__((__mode__(__QI__))) i8;
int f(int n) { switch (n) { case 1: n++; __attribute__((fallthrough)); case 2: break; } l: __attribute__((unused)); return n; }
int f(int n) { asm volatile ("" : "=r"(n) : "0"(n) : "memory"); asm ("nop"); __asm__ __volatile__ ("" ::: "memory"); asm ("" : [x] "+r"(n) : [y] "i"(4)); return n; }
int f(int a) asm("other"); int x asm("y");
__extension__ typedef long long ll; __extension__ struct s { __extension__ union { int a; }; }; int f(void) { __extension__ int x = __extension__ 1; return x; }
int f(unsigned *p, unsigned long *q, int *i) { return __sync_fetch_and_add(p, 1) + __sync_bool_compare_and_swap(q, 1, 2) + __sync_val_compare_and_swap(i, 1, 2) + __sync_lock_test_and_set(p, 1) + __sync_add_and_fetch(p, 2); }
int f(int *p, int **q) { __atomic_store_n(p, 1, 5); __sync_synchronize(); *q = __atomic_exchange_n(q, p, 5); return __atomic_load_n(p, 0) + __atomic_fetch_or(p, 2, 0) + __atomic_add_fetch(p, 2, 0); }
int f(int *p, int e) { int r; __atomic_load(p, &r, 0); __atomic_store(p, &r, 0); return __atomic_compare_exchange_n(p, &e, 2, 0, 5, 5) + r; }
int f(int a, long b, unsigned char *r) { int s; return __builtin_add_overflow(a, b, r) + __builtin_mul_overflow(a, 3, &s) + __builtin_sadd_overflow(a, 1, &s) + __builtin_usubl_overflow(1, 2, (unsigned long *)0); }
int f(void *p, const void *q) { __builtin_memcpy(p, q, 3); __builtin_memset(p, 0, 8); __builtin_memmove(p, q, 1); __builtin_prefetch(q, 0, 3); return __builtin_memcmp(p, q, 2) + __builtin_expect(1, 0); }
union u { int a; char *b; }; union u f(int x, char *y) { union u v = (union u)x; v = (union u)y; return v; }
int f(int x) { int y = x; { int x = y; y = x; } for (int x = 0; x < 3; x++) { int x = 1; y += x; } return y; }
int f(int n) { if (n) ; else ; while (n--) ; {} {;} ; return n; }
int f(int n) { l: if (n) { int x; goto l; m: x = 1; n = x; } goto m; }
int a = 'a' + L'a' + u'a' + '\\n' + '\\x41' + '\\101' + '\\0'; int b = 0x1F + 017 + 0b11 + 1u + 1L + 1uLL + 1llu;
int a = sizeof(int) + sizeof a + sizeof(a + 1L) + sizeof "abc" + sizeof(char[3]) + sizeof(struct { int x; });
void f(void) { (void)0; (void)f; (void)"x"; ((void (*)(void))0)(); }
void f(void) { void *p = f; void (*g)(void) = p; g(); p = &f; }
void g(void); void f(int a) { return g(); a ? g() : (void)0; (g(), g()); }
int f(int (*p)[3], int q[2][3]) { p = q; return (*p)[1] + p[1][2] + q[0][0]; }
int f(char *p, char *q) { return p < q || p == 0 || q != (void *)0 || !(p - q); }
struct s { int n; char data[]; }; int f(struct s *p) { return p->data[p->n]; } int g = sizeof(struct s);
struct s { int z[0]; struct { } e; int a; }; int f = sizeof(struct s);
int f(void) { static const int table[] = {1, 2, 3}; return table[sizeof(table) / sizeof(table[0]) - 1]; }
#define offsetof(t, m) __builtin_offsetof(t, m)%struct l { struct l *n; }; struct o { int a; struct l l; }; struct o *f(struct l *p) { return ({ const typeof(((struct o *)0)->l) *__m = (p); (struct o *)((char *)__m - offsetof(struct o, l)); }); }
int f(void) { return __func__[0] + sizeof(__FUNCTION__) + *__PRETTY_FUNCTION__; }
#pragma pack(push, 1)%struct s { char a; int b; };%#pragma pack(pop)%int f[sizeof(struct s) == 5 ? 1 : -1];
int f(int n) {%#pragma GCC unroll 4%for (int i = 0; i < 4; i++) n++; return n; }
;;; int x;; ;
struct s { int a, b } x; int f(void) { return x.a; }
__attribute__((const)) int f(int a) { return a; }
`

/** Texts that break a rule of C. */
const INVALID = `
int x
int x y;
int 5x;
int f(void) { return 1 }
int f(void) { x = 1; }
int f(void) { g(; }
int f(void) { if (1 { } }
int f(void) { (1 + ; }
int f(void) { 1 + * 2; }
int f(void) { else ; }
int f(void) { case 1: ; }
int f(void) { break; }
int f(void) { continue; }
int f(void) { goto nowhere; }
int f(void) { int a; int a; }
int f(int a) { int a; }
int f(int a, int a) { return a; }
int f(void) { return 1; } int f(void) { return 2; }
int f(int); int f(char *);
int f(int); long f(int);
int x; char x;
int x = 1; int x = 2;
int x; int x(void);
typedef int t; typedef char t;
typedef int t; int t;
struct s { int a; int a; };
struct s { int a; }; struct s { int a; };
struct s { struct s a; };
struct s x; int f(void) { return x.a; }
struct s *p; int f(void) { return p->a; }
struct s { int a; } x; int f(void) { return x.b; }
struct s { int a; } x; int f(void) { return x->a; }
struct s { int a; } *x; int f(void) { return x.a; }
struct s { int a; } x; int f(void) { return x + 1; }
struct s { int a; } x; int f(void) { return x; }
struct s { int a; } x; int f(void) { if (x) return 1; return 2; }
struct s { int a; } x; struct t { int a; } y; void f(void) { x = y; }
struct s { int a : 40; };
struct s { int a : -1; };
struct s { int a : 0; };
struct s { int f(void); };
struct s { int a[]; int b; };
union s { int a; }; struct s x;
enum e { A }; enum f { A };
enum e { };
enum e { A = x };
void f(void) { void x; }
int a[-1];
int a[2][];
int a[] = 1;
int a[2] = {[5] = 1};
int n; int a[n];
int f(void)[3];
int f(void)(void);
int a[3](void);
int f(void) { 1 = 2; }
int f(int a) { a + 1 = 2; }
int f(int a) { &a = 0; }
int f(int a) { &1; }
int f(int a) { ++1; }
int f(int a) { a++ ++; }
int f(int a) { *a; }
int f(int a) { a[0]; }
int f(int a) { a(); }
int f(int *a) { return -a; }
int f(int *a) { return ~a; }
int f(int *a) { return a * 2; }
int f(int *a, int *b) { return a + b; }
int f(int *a, char *b) { return a - b; }
int f(int *a) { return a % 2; }
int f(int *a) { return a << 1; }
int f(const int a) { a = 1; }
int f(const int *a) { *a = 1; }
int f(void) { const struct { int a; } x = {1}; x.a = 2; }
int f(void) { int a[3]; a = 0; }
int f(void) { f = 0; }
int f(int a); int g(void) { return f(); }
int f(int a); int g(void) { return f(1, 2); }
void f(void); int g(void) { return f(); }
void f(void); int g(void) { return 1 + f(); }
void f(void); int g(void) { int x = f(); return x; }
struct s { int a; }; int f(struct s x); int g(void) { return f(1); }
int f(void) { switch (1) { case 1: case 1: ; } }
int f(void) { switch (1) { default: default: ; } }
int f(int a) { switch (1) { case a: ; } }
int f(int *a) { switch (a) { case 1: ; } }
int f(void) { l: ; l: ; }
int f(void) { sizeof(struct nope); }
struct s { int b : 3; } x; int f(void) { return sizeof(x.b); }
struct s { int b : 3; } x; int *f(void) { return &x.b; }
int x = f();
int y; int x = y;
int f(int a) { static int x = a; }
_Static_assert(0, "no");
int f(void) { _Static_assert(1 == 2, "no"); }
int x = 08;
int x = 0xg;
int x = 1lul;
int x = '';
int x = "abc;
struct { int a; } x = {.b = 1};
int x = {.a = 1};
int x[2] = {.a = 1};
int f(void) { return _Generic(1, char: 2); }
int f(void) { return _Generic(1, int: 2, int: 3); }
int f(void) { return __builtin_offsetof(struct { int a; }, b); }
int f(register static int x);
static extern int x;
typedef static int x;
short long x;
unsigned float x;
int char x;
signed unsigned x;
_Alignas(3) int x;
int f(void) { __auto_type x; }
int f(void) { return ({ int x; }); }
int f(void) { return (struct s){1}; }
int f(void) { for (int i = 0; i < 3) ; }
int f(void) { do ; while (1) }
int f(void) { while () ; }
static int x; int x;
int x; static int x;
int f(void); static int f(void) { return 1; }
int f(void) { int x; extern int x; }
int continue;
int f(int if) { return 1; }
struct if { int a; };
struct s { int long long; int int; };
struct s { int a; } x; int f(void) { return x.int; }
enum e { while };
int f(void) { goto if; }
struct s { int a; struct { int b; } c[]; } x = {.c[0].b = 1}, y[1] = {{.c[0].b = 1}};
`

function list(text: string): string[] {
  return text
    .split("\n")
    .filter(line => line !== "")
    .map(line => line.replaceAll("%", line.startsWith("#") || line.includes("#pragma") ? "\n" : "%"))
}

const [judge] = compilers("gcc")
const skip = judge === undefined ? "gcc is not installed" : false

/** What gcc finds wrong with each text; empty where it is content. */
function verdicts(texts: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "skep-gcc-"))
  try {
    const names = texts.map((text, i) => {
      writeFileSync(join(folder, `${i}.c`), `${text}\n`)
      return `${i}.c`
    })
    const options = { cwd: folder, encoding: "utf8", maxBuffer: 1 << 26 } as const
    const { stderr } = spawnSync(judge, ["-w", "-std=gnu11", "-fsyntax-only", ...names], options)
    const found = texts.map(() => "")
    for (const [, file, message] of stderr.matchAll(/^(\d+)\.c:\d+(?::\d+)?: ((?:fatal )?error: .*)$/gm)) {
      found[Number(file)] ||= message
    }
    return found
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function errors(text: string): string {
  return messages(parseC(text).diagnostics).find(message => message.startsWith("error")) ?? ""
}

for (const text of list(VALID)) test(`accepted: ${text}`, () => assert.equal(errors(text), ""))
for (const text of list(INVALID)) test(`refused: ${text}`, () => assert.notEqual(errors(text), ""))

test("gcc accepts and refuses the same texts", { skip }, async t => {
  const texts = [...list(VALID), ...list(INVALID)]
  const found = verdicts(texts)
  for (const [i, text] of texts.entries()) {
    await t.test(text, () => assert.equal(found[i] === "", i < list(VALID).length, found[i]))
  }
})
