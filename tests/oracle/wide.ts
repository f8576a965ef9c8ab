import { fn, type OracleFunction } from "./oracleFunction.ts"

/** 128-bit integers. */
export const wide: readonly OracleFunction[] = [
  fn("u128 x = a; x += b; return x >> 64"),
  fn("u128 x = a; x -= b; return x >> 64"),
  fn("u128 x = (u128) a << 64 | b; x += (u128) b << 64 | c; return x ^ x >> 64"),
  fn("u128 x = (u128) a * b; return x >> 64"),
  fn("s128 x = (s128) (s64) a * (s64) b; return x >> 64"),
  fn("u128 x = (u128) a << 64 | b, y = (u128) c << 64 | a; x *= y; return x ^ x >> 64"),
  fn("u128 x = (u128) a << 64 | b; x <<= c & 127; return x ^ x >> 64"),
  fn("u128 x = (u128) a << 64 | b; x >>= c & 127; return x ^ x >> 64"),
  fn("s128 x = (s128) ((u128) a << 64 | b); x >>= c & 127; return x ^ x >> 64"),
  fn("u128 x = (u128) a << 64 | b; return (u64) (x << 0) ^ (u64) (x >> 64) ^ (u64) (x << 64 >> 64)"),
  fn(
    "u128 x = (u128) a << 64 | b, y = (u128) b << 64 | a; return (x < y) + (x > y) * 2 + (x <= y) * 4 + (x >= y) * 8 + (x == y) * 16 + (x != y) * 32",
  ),
  fn(
    "s128 x = (s128) ((u128) a << 64 | b), y = (s128) ((u128) b << 64 | a); return (x < y) + (x > y) * 2 + (x <= y) * 4 + (x >= y) * 8 + (x == y) * 16",
  ),
  fn("u128 x = (u128) a << 64 | b; x = -x; return x ^ x >> 64"),
  fn("u128 x = ~(u128) a; return x >> 64 ^ x"),
  fn("u128 x = (u128) a << 64 | b; return !x + !!x * 2 + (x ? 4 : 8) + (_Bool) x * 16"),
  fn("s128 x = (s32) a; return x >> 64 ^ x"),
  fn("u128 x = (s8) a; return x >> 64 ^ x"),
  fn("s128 x = (u32) a; return x >> 64 ^ x"),
  fn("u128 x = (u128) a << 64 | b; return (u32) x + (s8) x + (u16) (x >> 100)"),
  fn("u128 x = a; x++; u128 y = x--; return (u64) (x ^ y) + (u64) (y >> 64)"),
  fn("u128 x = (u128) a << 64 | b, y = c; u128 z = a & 1 ? x : y; return z ^ z >> 64"),
  fn("struct { u8 k; u128 w; } s = {1, (u128) a << 64 | b}; s.w += s.k; return s.w ^ s.w >> 64"),
  fn("u128 t[3] = {a, (u128) b << 64, c}; return t[(c & 7) * 3 >> 3] >> 60"),
  fn("u128 x = 5, y; y = x = x + a; return y"),
  fn("u128 x = (u128) a << 64 | b; x &= ~(u128) 0xff << 60; x |= (u128) c << 3; x ^= a; return x ^ x >> 64"),
  fn("u128 x = a; return ({ x += b; x; }) >> 32"),
  fn("u128 x = (u128) a << 64 | b; return c ? x / c ^ x / c >> 64 : 1"),
  fn("u128 x = (u128) a << 64 | b; return c ? x % c : 1"),
  fn("u128 x = (u128) a << 64 | b, y = (u128) c << 64 | b >> 7; return y ? x / y ^ x / y >> 64 : 1"),
  fn("u128 x = (u128) a << 64 | b, y = (u128) c << 64 | b >> 7; return y ? x % y ^ x % y >> 64 : 1"),
  fn("u128 x = (u128) a << 64 | b, y = (u128) b << 64 | a; return y ? (u64) (x / y) * 3 + x % y : 1"),
  fn("u128 x = (u128) a * b; return c ? x / c : 1"),
  fn("u128 x = (u128) a << 64 | b; return (u64) (x / 10) ^ (u64) (x / 10 >> 64) ^ (u64) (x % 10)"),
  fn("u128 x = (u128) a << 64 | b; x /= ((u128) 1 << 100) - 1; return x"),
  fn("u128 x = (u128) a << 64 | b; x %= ((u128) 1 << 100) - 1; return x ^ x >> 64"),
  fn("u128 x = (u128) a << 64 | b, y = x >> (c & 127) | 1; return (x / y ^ x % y) >> (c & 31)"),
  fn(
    "u128 x = (u128) a << 64 | b; return (u64) (x / 1024) ^ (u64) (x / ((u128) 1 << 90)) ^ (u64) (x % ((u128) 1 << 90) >> 40) ^ (u64) (x / ((u128) 1 << 127))",
  ),
  fn("s128 x = (s64) a; return c ? x / (s64) c : 1"),
  fn("s128 x = (s64) a; return c ? x * 1024 % (s64) c : 1"),
  fn(
    "s128 x = (s128) ((u128) a << 64 | b), y = (s128) ((u128) c << 64 | b >> 7); return y != 0 && y != -1 ? x / y ^ x / y >> 64 : 1",
  ),
  fn(
    "s128 x = (s128) ((u128) a << 64 | b), y = (s128) ((u128) c << 64 | b >> 7); return y != 0 && y != -1 ? x % y ^ x % y >> 64 : 1",
  ),
  fn("s128 x = (s128) ((u128) a << 64 | b), y = (s64) c; return y != 0 && y != -1 ? x / y ^ x % y : 1"),
  fn("s128 x = (s128) ((u128) a << 64 | b); return (u64) (x / -7) ^ (u64) (x / -7 >> 64) ^ (u64) (x % -7) << 3"),
  fn(
    "s128 x = (s128) ((u128) a << 64 | b); return (u64) (x / 4096) ^ (u64) (x / 4096 >> 64) ^ (u64) (x % 4096) << 3 ^ (u64) (x % ((s128) 1 << 80) >> 64)",
  ),
  fn("s128 x = (s128) ((u128) a << 64 | b); return (u64) (x / 1) ^ (u64) (x % 1)"),
  fn(
    "u128 x = (u128) a << 64 | b, y = (u128) c << 64 | b >> 7; u128 r; return __builtin_add_overflow(x, y, &r) + (u64) (r ^ r >> 64) * 2",
  ),
  fn(
    "s128 x = (s128) ((u128) a << 64 | b), y = (s128) ((u128) c << 64 | b >> 7); s128 r; return __builtin_add_overflow(x, y, &r) + (u64) (r ^ r >> 64) * 2",
  ),
  fn(
    "u128 x = (u128) a << 64 | b; s128 r; return __builtin_add_overflow(x, (s64) c - 50, &r) + (u64) (r ^ r >> 64) * 2",
  ),
  fn("s128 x = (s64) a; u64 r; return __builtin_add_overflow((s128) (s32) b, x, &r) + r * 2"),
  fn("u128 r; return __builtin_add_overflow((s64) a, (s64) b, &r) + (u64) (r ^ r >> 64) * 2"),
  fn(
    "u128 x = (u128) a << 64 | b, y = (u128) c << 64 | b >> 7; u128 r; return __builtin_sub_overflow(x, y, &r) + (u64) (r ^ r >> 64) * 2",
  ),
  fn(
    "s128 x = (s128) ((u128) a << 64 | b), y = (s128) ((u128) c << 64 | b >> 7); s128 r; return __builtin_sub_overflow(x, y, &r) + (u64) (r ^ r >> 64) * 2",
  ),
  fn(
    "u128 x = (u128) a << 64 | b; s128 r; return __builtin_sub_overflow(x, (s64) c - 50, &r) + (u64) (r ^ r >> 64) * 2",
  ),
  fn("s128 x = (s64) a; u64 r; return __builtin_sub_overflow((s128) (s32) b, x, &r) + r * 2"),
  fn("u128 r; return __builtin_sub_overflow((s64) a, (s64) b, &r) + (u64) (r ^ r >> 64) * 2"),
  fn(
    "u128 x = (u128) a << 64 | b, y = (u128) c << 64 | b >> 7; u128 r; return __builtin_mul_overflow(x, y, &r) + (u64) (r ^ r >> 64) * 2",
  ),
  fn(
    "s128 x = (s128) ((u128) a << 64 | b), y = (s128) ((u128) c << 64 | b >> 7); s128 r; return __builtin_mul_overflow(x, y, &r) + (u64) (r ^ r >> 64) * 2",
  ),
  fn(
    "u128 x = (u128) a << 64 | b; s128 r; return __builtin_mul_overflow(x, (s64) c - 50, &r) + (u64) (r ^ r >> 64) * 2",
  ),
  fn("s128 x = (s64) a; u64 r; return __builtin_mul_overflow((s128) (s32) b, x, &r) + r * 2"),
  fn("u128 r; return __builtin_mul_overflow((s64) a, (s64) b, &r) + (u64) (r ^ r >> 64) * 2"),
  fn(
    "u128 x = (u128) a << 64 | b; switch (x) { case 0: return 5; case 1: return 6; case (u128) 1 << 64 | 2: return 7; case (u128) 7 << 64 | 3: return 8; case ~(u128) 0: return 9; case (u128) 8 << 64 ... (u128) 0xffffff << 64: return 10; case 3: return 11; } return 4",
  ),
  fn(
    "s128 x = (s128) (s64) a * 3; switch (x) { case 0: return 5; case -3: return 6; case 3: return 7; case -1000 ... -4: return 8; case 21: return 9; } return x < 0",
  ),
]
