import { fn } from "./oracleFunction.ts"

/** Loops whose counters and sums are global variables, and loops of pointers through arrays. */
export const loops = [
  fn("for (n = 0; n < 100; n++) sum += n ^ a; u64 r = sum; sum = 0; return r + n", "static int n; static u64 sum;"),
  fn("for (n = 9; n >= 4; n -= 5) ; return n", "static u8 n;"),
  fn(
    "for (n = -20; n < 120; n++) total += n * (s8) a; s16 r = total; total = 0; return r",
    "static s8 n; static s16 total;",
  ),
  fn(
    "p.x = a; p.y = 0; do { p.y += p.x & 1; p.x >>= 1; } while (p.x); return p.y << 8 | p.x",
    "static struct { u32 x; u16 y; } p;",
  ),
  fn(
    "i = 0; while (i < 40) { t[i & 3] += a >> i; i++; } u64 r = t[0] ^ t[1] * 3 ^ t[2] * 5 ^ t[3] * 7; t[0] = t[1] = t[2] = t[3] = 0; return r + i",
    "static u32 t[4]; static int i;",
  ),
  fn(
    "for (i = 0; i < 8; i++) for (j = 0; j < 9; j++) if ((a >> j & 1) == 0) s += i * j; u64 r = s; s = 0; return r",
    "static u8 i, j; static u64 s;",
  ),
  fn(
    "last = 0; for (k = 0; k < 200; k++) { if (k == (a & 127)) break; last = k; } return last * 1000 + k",
    "static int k; static u16 last;",
  ),
  fn(
    "u32 s = 0; for (const u32 *p = t; p < t + 90; p++) s = s * 3 + *p; return s + a",
    "static const u32 t[90] = {5, 6, 7, [80] = 9};",
  ),
  fn(
    "for (u8 *p = t, *q = t + 79; p < q; p++, q--) { *p = a; *q = b; } return t[0] + t[39] * 2 + t[40] * 3 + t[79] * 5",
    "static u8 t[80];",
  ),
  fn(
    "u64 w[30]; for (u64 *p = w + 30; p-- != w; ) *p = a + (p - w); u64 s = 0; for (u64 *p = w; p <= &w[29]; p += 2) s = s * 7 + *p; return s",
  ),
  fn(
    "u8 x[64]; u8 *p = x; while (p != x + 64) { u8 *end = p + 8; while (p < end) { *p = (a >> (p - x)) + b; p++; } } u32 s = 0; for (int i = 0; i < 64; i++) s = s * 31 + x[i]; return s",
  ),
  fn(
    "s32 x[70]; for (int i = 0; i < 70; i++) x[i] = a >> i % 60; u64 s = 0; for (int i = 69; i >= 0; i--) s = s * 5 + x[i]; return s",
  ),
  fn("u64 s = 0; for (int i = (int) a & 15; i < 60; i += 3) s += (s64) i << (i & 31); return s"),
  fn("u64 s = 0; for (int i = -5; i < 60; i++) s += (s64) i * b; return s"),
  fn("u64 s = 0; int n = a & 63; for (int i = 0; i < n; i++) s = s * 3 + (s64) i; return s"),
  fn(
    "int on = 1; u64 s = 0; for (int i = 0; i < (a & 31); i++) { if (on != 1) { s += 99; on = 7; } else s += i ^ b; } return s + on",
  ),
  fn(
    "u32 z = 0, k = 3; u64 s = 0; for (int i = 0; i < (a & 31); i++) { z *= (u32) b; k = z ? 5 : k; s = s * k + z; } return s + z + k",
  ),
]
