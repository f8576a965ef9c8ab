import assert from "node:assert/strict"
import { test } from "node:test"
import { needsMachine } from "../../tests/support/kernel.ts"
import type { SkepError } from "../base/index.ts"
import { BPF, type CharArray } from "./index.ts"

const skip = needsMachine

const TEXT = `#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
const volatile int threshold = 3;
const volatile bool enabled;
struct config { int a; u64 b[2]; };
int total;
u64 big = 7;
char name[16] = "bee";
static int hidden = 1;
struct config config;
u64 counters[1000];
u8 flag = 1;
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, u32); __type(value, u32); } seen SEC(".maps");
SEC("syscall") int run(void *ctx) {
  if (enabled) total += threshold;
  big++; hidden++; config.a++; counters[3] += big; flag++;
  return threshold;
}
char LICENSE[] SEC("license") = "GPL";
`

const run = (b: BPF): number => b.program("run").testRun().retval

const fails = (code: string, message: RegExp, act: () => unknown): void =>
  assert.throws(act, (error: SkepError) => {
    assert.equal(error.code, code)
    assert.match(error.message, message)
    return true
  })

test("global variables are read and written while the program runs", { skip }, async () => {
  using b = await BPF.load({ text: TEXT })
  const { globals } = b
  assert.equal(globals.threshold, 3)
  assert.equal(globals.enabled, false)
  assert.equal(globals.big, 7n)
  assert.equal((globals.name as CharArray).text, "bee")
  globals.big = 40n
  globals.name = "wasp"
  globals.config = { a: 5, b: [1n, 2n] }
  assert.equal(run(b), 3)
  assert.equal(globals.big, 41n)
  assert.equal(`${globals.name}`, "wasp")
  assert.deepEqual(globals.config, { a: 6, b: [1n, 2n] })
  assert.equal(globals.hidden, 2)
  assert.equal(globals.total, 0)
  assert.equal(globals.flag, 2)
  assert.ok(Object.keys(globals).includes("counters"))
  assert.throws(() => (globals.config.a = 1), TypeError)
  fails("BPF_GLOBAL_READ_ONLY", /threshold cannot be changed/, () => (globals.threshold = 4))
  fails("BPF_NO_GLOBAL", /'totl'.*total/, () => (globals.totl = 4))
  fails("BTF_VALUE_RANGE", /./, () => (globals.flag = 256))
})

test("global variables as live arrays", { skip }, async () => {
  const b = await BPF.load({ text: TEXT })
  const counters = b.liveGlobal<BigUint64Array>("counters")
  const total = b.liveGlobal<Int32Array>("total")
  assert.equal(counters.length, 1000)
  run(b)
  assert.equal(counters[3], 8n)
  counters[3] = 100n
  run(b)
  assert.equal(counters[3], 109n)
  assert.equal(total.length, 1)
  fails("BPF_NOT_MAPPED", /config/, () => b.liveGlobal("config"))
  // The memory of constants is read-only: what is written goes to a copy, and not to the end of the process.
  b.liveGlobal<Int32Array>("threshold")[0] = 99
  assert.notEqual(b.globals.threshold, 99)
  b.close()
  assert.equal(counters[3], 109n)
})

test("constants have the values that the program is loaded with", { skip }, async () => {
  using b = await BPF.load({ text: TEXT, globals: { threshold: 9, enabled: true, total: 100, counters: undefined } })
  assert.equal(run(b), 9)
  assert.equal(b.globals.total, 109)
  await assert.rejects(BPF.load({ text: TEXT, globals: { nothing: 1 } }), { code: "BPF_NO_GLOBAL" })
})

test("a program is opened, changed and loaded, twice", { skip }, async () => {
  const program = await BPF.open({ text: TEXT, globals: { threshold: 1 } })
  assert.equal(program.globals.threshold, 1)
  program.globals.threshold = 20
  program.globals.enabled = true
  program.resize("seen", 77)
  fails("BPF_NO_TABLE", /'sen'/, () => program.resize("sen", 1))
  fails("BPF_OPTION", /0 is no size/, () => program.resize("seen", 0))
  using one = program.load()
  program.globals.threshold = 30
  using two = program.load()
  assert.deepEqual([run(one), run(two)], [20, 30])
  assert.equal(one.table("seen").maxEntries, 77)
  assert.deepEqual([one.globals.total, two.globals.total], [20, 30])
  assert.deepEqual(
    program.maps.map(map => map.name),
    ["seen"],
  )
})

test("the kernel's configuration is read", { skip }, async () => {
  const text = `#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
extern int LINUX_KERNEL_VERSION __kconfig;
SEC("syscall") int run(void *ctx) { return LINUX_KERNEL_VERSION > 0; }`
  using b = await BPF.load({ text })
  assert.equal(run(b), 1)
  assert.ok(b.globals.LINUX_KERNEL_VERSION > 0x40000)
  fails("BPF_GLOBAL_READ_ONLY", /./, () => (b.globals.LINUX_KERNEL_VERSION = 1))
})

test("a program without global variables", { skip }, async () => {
  using b = await BPF.load({ text: "int f(void *ctx) { return 0; }" })
  assert.deepEqual(Object.keys(b.globals), [])
  fails("BPF_NO_GLOBAL", /no global variable 'x'/, () => (b.globals.x = 1))
})
