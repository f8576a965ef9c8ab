import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { golden } from "../../tests/support/golden.ts"
import { kernel, needsRoot } from "../../tests/support/kernel.ts"
import { findTool, inTempDir, runTool } from "../../tests/support/tools.ts"
import { SkepError } from "../base/index.ts"
import { type BpfObject, readElf } from "../object/index.ts"
import { kernelAtLeast } from "./host/index.ts"

const clang = findTool("clang-19", "clang-18", "clang-16", "clang-14", "clang")
const skip =
  needsRoot ||
  (clang === undefined && "clang is not installed") ||
  (!kernelAtLeast("6.9") && "the words are those of newer kernels")

/** What the programs share: a map, and helpers by number. */
const PRELUDE = `typedef unsigned char u8; typedef unsigned int u32; typedef unsigned long u64;
#define SEC(name) __attribute__((section(name), used))
struct { int (*type)[1]; u32 *key; u64 *value; int (*max_entries)[8]; } counts SEC(".maps");
struct { int (*type)[27]; int (*max_entries)[4096]; } ring SEC(".maps");
static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static u64 (*now)(void) = (void *)5;
static u32 (*rnd)(void) = (void *)7;
`

/** What clang makes of the program; its own compiler would not let some of them pass. */
function compiled(text: string, license: string): BpfObject {
  return inTempDir(dir => {
    const end = `char _license[] SEC("license") = "${license}";\n`
    writeFileSync(join(dir, "a.c"), text)
    writeFileSync(join(dir, "prelude.h"), PRELUDE + end)
    runTool(
      clang!,
      "-O2",
      "-g",
      "-mcpu=v3",
      "--target=bpf",
      "-w",
      "-include",
      join(dir, "prelude.h"),
      "-c",
      join(dir, "a.c"),
      "-o",
      join(dir, "a.o"),
    )
    return readElf(readFileSync(join(dir, "a.o")), "a.c")
  })
}

const COLLECTED = "tests/golden/verifier/refusals.txt"
const all: string[] = []

/** One case: this kernel refuses program f, and so the refusal reads. */
function refuses(name: string, text: string, license = "GPL"): void {
  test(name, { skip }, () => {
    assert.throws(
      () => {
        using loaded = kernel().load(compiled(text, license))
        loaded.program("f")
      },
      (error: unknown) => {
        assert.ok(error instanceof SkepError)
        assert.equal(error.code, "KERNEL_VERIFIER")
        const { message, why, hint, notes = [] } = error.parts
        all.push(
          [
            name,
            message.replace("the kernel's verifier refused program f: ", ""),
            why,
            ...notes.map(note => note.message),
          ]
            .concat(`hint: ${hint}\n`)
            .join("\n  ")
            .replaceAll(/\/[^ ]*\/(?=a\.c:)/g, ""),
        )
        assert.ok(why !== undefined, `not explained: ${message}`)
        assert.ok((error.log ?? "").length > 20)
        return true
      },
    )
  })
}

refuses(
  "out of bounds of the stack",
  `SEC("socket") int f(void *ctx) {
  volatile u8 a[8];
  u32 i = rnd() & 15;
  a[i] = 1;
  return a[0];
}`,
)
refuses(
  "map value possibly null",
  `SEC("socket") int f(void *ctx) {
  u32 key = 0;
  u64 *v = lookup(&counts, &key);
  return *v;
}`,
)
refuses(
  "map value at a fixed offset",
  `SEC("socket") int f(void *ctx) {
  u32 key = 0;
  u64 *v = lookup(&counts, &key);
  if (!v) return 0;
  return v[1];
}`,
)
refuses(
  "map value with an unbounded index",
  `SEC("socket") int f(void *ctx) {
  u32 key = 0;
  u8 *v = lookup(&counts, &key);
  if (!v) return 0;
  return v[rnd()];
}`,
)
refuses(
  "map value with a bound that is too large",
  `SEC("socket") int f(void *ctx) {
  u32 key = 0;
  u8 *v = lookup(&counts, &key);
  if (!v) return 0;
  return v[rnd() & 15];
}`,
)
refuses(
  "map value with a negative index",
  `SEC("socket") int f(void *ctx) {
  u32 key = 0;
  u8 *v = lookup(&counts, &key);
  long i = (int)rnd();
  if (!v || i > 7) return 0;
  return v[i];
}`,
)
refuses(
  "arithmetic before the test for null",
  `SEC("socket") int f(void *ctx) {
  u32 key = 0;
  u8 *v = lookup(&counts, &key);
  asm volatile("%0 += 4" : "+r"(v));
  return v ? *v : 0;
}`,
)
refuses(
  "packet without a check",
  `struct xdp { u32 data, data_end; };
SEC("xdp") int f(struct xdp *ctx) {
  u8 *p = (void *)(u64)ctx->data;
  return p[12];
}`,
)
refuses(
  "packet with a check that is too short",
  `struct xdp { u32 data, data_end; };
SEC("xdp") int f(struct xdp *ctx) {
  u8 *p = (void *)(u64)ctx->data, *end = (void *)(u64)ctx->data_end;
  if (p + 8 > end) return 1;
  return p[12];
}`,
)
refuses(
  "variable that was not set",
  `SEC("socket") int f(void *ctx) {
  u64 x;
  asm volatile("r0 = r7; r0 += 1" : "=r"(x) : : "r0");
  return x;
}`,
)
refuses(
  "return value out of range",
  `SEC("cgroup/skb") int f(void *ctx) {
  return 7;
}`,
)
refuses(
  "return value that is not known",
  `SEC("cgroup/skb") int f(void *ctx) {
  return rnd();
}`,
)
refuses(
  "pointer as the return value",
  `SEC("cgroup/skb") long f(void *ctx) {
  return (long)ctx;
}`,
)
refuses(
  "reference that is not released",
  `static void *(*reserve)(void *map, u64 size, u64 flags) = (void *)131;
SEC("socket") int f(void *ctx) {
  u64 *e = reserve(&ring, 8, 0);
  if (!e) return 0;
  *e = 1;
  return 0;
}`,
)
refuses(
  "use after release",
  `static void *(*reserve)(void *map, u64 size, u64 flags) = (void *)131;
static void (*submit)(void *data, u64 flags) = (void *)132;
SEC("socket") int f(void *ctx) {
  u64 *e = reserve(&ring, 8, 0);
  if (!e) return 0;
  submit(e, 0);
  return *e;
}`,
)
refuses(
  "endless loop",
  `SEC("socket") int f(void *ctx) {
  for (;;) asm volatile("");
}`,
)
refuses(
  "offset outside of the context",
  `SEC("socket") int f(u32 *ctx) {
  return ctx[200];
}`,
)
refuses(
  "variable offset into the context",
  `SEC("socket") int f(u32 *ctx) {
  return ctx[rnd() & 3];
}`,
)
refuses(
  "write to the context",
  `SEC("socket") int f(u32 *ctx) {
  ctx[0] = 1;
  return 0;
}`,
)
refuses(
  "number used as a pointer",
  `SEC("kprobe/x") int f(u64 *ctx) {
  u64 *p = (void *)ctx[14];
  return *p;
}`,
)
refuses(
  "helper that the program type has not",
  `static long (*redirect)(u32 ifindex, u64 flags) = (void *)23;
SEC("kprobe/x") int f(void *ctx) {
  return redirect(1, 0);
}`,
)
refuses(
  "helper that no kernel has",
  `static long (*unknown)(void) = (void *)9999;
SEC("socket") int f(void *ctx) {
  return unknown();
}`,
)
refuses(
  "number where a map is wanted",
  `SEC("socket") int f(void *ctx) {
  u32 key = 0;
  return lookup((void *)rnd(), &key) != 0;
}`,
)
refuses(
  "context where a pointer to memory is wanted",
  `SEC("socket") int f(void *ctx) {
  return lookup(&counts, ctx) != 0;
}`,
)
refuses(
  "size without a bound",
  `static long (*skb_load)(void *ctx, u32 off, void *to, u32 len) = (void *)26;
SEC("socket") int f(void *ctx) {
  u8 buffer[16];
  skb_load(ctx, 0, buffer, rnd());
  return buffer[0];
}`,
)
refuses(
  "map of another type",
  `SEC("socket") int f(void *ctx) {
  u32 key = 0;
  return lookup(&ring, &key) != 0;
}`,
)
refuses(
  "helper that sleeps",
  `static long (*copy_from_user)(void *to, u32 size, const void *from) = (void *)148;
SEC("kprobe/x") int f(void *ctx) {
  u64 x = 0;
  copy_from_user(&x, 8, 0);
  return 0;
}`,
)
refuses(
  "division by zero",
  `SEC("socket") int f(void *ctx) {
  u64 x = now();
  asm volatile("%0 /= 0" : "+r"(x));
  return x;
}`,
)
refuses(
  "shift too far",
  `SEC("socket") int f(void *ctx) {
  u64 x = now();
  asm volatile("%0 <<= 77" : "+r"(x));
  return x;
}`,
)
refuses(
  "pointer arithmetic that is not addition",
  `SEC("socket") int f(void *ctx) {
  u64 x = (u64)ctx;
  asm volatile("%0 *= 2" : "+r"(x));
  return *(u32 *)x;
}`,
)
refuses(
  "bits of a pointer",
  `SEC("socket") int f(void *ctx) {
  u32 key = 0;
  u64 *v = lookup(&counts, &key);
  if (!v) return 0;
  asm volatile("%0 &= 0xf8" : "+r"(v));
  return *v;
}`,
)
refuses(
  "code that is never reached",
  `SEC("socket") int f(void *ctx) {
  asm volatile("r0 = 0; exit; r0 = 1");
  return 0;
}`,
)
refuses(
  "a function without an end",
  `SEC("socket") __attribute__((naked)) int f(void *ctx) {
  asm volatile("r0 = 0");
}`,
)
refuses(
  "too much stack in calls",
  `static __attribute__((noinline)) int g(void *ctx) { volatile u8 b[400]; b[rnd() & 255] = 1; return b[3]; }
SEC("socket") int f(void *ctx) {
  volatile u8 a[400];
  a[rnd() & 255] = 1;
  return g(ctx) + a[5];
}`,
)
refuses(
  "read-only data is written",
  `const volatile u32 limit = 7;
SEC("socket") int f(void *ctx) {
  *(volatile u32 *)&limit = 8;
  return 0;
}`,
)
refuses(
  "address in a map",
  `SEC("socket") int f(void *ctx) {
  u32 key = 0;
  u64 *v = lookup(&counts, &key);
  if (v) *v += (u64)v + (u64)ctx;
  return 0;
}`,
)
refuses(
  "misaligned access to the stack",
  `SEC("socket") int f(void *ctx) {
  asm volatile("*(u64 *)(r10 - 12) = r1" ::: "memory");
  asm volatile("r1 = *(u64 *)(r10 - 12)" ::: "r1");
  return 0;
}`,
)
refuses(
  "frame pointer is written",
  `SEC("socket") int f(void *ctx) {
  asm volatile("r10 = 0");
  return 0;
}`,
)
refuses(
  "two pointers added",
  `SEC("socket") int f(void *ctx) {
  asm volatile("r2 = r1; r2 += r10" ::: "r2");
  return 0;
}`,
)
refuses(
  "read outside of the stack",
  `SEC("socket") int f(void *ctx) {
  asm volatile("r1 = *(u64 *)(r10 + 8)" ::: "r1");
  return 0;
}`,
)
refuses(
  "helper for GPL programs only",
  `static long (*probe_read)(void *to, u32 size, const void *from) = (void *)113;
SEC("kprobe/x") int f(void *ctx) {
  u64 x = 0;
  probe_read(&x, 8, 0);
  return x;
}`,
  "Proprietary",
)
refuses(
  "perf event in a map of another type",
  `static long (*output)(void *ctx, void *map, u64 flags, void *data, u64 size) = (void *)25;
SEC("kprobe/x") int f(void *ctx) {
  u64 x = 1;
  return output(ctx, &counts, 0, &x, 8);
}`,
)

test("all refusals read as they did", { skip }, () => golden(COLLECTED, all.join("\n")))
