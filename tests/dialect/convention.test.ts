import assert from "node:assert/strict"
import { test } from "node:test"
import { type BpfObject, linkObjects, readElf } from "../../src/object/index.ts"
import { clangObject } from "../support/clang.ts"
import { kernel, needsRoot } from "../support/kernel.ts"
import { libbpfObject } from "../support/runLibbpf.ts"
import { findTool } from "../support/tools.ts"

// clang takes structs by value since its version 16.
const clang = findTool("clang-19", "clang-18", "clang-17", "clang-16")
const skip = needsRoot || (clang === undefined && "clang 16 or later is not installed")

const TYPES = `
struct one { int x; }; struct pair { long x, y; }; struct odd { char c[11]; }; struct none {}; union either { short s; long l; };
struct large { long x, y, z; };
`
const CALLED = `${TYPES}
__hidden __noinline long pair(int k, struct pair v, struct one w) { v.x *= 3; return v.x + v.y + k + w.x; }
__hidden __noinline long odd(struct odd v, struct none n, int k) { return v.c[0] * 100 + v.c[8] * 10 + v.c[10] + k; }
__hidden __noinline long either(union either v, const struct one w) { return v.s + w.x; }
__hidden __noinline long wide(unsigned __int128 v) { return (v >> 60) + v; }
`
const CALLER = `${TYPES}
extern long pair(int k, struct pair v, struct one w);
extern long odd(struct odd v, struct none n, int k);
extern long either(union either v, const struct one w);
extern long wide(unsigned __int128 v);
SEC("syscall") int f(void *ctx) {
  volatile int seven = 7;
  struct pair p = {seven, 2};
  struct one one = {seven * 1000};
  struct odd o = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}};
  struct none none;
  union either e = {.l = seven << 18};
  return pair(5, p, one) + p.x + odd(o, none, seven) + either(e, one) + wide((unsigned __int128) seven << 62);
}
`
const EXPECTED = 7 * 3 + 2 + 5 + 7000 + 7 + (100 + 90 + 11 + 7) + 7000 + 7 * 4

const MACROS = `
#define SEC(name) __attribute__((section(name), used))
#define __hidden __attribute__((visibility("hidden")))
#define __noinline __attribute__((noinline))
`
const byClang = (text: string, name: string) =>
  readElf(clangObject(MACROS + text, name, ["-mcpu=v3", "-Wno-everything"], clang))

const compilers: readonly [string, (text: string, name: string) => BpfObject][] = [
  ["skep", text => libbpfObject(text)],
  ["clang", byClang],
]

for (const [callee, compileCallee] of compilers) {
  for (const [caller, compileCaller] of compilers) {
    test(`records go in registers from ${caller}'s code to ${callee}'s`, { skip }, () => {
      const object = linkObjects([compileCallee(CALLED, "a"), compileCaller(CALLER, "b")])
      using loaded = kernel().load({ ...object, license: "GPL" }, { lazy: true })
      assert.equal(loaded.program("f").testRun({}).retval | 0, EXPECTED)
    })
  }
}

test("a record of more than 16 bytes goes as the address of a copy", { skip: needsRoot }, () => {
  const called =
    "struct large { long x, y, z; }; __hidden __noinline long sum(struct large v) { v.x++; return v.x + v.z; }"
  const caller = `struct large { long x, y, z; }; extern long sum(struct large v);
SEC("syscall") int f(void *ctx) { volatile long one = 1; struct large v = {one, 2, 3}; return sum(v) * 10 + v.x; }`
  const object = linkObjects([libbpfObject(called), libbpfObject(caller)])
  using loaded = kernel().load(object, { lazy: true })
  assert.equal(loaded.program("f").testRun({}).retval | 0, 51)
})
