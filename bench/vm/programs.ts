/** A small program: the same C for every way to run it. `run` changes `seed`, works on global data, and returns a checksum. */
export interface MicroProgram {
  readonly name: string
  readonly text: string
}

const PRELUDE = `typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
typedef signed char s8; typedef int s32; typedef long long s64;
static u32 seed = 1;
static inline u32 next(void) { seed = seed * 1664525 + 1013904223; return seed; }
`

const program = (name: string, text: string): MicroProgram => ({ name, text: `${PRELUDE}${text}\n` })

export const microPrograms: readonly MicroProgram[] = [
  program(
    "sieve",
    `static u8 composite[4096];
int run(void *ctx) {
  u32 count = 0;
  for (u32 i = 0; i < 4096; i++) composite[i] = 0;
  composite[seed++ & 1] = 1;
  for (u32 i = 2; i < 64; i++) {
    if (composite[i]) continue;
    for (u32 k = i * i; k < 4096; k += i) composite[k & 4095] = 1;
  }
  for (u32 i = 2; i < 4096; i++) count += !composite[i];
  return count;
}`,
  ),
  program(
    "hash table",
    `static u32 keys[1024]; static u32 values[1024];
int run(void *ctx) {
  u32 sum = 0;
  for (u32 i = 0; i < 1024; i++) keys[i] = 0;
  for (u32 i = 0; i < 500; i++) {
    u32 key = (next() >> 8) | 1;
    u32 at = (key * 2654435761u) >> 22;
    for (u32 tries = 0; tries < 16; tries++) {
      if (keys[at] == 0 || keys[at] == key) { keys[at] = key; values[at] += i; break; }
      at = (at + 1) & 1023;
    }
  }
  for (u32 i = 0; i < 1024; i++) if (keys[i]) sum += values[i];
  return sum;
}`,
  ),
  program(
    "packet parse",
    `static u8 packets[64 * 64];
struct eth { u8 to[6], from[6]; u16 type; } __attribute__((packed));
struct ip { u8 ihl_version, tos; u16 length, id, offset; u8 ttl, protocol; u16 check; u32 from, to; };
struct tcp { u16 from, to; u32 seq, ack; u16 flags, window; };
int run(void *ctx) {
  u32 hits = 0;
  for (u32 i = 0; i < 64; i++) {
    u32 r = next();
    struct eth *e = (struct eth *)&packets[i * 64];
    e->type = r & 0x10000000 ? 0x0008 : 0xdd86;
    struct ip *p = (struct ip *)(e + 1);
    p->ihl_version = 0x45;
    p->protocol = r & 0x20000000 ? 6 : 17;
    p->to = r;
    struct tcp *t = (struct tcp *)(p + 1);
    t->to = r & 0x40000000 ? 0x5000 : 0xbb01;
    t->seq = r;
  }
  for (u32 turn = 0; turn < 16; turn++) {
    for (u32 i = 0; i < 64; i++) {
      struct eth *e = (struct eth *)&packets[i * 64];
      if (e->type != 0x0008) continue;
      struct ip *p = (struct ip *)(e + 1);
      if ((p->ihl_version >> 4) != 4 || (p->ihl_version & 15) != 5 || p->protocol != 6) continue;
      struct tcp *t = (struct tcp *)(p + 1);
      if (t->to == 0x5000) hits += __builtin_bswap32(t->seq) >> 20;
      else hits += __builtin_bswap16(t->to);
    }
  }
  return hits;
}`,
  ),
  program(
    "jhash",
    `static u8 data[1024];
#define rol(x, n) ((x) << (n) | (x) >> (32 - (n)))
int run(void *ctx) {
  u32 h = 0;
  next();
  data[seed & 1023] = seed;
  for (u32 turn = 0; turn < 8; turn++) {
    u32 a = 0xdeadbeef + h, b = a, c = a;
    for (u32 i = 0; i + 12 <= 1024; i += 12) {
      a += *(u32 *)&data[i]; b += *(u32 *)&data[i + 4]; c += *(u32 *)&data[i + 8];
      a -= c; a ^= rol(c, 4); c += b;
      b -= a; b ^= rol(a, 6); a += c;
      c -= b; c ^= rol(b, 8); b += a;
      a -= c; a ^= rol(c, 16); c += b;
      b -= a; b ^= rol(a, 19); a += c;
      c -= b; c ^= rol(b, 4); b += a;
    }
    h ^= c;
  }
  return h;
}`,
  ),
  program(
    "string compare",
    `static char names[64][16];
int run(void *ctx) {
  u32 equal = 0;
  for (u32 i = 0; i < 64; i++) {
    u32 r = next() >> 24;
    for (u32 k = 0; k < 15; k++) names[i][k] = 'a' + ((r >> (k & 3)) & 3);
  }
  for (u32 i = 0; i < 64; i++) {
    for (u32 j = 0; j < 16; j++) {
      u32 k = 0;
      for (; k < 16; k++) if (names[i][k] != names[(i + j) & 63][k] || names[i][k] == 0) break;
      equal += k;
    }
  }
  return equal;
}`,
  ),
  program(
    "sort",
    `static u32 a[128];
int run(void *ctx) {
  for (u32 i = 0; i < 128; i++) a[i] = next() >> 4;
  for (u32 i = 1; i < 128; i++) {
    u32 x = a[i], k = i;
    for (u32 n = 0; n < 128; n++) {
      if (k == 0 || k > 127) break;
      u32 y = a[(k - 1) & 127];
      if (y <= x) break;
      a[k & 127] = y;
      k--;
    }
    a[k & 127] = x;
  }
  return a[0] ^ a[64] ^ a[127];
}`,
  ),
  program(
    "matrix",
    `static u32 x[16][16], y[16][16], z[16][16];
int run(void *ctx) {
  u32 sum = 0;
  next();
  x[seed & 15][3] = seed;
  for (u32 i = 0; i < 16; i++) for (u32 k = 0; k < 16; k++) { x[i][k] += i * k; y[i][k] = i ^ k; }
  for (u32 i = 0; i < 16; i++)
    for (u32 j = 0; j < 16; j++) {
      u32 s = 0;
      for (u32 k = 0; k < 16; k++) s += x[i][k] * y[k][j];
      z[i][j] = s;
    }
  for (u32 i = 0; i < 16; i++) sum += z[i][i];
  return sum;
}`,
  ),
  program(
    "crc32",
    `static u32 table[256]; static u8 data[2048];
int run(void *ctx) {
  if (table[1] == 0)
    for (u32 i = 0; i < 256; i++) {
      u32 c = i;
      for (u32 k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ (c >> 1) : c >> 1;
      table[i] = c;
    }
  next();
  data[seed & 2047] = seed >> 24;
  u32 crc = 0xffffffff;
  for (u32 i = 0; i < 2048; i++) crc = table[(crc ^ data[i]) & 255] ^ (crc >> 8);
  return ~crc;
}`,
  ),
  program(
    "fnv, murmur",
    `static u8 data[1024];
int run(void *ctx) {
  next();
  data[seed & 1023] = seed >> 24;
  u64 f = 0xcbf29ce484222325ull;
  for (u32 i = 0; i < 1024; i++) f = (f ^ data[i]) * 0x100000001b3ull;
  u64 h = 0x1234;
  for (u32 i = 0; i < 1024; i += 8) {
    u64 k = *(u64 *)&data[i];
    k *= 0xc6a4a7935bd1e995ull; k ^= k >> 47; k *= 0xc6a4a7935bd1e995ull;
    h ^= k; h *= 0xc6a4a7935bd1e995ull;
  }
  h ^= h >> 47;
  return f ^ h;
}`,
  ),
  program(
    "binary search",
    `static u32 sorted[1024];
int run(void *ctx) {
  u32 found = 0;
  if (sorted[1] == 0) for (u32 i = 0; i < 1024; i++) sorted[i] = i * 977 + 5;
  for (u32 i = 0; i < 256; i++) {
    u32 key = next() % 1000000, low = 0, high = 1023;
    for (u32 n = 0; n < 10; n++) {
      u32 middle = (low + high) / 2;
      if (sorted[middle & 1023] < key) low = middle + 1; else high = middle;
    }
    found += low;
  }
  return found;
}`,
  ),
  program(
    "gcd",
    `int run(void *ctx) {
  u32 sum = 0;
  for (u32 i = 0; i < 128; i++) {
    u32 a = next() >> 8, b = next() >> 12;
    for (u32 n = 0; n < 40; n++) { if (b == 0) break; u32 r = a % b; a = b; b = r; }
    sum += a;
  }
  return sum;
}`,
  ),
  program(
    "prime",
    `int run(void *ctx) {
  u32 primes = 0;
  for (u32 i = 0; i < 32; i++) {
    u64 x = (next() >> 12) | 1;
    u32 is = 1;
    for (u64 d = 3; d < 256; d += 2) if (x % d == 0) { is = 0; break; }
    primes += is;
  }
  return primes;
}`,
  ),
]
