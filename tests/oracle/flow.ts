import { point } from "./memory.ts"
import { fn } from "./oracleFunction.ts"

/** Loops, switches and jumps. */
export const control = [
  fn(
    "u64 n = a & 7; { __label__ l; l: if (n-- > 3) goto l; } { __label__ l; if (b) goto l; n++; l: n *= 2; } return n",
  ),
  fn("if (a > b) return 1; return 2"),
  fn("if (a > b) return 1; else if (a == b) return 2; else return 3"),
  fn("u64 s = 0; for (int i = 0; i < 10; i++) s += a >> i; return s"),
  fn("u64 s = 0; int i = 0; while (i < (int) (a & 15)) { s += i * i; i++; } return s"),
  fn("u64 s = 0; int i = 0; do { s = s * 3 + i; } while (++i < (int) (a & 7)); return s"),
  fn("u64 s = 0; for (int i = 0; i < 20; i++) { if (i == (a & 31)) break; s += i; } return s"),
  fn("u64 s = 0; for (int i = 0; i < 20; i++) { if (i & 1) continue; s += i ^ b; } return s"),
  fn("u64 s = 0; for (int i = 0; i < 5; i++) for (int j = 0; j < i; j++) s += i * j + (a & 1); return s"),
  fn("u64 s = 0; for (;;) { if (++s > (a & 63)) break; } return s"),
  fn("u64 x = a & 1023, n = 0; while (x) { n += x & 1; x >>= 1; } return n"),
  fn("u64 x = a, y = b; int n = 0; while (y && n++ < 100) { u64 t = x % y; x = y; y = t; } return x"),
  fn("u64 r = 1, x = a, n = b & 63; while (n) { if (n & 1) r *= x; x *= x; n >>= 1; } return r"),
  fn("u32 x = 0, y = 1; for (int i = 0; i < (int) (a & 31); i++) { u32 t = x + y; x = y; y = t; } return x"),
  fn("int i = 0; again: if (i < 5) { i++; if (a & 1 << i) goto again; } return i"),
  fn("u64 x = a; if (x > 10) goto big; x += 100; goto end; big: x -= 10; end: return x"),
  fn(
    "int n = 0; for (int i = 0; i < 3; i++) { for (int j = 0; j < 3; j++) { if (i * j == (int) (a & 3)) goto out; n++; } } out: return n",
  ),
  fn("switch (a & 3) { case 0: return 5; case 1: return 6; case 2: return 7; } return 8"),
  fn("switch (a & 7) { case 0: case 1: return 5; case 5: return 6; default: return 7; }"),
  fn(
    "u64 x = 0; switch (a & 7) { case 1: x += 1; case 2: x += 2; break; case 3: x += 3; default: x += 4; case 7: x += 5; } return x",
  ),
  fn("switch (a) { case 0 ... 9: return 1; case 10 ... 0xffffffff: return 2; default: return 3; }"),
  fn(
    "switch ((s32) a) { case -1: return 1; case 0: return 2; case 0x7fffffff: return 3; case -2147483647 - 1: return 4; } return 5",
  ),
  fn("switch ((s8) a) { case -128 ... -1: return 1; case 0: return 2; case 1 ... 127: return 3; } return 4"),
  fn(
    "switch (a & 63) { case 1: return 10; case 3: return 30; case 8: return 80; case 13: return 1; case 15: return 15; case 31: return 3; case 46: return 4; case 47: return 5; case 62: return 7; case 63: return 9; } return 0",
  ),
  fn("switch (a) { default: return b; case 0xffffffffffffffffull: return c; }"),
  fn("switch (a & 1) { int x; case 0: x = 3; return x; default: x = 4; return x + 1; }"),
  fn("u64 s = 0; switch (a & 3) { case 0: do { s++; case 1: s += 2; case 2: s += 3; } while (s < 20); } return s"),
  fn(
    "u64 s = 0; for (int i = 0; i < 8; i++) { switch (a >> i & 3) { case 0: continue; case 1: s++; break; case 2: s += 10; } s += 100; } return s",
  ),
  fn("switch (a & 3) case 2: return 9; return 1"),
  fn(
    "switch (a & 15) { case 3: switch (b & 3) { case 0: return 1; default: break; } return 2; case 15: return 3; } return 4",
  ),
  fn("switch (1) { case 1: return a; case 2: return b; } return c"),
  fn("return ({ u64 x = a; x += b; x; })"),
  fn("return ({ int x = 1; if (a & 1) x = 2; x * 3; }) + ({ u64 x = b; x; })"),
  fn("u64 x = ({ u64 y = 0; for (int i = 0; i < 4; i++) y += a >> i; y; }); return x"),
  fn("if (0) return 1; while (0) a++; do a++; while (0); return a"),
  fn("if (sizeof(long) == 4) return 1; return 2"),
  fn("u64 i = a; { u64 i = b; a += i; } return a + i"),
  fn("for (u64 i = 0, j = 10; i < j; i++, j--) a += i * j; return a"),
  fn("int n = 0; while (1) { if (n >= 3) return n + a; n++; }"),
]

/** Functions that are called when variables go out of scope; what they do is told by the order of the digits. */
const trace =
  "static u64 trace; static void leave(u64 *p) { trace = trace * 10 + *p; } static u64 told(u64 v) { u64 t = trace; trace = 0; return t * 1000 + v; } "
const cleanup = "__attribute__((__cleanup__(leave)))"
/** Variables with a cleanup function. */
export const cleanups = [
  fn(`{ u64 x ${cleanup} = 1, y ${cleanup} = 2; x += a & 1; } return told(0)`, trace),
  fn(
    `for (u64 i ${cleanup} = 0; i < 4; i++) { u64 x ${cleanup} = i; if (i == (a & 3)) break; if (i & 1) continue; x = 7; } return told(0)`,
    trace,
  ),
  fn(
    "return told(g(a & 3, b))",
    `${trace} static u64 g(u64 n, u64 b) { u64 x ${cleanup} = n; { u64 y ${cleanup} = 5; if (n == 1) return y; x = 8; } return x + b % 7; }`,
  ),
  fn(
    `u64 n = 0; again: { u64 x ${cleanup} = ++n; if (n < 3) goto again; { u64 y ${cleanup} = 4; if (a & 1) goto out; } x = 5; } out: return told(n)`,
    trace,
  ),
  fn(
    `u64 v = ({ u64 x ${cleanup} = a & 7; x++; x * 2; }); while (v) { u64 y ${cleanup} = v & 3; if (y == 2) goto out; v >>= 2; } out: return told(v & 7)`,
    trace,
  ),
  fn(
    `switch (a & 3) { case 0: { u64 x ${cleanup} = 3; if (b & 1) break; x = 4; } default: { u64 y ${cleanup} = 6; y += b & 1; } } return told(1)`,
    trace,
  ),
  fn(
    "struct r t = g(a); return told(t.v + t.w)",
    `${trace} struct r { u64 v, w; }; static struct r g(u64 n) { struct r o = {n & 7, 2}; u64 *p = &o.v, x ${cleanup} = 3; *p += x; return o; }`,
  ),
]

/** Calls of functions. */
export const calls = [
  fn(
    "return at(a & 3) * 10 + at((a + 1) & 3)",
    "static __attribute__((noinline)) u32 at(u32 i) { volatile u32 v[4]; v[i] = 6; *(u32 *) &v[0] = 8; return v[i]; }",
  ),
  fn(
    "u32 t[4] = {1, 2, 3, 4}; return at(t, a & 3) * 10 + t[b & 3]",
    "static __attribute__((noinline)) u32 at(u32 *t, u32 i) { u32 own[4] = {5, 6, 7, 8}; t[i] = own[3 - i]; own[i] = t[0]; return own[i] + t[i]; }",
  ),
  fn("return twice(a) + twice(b)", "static u64 twice(u64 x) { return x * 2; }"),
  fn("return add(a, b)", "static u8 add(u8 x, u8 y) { return x + y; }"),
  fn("return neg(a)", "static s8 neg(s16 x) { return ~x; }"),
  fn("return pick(a, b)", "static _Bool pick(u32 x, u32 y) { return x & y; }"),
  fn("u64 x = a; bump(&x); bump(&x); return x", "static void bump(u64 *p) { *p += 3; }"),
  fn(
    "return sum(a, b, c, 1, 2, 3, 4)",
    "static u64 sum(u64 a, u64 b, u64 c, u64 d, u32 e, u8 f, s8 g) { return a + b + c + d + e + f + g; }",
  ),
  fn(
    "struct point p = make(a, b); return p.x ^ p.y",
    `${point} static struct point make(s32 x, s32 y) { struct point p = {x, y}; return p; }`,
  ),
  fn("return make(a, b).y", `${point} static struct point make(s32 x, s32 y) { return (struct point) {x, y}; }`),
  fn(
    "struct point p = {3, 4}; return area(p) + p.x",
    `${point} static s32 area(struct point p) { p.x += 1; return p.x * p.y; }`,
  ),
  fn(
    "struct point p = {1, 2}; p = swap(p); return p.x * 10 + p.y",
    `${point} static struct point swap(struct point p) { return (struct point) {p.y, p.x}; }`,
  ),
  fn(
    "return area(make(a & 7, b & 7))",
    `${point} static s32 area(struct point p) { return p.x * 100 + p.y; } static struct point make(s32 x, s32 y) { return (struct point) {x, y}; }`,
  ),
  fn(
    "return outer(a)",
    "static u32 inner(u32 x) { return x ^ 0x55; } static u32 outer(u32 x) { return inner(x) + inner(x + 1); }",
  ),
  fn(
    "return sum(t, 4)",
    "static const u32 t[4] = {1, 2, 3, 4}; static u32 sum(const u32 *p, int n) { u32 s = 0; for (int i = 0; i < n; i++) s += p[i]; return s; }",
  ),
  fn(
    "return early(a & 15)",
    "static int early(int n) { for (int i = 0; i < 10; i++) { if (i * i >= n) return i; } return -1; }",
  ),
  fn(
    "if (a & 1) set(&b); return b",
    "static inline __attribute__((always_inline)) void set(u64 *p) { if (*p > 5) { *p = 5; return; } *p = 0; }",
  ),
  fn(
    "return f(a) + g(a)",
    "static u64 g(u64); static u64 f(u64 x) { return g(x) + 1; } static u64 g(u64 x) { return x ^ 3; }",
  ),
  fn(
    "n = 0; next(1); next(0); return next(0) + a",
    "static u32 n; static u32 next(int first) { static u32 step; if (first) step = 2; n += step; step++; return n; }",
  ),
  fn(
    "return dot(&(struct point) {1, 2}, &(struct point) {a & 7, b & 7})",
    `${point} static s32 dot(const struct point *p, const struct point *q) { return p->x * q->x + p->y * q->y; }`,
  ),
  fn("return wide(a, b) >> 64", "static u128 wide(u64 x, u64 y) { return (u128) x * y; }"),
  fn("return low((u128) a << 32 | (u32) b)", "static u64 low(u128 x) { x >>= 16; return x; }"),
]

/** Sizes that are known after inlining, or only when the program runs. */
export const sizes = [
  fn(
    "u8 s[8] = {1, 2, 3, 4, 5, 6, 7, 8}, t[8] = {0}; copy(t, s, 5); copy(t + 6, s, 2); return *(u64 *) t",
    "static void copy(void *to, const void *from, u32 n) { __builtin_memcpy(to, from, n); }",
  ),
  fn("u8 s[8] = {1, 2, 3, 4, 5, 6, 7, 8}, t[8] = {0}; __builtin_memcpy(t, s, a & 7); return *(u64 *) t"),
  fn("u8 t[8] = {0}; __builtin_memset(t, b, a & 7); return *(u64 *) t"),
  fn("u64 x = a, y = a ^ (1ull << (b & 63)); s32 d = __builtin_memcmp(&x, &y, c & 7); return (d > 0) - (d < 0)"),
  fn("u64 x = a, y = a ^ (b & 0xff00ff00); return __builtin_memcmp(&x, &y, c & 7) == 0"),
]
