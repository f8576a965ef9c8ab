import { fn } from "./oracleFunction.ts"

/** Builtins and atomics. */
export const builtins = [
  ...[8, 16, 32, 64].flatMap(n => [
    fn(`return __builtin_rotateleft${n}(a, b)`),
    fn(`return __builtin_rotateright${n}(a, c)`),
    fn(`return __builtin_bitreverse${n}(a)`),
  ]),
  fn("return __builtin_clrsb(a) * 100 + __builtin_clrsbll(b)"),
  fn("return __builtin_bswap16(a)"),
  fn("return __builtin_bswap32(a)"),
  fn("return __builtin_bswap64(a)"),
  fn("return (u32) a ? __builtin_clz(a) : 1"),
  fn("return a ? __builtin_clzll(a) : 1"),
  fn("return (u32) a ? __builtin_ctz(a) : 1"),
  fn("return a ? __builtin_ctzll(a) : 1"),
  fn("return __builtin_ffs((s32) a)"),
  fn("return __builtin_ffsll((s64) a)"),
  fn("return __builtin_popcount(a)"),
  fn("return __builtin_popcountll(a)"),
  fn("return __builtin_parity(a)"),
  fn("return __builtin_parityll(a)"),
  fn("return (s32) a != -2147483647 - 1 ? __builtin_abs((s32) a) : 0"),
  fn("return (s64) a != 1ll << 63 ? __builtin_llabs((s64) a) : 0".replace("1ll << 63", "(s64) 0x8000000000000000ull")),
  fn("return __builtin_expect(a > b, 1) ? 5 : 6"),
  fn("return __builtin_constant_p(5) + (__builtin_constant_p(a) ? 0 : 0)"),
  fn("return __builtin_types_compatible_p(u32, unsigned int)"),
  fn("return __builtin_choose_expr(1, a, b)"),
  fn("if (a == 5 && a == 6) __builtin_unreachable(); return a"),
  fn("u32 r; return __builtin_add_overflow((u32) a, (u32) b, &r) * 7ull + r"),
  fn("s32 r; return __builtin_add_overflow((s32) a, (s32) b, &r) * 7ull + r"),
  fn("u64 r; return __builtin_add_overflow(a, b, &r) * 7ull + r"),
  fn("s64 r; return __builtin_add_overflow((s64) a, (s64) b, &r) * 7ull + r"),
  fn("u64 r; return __builtin_sub_overflow(a, b, &r) * 7ull + r"),
  fn("s64 r; return __builtin_sub_overflow((s64) a, (s64) b, &r) * 7ull + r"),
  fn("u8 r; return __builtin_add_overflow(a, b, &r) * 1000ull + r"),
  fn("s8 r; return __builtin_sub_overflow((s32) a, (u32) b, &r) * 1000ull + r"),
  fn("u32 r; return __builtin_mul_overflow((u32) a, (u32) b, &r) * 7ull + r"),
  fn("s32 r; return __builtin_mul_overflow((s32) a, (s32) b, &r) * 7ull + r"),
  fn("u64 r; return __builtin_mul_overflow(a, b, &r) * 7ull + r"),
  fn("s64 r; return __builtin_mul_overflow((s64) a, (s64) b, &r) * 7ull + r"),
  fn("s64 r; return __builtin_mul_overflow((u32) a, (u32) b, &r) * 7ull + r"),
  fn("u64 r; return __builtin_mul_overflow((s32) a, (s32) b, &r) * 7ull + r"),
  fn("s64 r; return __builtin_mul_overflow(a, (s64) b, &r) * 7ull + r"),
  fn("s64 r; return __builtin_add_overflow(a, (s32) b, &r) * 7ull + r"),
  fn("u64 t[2] = {a, b}, s[2]; __builtin_memcpy(s, t, sizeof(t)); return s[0] - s[1]"),
  fn(
    "u8 t[12]; __builtin_memset(t, 7, 12); __builtin_memset(t + 3, a, 4); u64 s = 0; for (int i = 0; i < 12; i++) s = s * 11 + t[i]; return s",
  ),
  fn('return __builtin_strlen("b\\0ee") * a + __builtin_strlen(hive) * b', 'static const char hive[] = "bees";'),
  fn(
    "char t[8] = {a | 1, b | 1, c}; return __builtin_strlen(t) + (size(t) << 8)",
    "static unsigned long strlen(const char *s) { int i = 0; while (i < 7 && s[i]) i++; return i; } static u64 size(const char *s) { return strlen(s); }",
  ),
  fn(
    "u8 t[16] = {1, 2, 3, 4, 5, 6, 7, 8}; __builtin_memmove(t + (a & 7), t + (b & 7), c & 7); u64 s = 0; for (int i = 0; i < 16; i++) s = s * 11 + t[i]; return s",
  ),
  fn(
    "u32 x = a, y = b; for (int i = 0; i < 600; i++) t[i] = x = x * 1664525 + y; __builtin_memmove(t + 3, t, 300); __builtin_memmove(t + 300, t + 301, 299); u64 s = 0; for (int i = 0; i < 600; i++) s = s * 11 + t[i]; return s",
    "static u8 t[600];",
  ),
  fn(
    "u8 t[8] = {1, 2, 3, 4, 5, 6, 7, 8}; __builtin_memmove(t + 2, t, 5); u64 s = 0; for (int i = 0; i < 8; i++) s = s * 11 + t[i]; return s",
  ),
  fn(
    "u8 t[8] = {}, s[8] = {}; t[3] = a; s[3] = b; int r = __builtin_memcmp(t, s, 8); return r < 0 ? 1 : r > 0 ? 2 : 3",
  ),
  fn(
    "u8 t[7] = {}, s[7] = {}; t[6] = a; s[6] = b; t[0] = s[0] = c; int r = __builtin_memcmp(t, s, 7); return r < 0 ? 1 : r > 0 ? 2 : 3",
  ),
  fn("u8 t[6] = {1, 2, 3}, s[6] = {1, 2, 3}; t[(a & 7) * 6 >> 3] += b & 1; return __builtin_memcmp(t, s, 6) == 0"),
  fn(
    "u8 t[6] = {1, 2, 3}, s[6] = {1, 2, 3}; t[(a & 7) * 6 >> 3] += b & 1; if (__builtin_memcmp(t, s, 6)) return 4; return 5",
  ),
  fn("u8 t[6] = {1, 2, 3}, s[6] = {1, 2, 3}; t[(a & 7) * 6 >> 3] += b & 1; return !__builtin_memcmp(t, s, 6) ? 4 : 5"),
  fn('return __builtin_strlen("hello") + a'),
  fn("u64 x = a; u64 old = __sync_fetch_and_add(&x, b); return old * 3 + x"),
  fn("u64 x = a; u64 now = __sync_sub_and_fetch(&x, b); return now * 3 + x"),
  fn("u32 x = a; u32 old = __sync_fetch_and_or(&x, (u32) b); return old * 3ull + x"),
  fn("u32 x = a; u32 now = __sync_and_and_fetch(&x, (u32) b); return now * 3ull + x"),
  fn("s64 x = (s64) a; __sync_fetch_and_xor(&x, (s64) b); return x"),
  fn("u64 x = a; u64 old = __sync_val_compare_and_swap(&x, 7, b); return old * 3 + x"),
  fn("u32 x = a; int ok = __sync_bool_compare_and_swap(&x, 7, (u32) b); return ok * 3 + x"),
  fn("u64 x = a; u64 old = __atomic_exchange_n(&x, b, 5); return old ^ x * 3"),
  fn("u64 x = a, e = 1; int ok = __atomic_compare_exchange_n(&x, &e, b, 0, 5, 5); return ok + e * 3 + x * 5"),
  fn("u64 x = a; __atomic_store_n(&x, b, 5); return __atomic_load_n(&x, 5) + __atomic_add_fetch(&x, 1, 5)"),
  fn("u32 x = a; __atomic_fetch_sub(&x, 3, 0); return x"),
  fn('u64 x = a; asm volatile("" : "+r"(x)); return x + 1'),
  fn('u64 x = a, y; asm("" : "=r"(y) : "0"(x)); asm volatile("" ::: "memory"); return y'),
  fn("volatile u64 x = a; x += b; x; return x"),
  fn("volatile u8 x = a; return x++ + x"),
]

/** Small whole algorithms. */
export const programs = [
  fn(
    "u32 c32 = ~0u; for (int i = 0; i < 8; i++) { c32 ^= (u8) (a >> i * 8); for (int k = 0; k < 8; k++) c32 = c32 >> 1 ^ (0xedb88320u & -(c32 & 1)); } return ~c32",
  ),
  fn(
    "u32 h = 0; u8 *p = (u8 *) &a; for (int i = 0; i < 8; i++) { h += p[i]; h += h << 10; h ^= h >> 6; } h += h << 3; h ^= h >> 11; h += h << 15; return h",
  ),
  fn(
    "u32 r, shift; u32 v = a; r = (v > 0xffff) << 4; v >>= r; shift = (v > 0xff) << 3; v >>= shift; r |= shift; shift = (v > 0xf) << 2; v >>= shift; r |= shift; shift = (v > 3) << 1; v >>= shift; r |= shift; r |= v >> 1; return r",
  ),
  fn("u64 n = a & 0xffff, s = 0; for (int i = 0; i < 5; i++) { s = s * 10 + n % 10; n /= 10; } return s"),
  fn(
    "char buf[24]; int i = 23; u64 n = a; buf[i] = 0; do { buf[--i] = '0' + n % 10; n /= 10; } while (n && i > 0); u64 s = 0; while (i < 23) s = s * 31 + buf[i++]; return s",
  ),
  fn(
    "u64 x = a >> 52; u64 lo = 0, hi = 1ull << 6; while (lo + 1 < hi) { u64 mid = (lo + hi) / 2; if (mid * mid <= x) lo = mid; else hi = mid; } return lo",
  ),
  fn(
    "u32 sum = 0; u16 *p = (u16 *) &a; for (int i = 0; i < 4; i++) sum += p[i]; sum = (sum & 0xffff) + (sum >> 16); sum += sum >> 16; return (u16) ~sum",
  ),
  fn(
    "u8 s[16]; for (int i = 0; i < 16; i++) s[i] = i; u8 j = 0; for (int i = 0; i < 16; i++) { j = (j + s[i] + (u8) (a >> (i & 7) * 8)) & 15; u8 t = s[i]; s[i] = s[j]; s[j] = t; } u64 r = 0; for (int i = 0; i < 16; i++) r = r << 4 | s[i]; return r",
  ),
  fn(
    "s32 g[3][3] = {{1, 2, 3}, {0, 1, 4}, {5, 6, 0}}, r = 0; for (int i = 0; i < 3; i++) { s32 p = 1, q = 1; for (int k = 0; k < 3; k++) { int m = i + k, n = i - k; if (m > 2) m -= 3; if (n < 0) n += 3; p *= g[k][m]; q *= g[k][n]; } r += p - q; } return r + (a & 1)",
  ),
  fn(
    "int state = 0, n = 0; for (int i = 0; i < 16; i++) { int bit = a >> i & 1; switch (state) { case 0: state = bit ? 1 : 0; break; case 1: state = bit ? 2 : 0; break; case 2: if (!bit) { state = 0; n++; } break; } } return n * 10 + state",
  ),
  fn(
    "struct { u32 key; u64 count; } t[4] = {}; for (int i = 0; i < 8; i++) { u32 k = a >> i * 8 & 3; t[k].key = k; t[k].count += b + i; } u64 s = 0; for (int i = 0; i < 4; i++) s = s * 5 + t[i].count + t[i].key; return s",
  ),
]
