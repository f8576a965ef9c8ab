import assert from "node:assert/strict"
import { test } from "node:test"
import { skep } from "../../../tests/support/cli.ts"
import { bpfDescriptors } from "../../../tests/support/kernel.ts"
import { needsGcc, TracedProgram } from "../../../tests/support/traced.ts"
import { BPF, listUsdt } from "../index.ts"

const skip = needsGcc || (process.arch === "x64" ? false : "the traced program is for x64")

/**
 * A probe of two places with its arguments in different ones, a semaphore, and an array and a variable that memory operands reach:
 * 10, −2, "text", 0xee of 0xeeff, array[3], 400.
 */
const STEP = `
SEMAPHORE(start_semaphore);
int array[8] = { 100, 200, 300, 400 };
static int hidden = 4711;
__attribute__((noipa)) static void places(int first) {
  const char *text = "text";
  long mixed = 0xeeff;
  if (first) asm volatile(STAP(app, start, start_semaphore, "-4@%%edi 4@$-2 8@%%rsi 1@%%ah -4@12(%%rdx) -4@(%%rdx,%%rcx,4)")
    :: "D"(10), "S"(text), "a"(mixed), "d"(array), "c"(3L));
  else asm volatile(STAP(app, start, start_semaphore, "-4@%%ecx 2@$-2 8@%%rbx 1@%%ah -4@12(%%rdx) -4@(%%rdx,%%rdi,4)")
    :: "c"(10), "b"(text), "a"(mixed), "d"(array), "D"(3L));
}
__attribute__((noipa)) static void quiet(void) { asm volatile(STAP(app, quiet, 0, "-4@hidden(%%rip)") :: "m"(hidden)); }
static char *step(const char *line) {
  static char text[32];
  sprintf(text, "%d", start_semaphore);
  if (start_semaphore || line[0] == 'a') places(line[0] == 'a' || line[0] == 'f');
  quiet();
  return text;
}
`.replace('"r"(0) : );', '"r"(0) : );')

const READ = `
struct seen { s32 a; s32 b; char text[8]; u32 c; s32 d; s32 e; u64 wide; };
BPF_ARRAY(seen, struct seen, 1);
BPF_ARRAY(calls, u64, 1);
int start(struct pt_regs *ctx) {
  int zero = 0;
  struct seen *s = seen.lookup(&zero);
  if (!s) return 0;
  u8 c = 0;
  s32 a = 0, b = 0, d = 0, e = 0; u64 wide = 0;
  bpf_usdt_readarg(1, ctx, &a);
  bpf_usdt_readarg(1, ctx, &wide);
  bpf_usdt_readarg(2, ctx, &b);
  bpf_usdt_readarg_p(3, ctx, &s->text, sizeof(s->text));
  bpf_usdt_readarg(4, ctx, &c);
  bpf_usdt_readarg(5, ctx, &d);
  bpf_usdt_readarg(6, ctx, &e);
  s->a = a; s->b = b; s->c = c; s->d = d; s->e = e; s->wide = wide;
  calls.increment(zero);
  return 0;
}
`

const FLAGS = ["-fPIE", "-pie"]

test("the arguments of a probe at two places, for all processes, by its semaphore", { skip }, async () => {
  using traced = new TracedProgram(STEP, FLAGS)
  const before = await traced.start()
  assert.equal(await before.step("x"), "0")
  const descriptors = bpfDescriptors().length
  {
    using b = await BPF.load({ text: READ, usdt: [{ path: traced.path, probe: "app:start", fn: "start" }] })
    const [link] = b.links
    assert.equal(link.place, `usdt ${traced.path}:app:start`)
    assert.equal(link.method, "usdt by perf uprobe")
    const after = await traced.start()
    for (const [running, line] of [
      [before, "first"],
      [before, "second"],
      [after, "first"],
      [after, "second"],
    ] as const) {
      assert.equal(await running.step(line), "2")
      const { text, ...numbers } = b.table("seen").get(0)
      assert.deepEqual(
        { ...numbers, text: String(text) },
        { a: 10, b: line === "first" ? -2 : 65534, text: "text", c: 0xee, d: 400, e: 400, wide: 10n },
      )
    }
    assert.equal(b.table("calls").get(0), 4n)
  }
  assert.equal(bpfDescriptors().length, descriptors)
  assert.equal(await before.step("x"), "0")
})

test("a probe of one process, found in what it runs", { skip }, async () => {
  using traced = new TracedProgram(STEP, FLAGS)
  const [one, two] = [await traced.start(), await traced.start()]
  const text =
    "BPF_HASH(values, u32, s64);\nint f(struct pt_regs *ctx) { s64 v = 0; u32 pid = bpf_get_current_pid_tgid() >> 32; bpf_usdt_readarg(1, ctx, &v); values.update(&pid, &v); return 0; }"
  using b = await BPF.load({ text, usdt: [{ pid: one.pid, probe: "quiet", fn: "f" }] })
  await one.step("x")
  await two.step("x")
  assert.deepEqual([...b.table("values")], [[one.pid, 4711n]])
})

test("a probe is enabled for a loaded program that reads no arguments", { skip }, async () => {
  using traced = new TracedProgram(STEP, FLAGS)
  const running = await traced.start()
  using b = await BPF.load({ text: "BPF_ARRAY(calls, u64, 1);\nint f(void *ctx) { calls.increment(0); return 0; }" })
  const [link] = b.enableUsdt({ path: traced.path, probe: "app:start", fn: "f" })
  await running.step("a")
  assert.equal(b.table("calls").get(0), 1n)
  link.detach()
  await running.step("a")
  assert.equal(b.table("calls").get(0), 1n)
})

for (const section of ["usdt", "usdt.s"]) {
  test(`a program for libbpf reads arguments by bpf_usdt_arg: ${section}`, { skip }, async () => {
    using traced = new TracedProgram(STEP, FLAGS)
    const text = `
      #include "vmlinux.h"
      #include <bpf/bpf_helpers.h>
      #include <bpf/bpf_tracing.h>
      #include <bpf/usdt.bpf.h>
      struct seen { long args[6]; int count; long cookie; } seen = {};
      SEC("${section}/${traced.path}:app:start")
      int start(struct pt_regs *ctx) {
        bpf_usdt_arg(ctx, 0, &seen.args[0]);
        bpf_usdt_arg(ctx, 1, &seen.args[1]);
        bpf_usdt_arg(ctx, 3, &seen.args[3]);
        bpf_usdt_arg(ctx, 4, &seen.args[4]);
        bpf_usdt_arg(ctx, 5, &seen.args[5]);
        seen.count = bpf_usdt_arg_cnt(ctx);
        seen.cookie = bpf_usdt_cookie(ctx);
        return 0;
      }
      char LICENSE[] SEC("license") = "GPL";
    `
    using b = await BPF.load({ text })
    const running = await traced.start()
    for (const line of ["first", "second"]) {
      await running.step(line)
      const view = new DataView((b.table(".bss").map.lookup(new Uint8Array(4)) as Uint8Array).buffer)
      const args = Array.from({ length: 6 }, (_, i) => Number(view.getBigInt64(i * 8, true)))
      assert.deepEqual(args, [10, line === "first" ? 0xfffffffe : 65534, 0, 0xee, 400, 400])
      assert.equal(view.getInt32(48, true), 6)
    }
  })
}

test("probes are listed", { skip }, () => {
  using traced = new TracedProgram(STEP, FLAGS)
  const listed = listUsdt({ path: traced.path })
  assert.deepEqual(
    listed.map(({ provider, name, locations }) => `${provider}:${name} ${locations.length}`),
    ["app:start 2", "app:quiet 1"],
  )
  assert.equal(listed[0].locations[0].arguments.length, 6)
  const { stdout } = skep(["usdt", "-l", traced.path])
  assert.match(
    stdout,
    /app:start\n {2}0x[0-9a-f]+: -4@%edi 4@\$-2 8@%rsi 1@%ah -4@12\(%rdx\) -4@\(%rdx,%rcx,4\), semaphore at byte 0x/,
  )
})

function refuses(options: object, code: string, text: RegExp): void {
  test(`${JSON.stringify(options)}: ${code}`, { skip }, async () => {
    const usdt = [{ fn: "start", probe: "a:b", ...options }]
    await assert.rejects(BPF.load({ text: READ, usdt }), (error: { code: string; message: string; hint: string }) => {
      assert.equal(error.code, code)
      assert.match(`${error.message} ${error.hint}`, text)
      return true
    })
  })
}
refuses({}, "BPF_OPTION", /path of a file, the pid of a process/)
refuses({ path: "/bin/sh", probe: "a:b:c" }, "BPF_OPTION", /named provider:name/)
refuses({ path: "/bin/sh" }, "SYMBOLS_NO_USDT", /no static probe a:b/)
refuses({ pid: process.pid }, "SYMBOLS_NO_USDT", /runs nothing that has a static probe a:b/)
refuses({ pid: 2 ** 22 + 1 }, "SYMBOLS_NO_PROCESS", /no process/)
