import { fn } from "./oracleFunction.ts"

/** Arrays and pointers into them. */
export const arrays = [
  fn("u32 t[4] = {1, 2, 3, 4}; return t[a & 3]"),
  fn("u8 t[8] = {1, [3] = 9, 7, [6] = 5}; return t[a & 7]"),
  fn("u8 t[16] = {1, 2, 3, [9] = 4}; return t[a % 10 & 15]"),
  fn("u8 t[2] = {5, 9}; s8 x = c ? (b || a) : b << 16; return t[x & 1]"),
  fn("u8 t[10] = {1, 2, 3, [9] = 4}; u32 i = (u32) a % 10; if (i > 9) return 5; return t[i]"),
  fn("u8 t[256] = {1, 2, 3, [9] = 4}; return t[__builtin_bswap16(a) >> 8 & 255] + t[a >> (b & 63) & 255]"),
  fn("u64 t[4] = {}; t[a & 3] = b; return t[0] + t[1] * 2 + t[2] * 3 + t[3] * 4"),
  fn("s16 t[5] = {a, b, c}; return t[0] + t[1] + t[2] + t[3] + t[4]"),
  fn(
    "u8 t[16]; for (int i = 0; i < 16; i++) t[i] = a >> i; u64 s = 0; for (int i = 0; i < 16; i++) s = s * 3 + t[i]; return s",
  ),
  fn("int t[3][2] = {{1, 2}, {3}, {5, 6}}; return t[(a & 7) * 3 >> 3][b & 1]"),
  fn(
    "int t[2][3] = {1, 2, 3, 4, 5, 6}; int s = 0; for (int i = 0; i < 2; i++) for (int j = 0; j < 3; j++) s = s * 10 + t[i][j]; return s",
  ),
  fn("u32 t[4] = {5, 6, 7, 8}; u32 *p = t; return *p + p[1] + *(p + 2) + *(t + (a & 3))"),
  fn("u32 t[4] = {5, 6, 7, 8}; u32 *p = t + 4; u64 s = 0; for (int i = 0; i < 4; i++) s = s * 10 + *--p; return s"),
  fn("u32 t[4] = {5, 6, 7, 8}; u32 *p = t; *p++ += a; *++p += b; return t[0] + t[1] + t[2] + t[3]"),
  fn("u64 t[8]; u64 *p = &t[5], *q = &t[1]; return p - q"),
  fn("struct { char c[12]; } t[8]; return &t[a & 7] - &t[b & 3]"),
  fn("struct { char c[24]; } t[8]; return (&t[7] - t) * 10 + (t - &t[2])"),
  fn('char t[] = "hello"; return t[(a & 7) * 6 >> 3] + sizeof(t)'),
  fn('char t[8] = "abc"; u64 s = 0; for (int i = 0; i < 8; i++) s = s * 7 + t[i]; return s'),
  fn('char t[3] = "abc"; return t[0] + t[1] + t[2]'),
  fn('const char *s = "hello, world"; u64 n = 0; while (s[n]) n++; return n'),
  fn('return "0123456789abcdef"[a & 15]'),
  fn("u8 t[6] = {[0 ... 2] = 4, [4 ... 5] = 6}; return t[(a & 7) * 6 >> 3]"),
  fn("u8 t[4]; *(u32 *) t = a; return t[0] | t[3] << 8", ""),
  fn("u64 x = a; u8 *p = (u8 *) &x; return p[0] + p[7] * 256"),
  fn("u64 x = a; *(u8 *) &x = b; return x"),
  fn("u64 x = 0; ((u16 *) &x)[b & 3] = a; return x"),
  fn("u32 t[4] = {1, 2, 3, 4}; s8 i = -1; return (t + 2)[i] + (t + 3)[(s64) -2]"),
  fn("u32 t[4] = {1, 2, 3, 4}; u8 i = a & 3; return i[t]"),
  fn("u64 *p = &a; *p += 5; return a"),
  fn("u64 *p = a & 1 ? &b : &c; *p = 9; return b * 10 + c"),
  fn("u64 *p = &a, **q = &p; **q = b; *q = &c; *p += 1; return a + c"),
  fn("u16 t[3] = {1, 2, 3}, n = 0; u16 *p = t; for (int i = 0; i < 3; i++) n = n * 4 + *p++; return n"),
  fn("return ((u32[]){10, 20, 30, 40})[a & 3]"),
  fn(
    "u64 t[3] = {a, b, c}; for (int i = 0; i < 2; i++) for (int j = 0; j < 2; j++) if (t[j] > t[j + 1]) { u64 x = t[j]; t[j] = t[j + 1]; t[j + 1] = x; } return t[1]",
  ),
  fn("static const u8 table[] = {3, 1, 4, 1, 5, 9, 2, 6}; return table[a & 7]"),
  fn("return table[a & 3] + table[b & 3]", "static const s16 table[4] = {-1, 300, -300, 7};"),
  fn("return matrix[a & 1][(b & 7) * 3 >> 3]", "static const u32 matrix[2][3] = {{1, 2, 3}, {40, 50, 60}};"),
  fn("if (a == 4242) counter = a; return counter + a", "static u64 counter = 5;"),
  fn("static u32 n = 7; n = 1; n += 3; return n"),
  fn(
    "zeros[0] = zeros[1] = zeros[2] = zeros[3] = 0; zeros[a & 3] += b; return zeros[0] + zeros[1] + zeros[2] + zeros[3]",
    "static u64 zeros[4];",
  ),
]

/** A struct of two numbers. */
export const point = "struct point { s32 x; s32 y; };"
const mixed = "struct mixed { u8 c; u64 l; u16 s; u32 i; };"
/** Structs and unions. */
export const records = [
  fn("struct point p = {a, b}; return p.x + (u32) p.y", point),
  fn("struct point p = {.y = a, .x = b}; return (u32) p.x - (u32) p.y", point),
  fn("struct point p = {}; p.x = a; return p.x + p.y", point),
  fn("struct point p, *q = &p; q->x = a; q->y = b; return p.x ^ p.y", point),
  fn("struct point p = {a, b}, q = p; q.x++; return (u32) p.x * 3u + (u32) q.x", "struct point { u32 x; s32 y; };"),
  fn("struct point p = {a, b}, q; q = p; p.x = 0; return q.x", point),
  fn("struct point t[3] = {{1, 2}, {3, 4}, {5, 6}}; return t[(a & 7) * 3 >> 3].x * 10 + t[(b & 7) * 3 >> 3].y", point),
  fn("struct mixed m = {a, b, c, a}; return m.c + m.l + m.s + m.i", mixed),
  fn("struct mixed m = {.l = a}; return m.c + m.l + m.s + m.i", mixed),
  fn(
    "struct mixed m = {a, b}; u8 *p = (u8 *) &m; u64 s = 0; for (int i = 0; i < (int) sizeof(m); i++) s = s * 31 + p[i]; return s",
    mixed,
  ),
  fn("return sizeof(struct mixed) * 100 + __builtin_offsetof(struct mixed, i)", mixed),
  fn(
    "struct { struct point a, b; u8 n; } s = {{1, 2}, {3, 4}, 5}; s.b = s.a; return s.a.x + s.b.y * 10 + s.n * 100 + a",
    point,
  ),
  fn(
    "struct { struct point p[2]; } s = {.p[1].y = a, .p[0].x = b}; return s.p[0].x + s.p[0].y + (u32) s.p[1].x + (u32) s.p[1].y",
    "struct point { u32 x; u32 y; };",
  ),
  fn("struct { struct { u32 a, b; } s; u32 t; } x = {.s.a = 1, .s.b = a, 7}; return x.s.a + x.s.b + x.t"),
  fn("union { u64 l; u8 b[8]; u16 h[4]; } u = {a}; return u.b[0] + u.h[3]"),
  fn("union { u32 i; u8 b[4]; } u; u.i = a; u.b[1] = 0; return u.i"),
  fn("union { u8 b; u64 l; } u = {.l = a}; return u.b"),
  fn("struct { u8 k; union { u32 i; s16 h; }; } s = {1}; s.i = a; return s.h + s.k"),
  fn("struct { u8 k; struct { u32 i; s16 h; }; } s = {.k = 1, .h = a}; return s.h + s.k + s.i"),
  fn("struct __attribute__((packed)) { u8 c; u64 l; u16 s; } p = {a, b, c}; return p.c + p.l + p.s + sizeof(p)"),
  fn("struct point p = a & 1 ? (struct point) {1, 2} : (struct point) {3, 4}; return p.x * 10 + p.y", point),
  fn("return ((struct point) {a, 7}).y", point),
  fn("struct point *p = &(struct point) {5, a}; return p->x + (u32) p->y", point),
  fn("struct point p = {1, 2}, q = {3, 4}; p = (a, q); return p.x + p.y", point),
  fn("struct point p = ({ struct point t = {a, b}; t.x ^= 1; t; }); return p.x ^ p.y", point),
  fn("struct point p = {1, 2}, q, r; r = q = p; return r.x * 10 + q.y", point),
  fn(
    "struct node { u64 v; struct node *next; } x = {a, 0}, y = {b, &x}; u64 s = 0; for (struct node *n = &y; n; n = n->next) s = s * 3 + n->v; return s",
  ),
  fn(
    'struct { u8 a[3]; u8 b[5]; } s = {"ab", {1, 2, [4] = 9}}; u8 *p = s.a; return p[0] + s.a[2] + s.b[(a & 7) * 5 >> 3]',
  ),
  fn("struct { u32 n; u8 d[]; } *p; u32 m[3] = {1, 0x04030201, 7}; p = (void *) m; return p->d[a & 7]"),
  fn("struct e {} x, y = x; return sizeof(x) + a + sizeof y"),
  fn("struct big { u64 v[9]; } x = {{a, b, c}}, y = x; y.v[8] += 4; return y.v[0] + y.v[1] + y.v[2] + y.v[8] + x.v[8]"),
  fn(
    "struct { u64 l; u8 t[40]; } s = {.l = a, .t = {[39] = 3}}; u64 n = 0; for (int i = 0; i < 40; i++) n += s.t[i]; return n + s.l",
  ),
]

const flags = "struct flags { u32 a : 3, b : 7; s32 c : 5; u32 : 2; u32 d : 15; };"
/** Bit-fields. */
export const bitFields = [
  fn("struct s { u32 f : 14; } s = {a}; return (s64) ~(b, s.f)"),
  fn("struct s { u32 f : 14; } s = {a}; return (s64) ~(s.f = b) - ((s.f += 3) > -1)"),
  fn("struct s { u32 f : 14; } s = {a}; return (s64) ~(++s.f) + (s64) ~(b ? s.f : s.f)"),
  fn("struct flags f = {a, b, c, a}; return f.a + f.b + f.c + f.d", flags.replace("s32 c", "u32 c")),
  fn("struct flags f = {}; f.a = a; f.b = b; f.d = c; return f.a * 1000000 + f.b * 10000 + f.d", flags),
  fn("struct flags f = {.c = (s32) (a & 15)}; f.c -= 8; return f.c", flags),
  fn("struct flags f = {1, 2, 3, 4}; f.b++; f.a--; return f.a + f.b * 8 + f.c * 1024 + f.d * 65536", flags),
  fn("struct flags f = {7, 100}; return (f.a += (u32) a) + (f.b ^= b & 127)", flags),
  fn("struct flags f; f.a = a; f.b = 5; f.c = 0; f.d = 1; return *(u32 *) &f & 0x1fff", flags),
  fn("struct { u64 x : 40, y : 24; } f = {a, b}; return f.x ^ f.y"),
  fn("struct { s64 x : 40, y : 24; } f = {(s64) (a & 0xffff), -5}; return f.x * 3 + f.y"),
  fn("struct { u8 a : 4, b : 4; u8 c; } f = {a, b, c}; f.a = f.b; return f.a | f.b << 4 | f.c << 8"),
  fn("struct { _Bool x : 1, y : 1; } f = {a > b, 1}; f.y = a & 2; return f.x * 2 + f.y"),
  fn("struct { u32 a : 1; u32 : 0; u32 b : 31; } f = {1, b}; return (u64) f.b + f.a + sizeof(f)"),
  fn("struct { u16 a : 9, b : 9; } f = {a, b}; return f.a * 3 + f.b + sizeof(f)"),
  fn("struct { char c; u32 a : 12, b : 12; } f = {1, a, b}; return f.a + f.b * 3 + f.c + sizeof(f)"),
  fn(
    "struct __attribute__((packed)) { u8 c : 3; u32 w : 32; u8 d : 5; } f = {1, a, 2}; f.w ^= b; return f.w + f.c + f.d + sizeof(f)",
  ),
  fn("struct __attribute__((packed)) { u8 c : 4; u64 w : 60; } f = {1, a}; return (u64) f.w + f.c + sizeof(f)"),
  fn("union { struct { u32 lo : 16, hi : 16; }; u32 w; } u = {.w = a}; return u.hi + u.lo * 2"),
  fn("struct flags f = {1, 2, 3, 4}, g = f, *p = &g; p->b = a; return f.b * 256 + g.b + p->d", flags),
  fn(
    "struct { u32 v : 4; } t[4] = {{1}, {2}, {3}, {4}}; t[a & 3].v = 9; return t[0].v + t[1].v * 10 + t[2].v * 100 + t[3].v * 1000",
  ),
  fn("struct { volatile u32 a : 3, b : 5; } f = {1, 2}; f.b = a; return f.a + f.b"),
  fn("struct { u32 a : 3; } f = {0}; return (f.a = a) + 0"),
  fn("struct { s32 a : 3; } f = {(s32) (a & 3)}; return f.a < (s32) (b & 3)"),
]
