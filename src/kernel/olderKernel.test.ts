import assert from "node:assert/strict"
import { test } from "node:test"
import { CLANG_PRELUDE, clangObject, skipClang } from "../../tests/support/clang.ts"
import { kernel, needsRoot } from "../../tests/support/kernel.ts"
import { type Age, growOlder } from "../../tests/support/olderKernel.ts"
import type { Loaded } from "../machine/index.ts"
import { readElf } from "../object/index.ts"
import { setSys, sys } from "./raw/index.ts"

const packet = new Uint8Array(64)
const read = (source: string) =>
  readElf(clangObject(`${CLANG_PRELUDE}\n${source}\nchar licence[] SEC("license") = "GPL";`, "a", ["-mcpu=v3", "-w"]))

/** An object is loaded by a kernel that does not know what `age` says. What the kernel has is asked once in a process: by the first test that needs it. */
function inOlder(what: string, age: Age, source: string, check: (load: () => Loaded) => void): void {
  test(what, { skip: needsRoot || skipClang }, () => {
    const now = sys()
    const object = read(source)
    growOlder(age)
    try {
      check(() => kernel().load(object))
    } finally {
      setSys(now)
    }
  })
}

function returns(what: string, age: Age, expected: number, source: string): void {
  inOlder(what, age, source, load => {
    using loaded = load()
    assert.equal(loaded.program("prog").testRun({ data: packet }).retval, expected)
    assert.deepEqual(loaded.notes, [])
  })
}

const TYPES = `enum big { HUGE = 0x1234567890ULL }; enum little { LESS = -1 };
  struct value { enum big big; enum little little; int __attribute__((btf_type_tag("user"))) *tagged; double real; };
  struct { __uint(type, 2); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } values SEC(".maps");
  __noinline int twice(int x) { return 2 * x; }
  SEC("socket") int prog(void *ctx) {
    u32 zero = 0; struct value *value = bpf_map_lookup_elem(&values, &zero);
    return value ? twice(21) : 0;
  }`
returns("before 6.0: enumerators of 64 bits", { btfKinds: 19 }, 42, TYPES)
returns("before 5.17: type tags", { btfKinds: 18 }, 42, TYPES)
returns("before 5.16: declaration tags", { btfKinds: 17 }, 42, TYPES)
returns("before 5.13: floating point", { btfKinds: 16 }, 42, TYPES)
returns("before 5.2: variables", { btfKinds: 14 }, 42, TYPES)
inOlder("before 5.0: functions, whose lines and types are left out", { btfKinds: 12 }, TYPES, load => {
  using loaded = load()
  assert.equal(loaded.program("prog").testRun({ data: packet }).retval, 42)
  assert.match(loaded.notes.join(), /^the kernel did not take the types and lines of program prog/)
})
inOlder("before 4.18: all types", { btfKinds: 0 }, TYPES, load => {
  using loaded = load()
  assert.equal(loaded.program("prog").testRun({ data: packet }).retval, 42)
  assert.match(loaded.notes.join(), /^the kernel did not take the program's type information/)
})

const DATA = 'int data = 7; SEC("socket") int prog(void *ctx) { return data; }'
returns("before 5.5: data that is not mapped", { mapFlags: 1 << 10 }, 7, DATA)
inOlder("before 5.2: global variables are named", { mapFlags: (1 << 10) | (1 << 7), globalData: false }, DATA, load =>
  assert.throws(load, { code: "KERNEL_FEATURE", missing: { feature: "global variables", minKernel: "5.2" } }),
)
inOlder(
  "before 5.2: and left out where nothing uses them",
  { mapFlags: (1 << 10) | (1 << 7), globalData: false },
  'const volatile int unused = 7; SEC("socket") int prog(void *ctx) { return 3; }',
  load => {
    using loaded = load()
    assert.equal(loaded.program("prog").testRun({ data: packet }).retval, 3)
    assert.deepEqual([...loaded.maps.keys()], [])
  },
)

inOlder(
  "before 5.5: reads of the kernel's memory",
  { helpers: 112 },
  `static long (*bpf_probe_read_kernel)(void *, u32, const void *) = (void *)113;
   static long (*bpf_probe_read_user_str)(void *, u32, const void *) = (void *)114;
   SEC("raw_tp/sys_enter") int prog(u64 *ctx) {
     u64 x = 0; char text[8];
     return bpf_probe_read_kernel(&x, 8, ctx) + bpf_probe_read_user_str(text, 8, ctx);
   }`,
  load => {
    using loaded = load()
    assert.ok(loaded.program("prog").fd > 0)
  },
)
