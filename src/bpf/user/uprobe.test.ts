import assert from "node:assert/strict"
import { test } from "node:test"
import { fileWith, skep } from "../../../tests/support/cli.ts"
import { bpfDescriptors } from "../../../tests/support/kernel.ts"
import { needsGcc, TracedProgram } from "../../../tests/support/traced.ts"
import { canUprobeMulti } from "../../kernel/index.ts"
import { findFunctions, findLibrary } from "../../symbols/index.ts"
import { BPF, getUserAddresses, getUserFunctions } from "../index.ts"

const skip = needsGcc

const STEP = `
__attribute__((noipa)) int first(int n) { return n + 1; }
__attribute__((noipa)) int second(int n) { return n * 2; }
__attribute__((noipa)) static int hidden(int n) { return n - 1; }
static char *step(const char *line) {
  static char text[32];
  sprintf(text, "%d", first(20) + second(30) + hidden(40));
  return text;
}
`

/** Counts by function of the program, and keeps the last argument. */
const COUNT = `
BPF_HASH(calls, u32, u64);
BPF_HASH(last, u32, u64);
static int count(struct pt_regs *ctx, u32 what, u64 value) {
  calls.increment(what);
  last.update(&what, &value);
  return 0;
}
int one(struct pt_regs *ctx) { return count(ctx, 1, PT_REGS_PARM1(ctx)); }
int two(struct pt_regs *ctx) { return count(ctx, 2, PT_REGS_RC(ctx)); }
int cookie(struct pt_regs *ctx) { return count(ctx, 3, bpf_get_attach_cookie(ctx)); }
`
const load = (): Promise<BPF> => BPF.load({ text: COUNT })

test("a function that is chosen when a program starts is traced where it was chosen", { skip }, async () => {
  const text = `
    static char *step(const char *line) { static char text[32]; sprintf(text, "%d", (int) (strlen(line) + strcmp(line, "bees"))); return text; }`
  using traced = new TracedProgram(text, ["-fno-builtin"])
  const running = await traced.start()
  using b = await load()
  b.attachUprobe({ library: "c", symbol: "strcmp", fn: "one", pid: running.pid })
  await running.step()
  await running.step()
  assert.equal(b.table("calls").get(1), 2n)
  // This process has the same library, and so the same choice.
  const libc = findLibrary("c", running.pid)!
  assert.deepEqual(findFunctions(libc, "strcmp"), findFunctions(libc, "strcmp", running.pid))
  assert.throws(() => b.attachUprobe({ library: "c", symbol: "time", fn: "one", pid: running.pid }), {
    code: "SYMBOLS_INDIRECT",
  })
})

function traces(name: string, flags: readonly string[]): void {
  test(`a function of a program is traced at its entry and its return: ${name}`, { skip }, async () => {
    using traced = new TracedProgram(STEP, flags)
    const running = await traced.start()
    const before = bpfDescriptors().length
    {
      using b = await load()
      const entry = b.attachUprobe({ path: traced.path, symbol: "first", fn: "one" })
      b.attachUretprobe({ path: traced.path, symbol: "second", fn: "two", pid: running.pid })
      assert.equal(entry.method, "perf uprobe")
      assert.equal(entry.place, `uprobe ${traced.path}:first`)
      await running.step()
      await running.step()
      assert.deepEqual([...b.table("calls")].sort(), [
        [1, 2n],
        [2, 2n],
      ])
      assert.deepEqual([...b.table("last")].sort(), [
        [1, 20n],
        [2, 60n],
      ])
      entry.detach()
      await running.step()
      assert.equal(b.table("calls").get(1), 2n)
      assert.equal(b.table("calls").get(2), 3n)
    }
    assert.equal(bpfDescriptors().length, before)
  })
}
traces("position-independent", ["-fPIE", "-pie"])
traces("at fixed addresses", ["-no-pie"])
traces("linked by itself", ["-static"])

test("a process in a mount namespace of its own, whose file nobody else sees", { skip }, async () => {
  using traced = new TracedProgram(STEP)
  const outside = await traced.start()
  // As a container has it: another file system under the same path.
  const enter =
    'f=$(mktemp) && cp "$0" "$f" && mount -t tmpfs none "$(dirname "$0")" && cp "$f" "$0" && chmod +x "$0" && rm "$f" && exec "$0"'
  const inside = await traced.start(["unshare", "--mount", "--propagation", "private", "sh", "-c", enter])
  using b = await load()
  b.attachUprobe({ path: traced.path, symbol: "first", fn: "one", pid: inside.pid })
  b.attachUprobe({ path: traced.path, symbolRe: "^second$", fn: "two", pid: inside.pid })
  await inside.step()
  await outside.step()
  assert.equal(b.table("calls").get(1), 1n)
  assert.equal(b.table("calls").get(2), 1n)
})

test("one process of two is traced", { skip }, async () => {
  using traced = new TracedProgram(STEP)
  const [a, b2] = [await traced.start(), await traced.start()]
  using b = await load()
  b.attachUprobe({ path: traced.path, symbol: "first", fn: "one", pid: a.pid })
  await a.step()
  await b2.step()
  assert.equal(b.table("calls").get(1), 1n)
})

test("a static function by its name and by its address, and a place inside", { skip }, async () => {
  using traced = new TracedProgram(STEP)
  const running = await traced.start()
  using b = await load()
  b.attachUprobe({ path: traced.path, symbol: "hidden", fn: "one" })
  const [address] = getUserAddresses(traced.path, /^hidden$/)
  const link = b.attachUprobe({ path: traced.path, address, fn: "cookie", cookie: 77 })
  assert.match(link.place, /traced:0x[0-9a-f]+$/)
  await running.step()
  assert.deepEqual([...b.table("last")].sort(), [
    [1, 40n],
    [3, 77n],
  ])
})

test("a function of a library is traced by the library's name, in a process that has it mapped and in those to come", {
  skip,
}, async () => {
  using traced = new TracedProgram(
    'static char *step(const char *line) { return getenv(line) ? getenv(line) : "none"; }',
  )
  const running = await traced.start()
  using b = await load()
  b.attachUprobe({ library: "c", symbol: "getenv", fn: "one", pid: running.pid })
  await running.step("PATH")
  assert.equal(b.table("calls").get(1), 2n)
  const later = await traced.start()
  b.attachUprobe({ path: "libc.so.6", symbol: "getenv", fn: "two", pid: later.pid })
  await later.step("NOTHING THERE")
  assert.equal(b.table("calls").get(2), 1n)
})

test("all functions that match, by one link where the kernel can", { skip }, async () => {
  using traced = new TracedProgram(STEP)
  const running = await traced.start()
  using b = await load()
  const link = b.attachUprobe({ path: traced.path, symbolRe: "^(first|second|hidden)$", fn: "one" })
  assert.equal(link.method, canUprobeMulti() ? "uprobe.multi" : "perf uprobe")
  await running.step()
  assert.equal(b.table("calls").get(1), 3n)
  link.detach()
  await running.step()
  assert.equal(b.table("calls").get(1), 3n)
})

test("a library's program attaches itself by its section", { skip }, async () => {
  using traced = new TracedProgram(STEP)
  const text = `
    #include "vmlinux.h"
    #include <bpf/bpf_helpers.h>
    #include <bpf/bpf_tracing.h>
    long total = 0;
    SEC("uprobe/${traced.path}:first")
    int BPF_UPROBE(entry, int n) { total += n; return 0; }
    SEC("uretprobe/${traced.path}:second")
    int BPF_URETPROBE(leave, int result) { total += result; return 0; }
    ${canUprobeMulti() ? `SEC("uprobe.multi/${traced.path}:*irst") int many(void *ctx) { total += 1000; return 0; }` : ""}
    char LICENSE[] SEC("license") = "GPL";
  `
  using b = await BPF.load({ text })
  const running = await traced.start()
  await running.step()
  assert.equal([...b.links].length, canUprobeMulti() ? 3 : 2)
  const total = new DataView(bss(b).buffer).getBigInt64(0, true)
  assert.equal(total, canUprobeMulti() ? 1080n : 80n)
})

/** The global variables' bytes. */
function bss(b: BPF): Uint8Array {
  return b.table(".bss").map.lookup(new Uint8Array(4)) as Uint8Array
}

function refuses(options: object, code: string, text: RegExp): void {
  test(`${JSON.stringify(options)}: ${code}`, { skip }, async () => {
    using b = await load()
    assert.throws(
      () => b.attachUprobe({ fn: "one", ...options }),
      (error: { code: string; message: string; hint: string }) => {
        assert.equal(error.code, code)
        assert.match(`${error.message} ${error.hint}`, text)
        return true
      },
    )
  })
}
refuses({ path: "/bin/sh" }, "BPF_OPTION", /one of symbol, symbolRe and address/)
refuses({ symbol: "f" }, "BPF_OPTION", /one of path and library/)
refuses({ path: "/no such file", symbol: "f" }, "SYMBOLS_NO_FILE", /no file \/no such file/)
refuses({ library: "cc", symbol: "f" }, "SYMBOLS_NO_FILE", /no library or program libcc/)
refuses({ path: "/proc/self/status", symbol: "f" }, "SYMBOLS_ELF", /cannot be read as an ELF file/)
refuses({ library: "c", symbol: "getenw" }, "SYMBOLS_NO_FUNCTION", /did you mean getenv/)
refuses({ library: "c", symbolRe: "^no such$" }, "SYMBOLS_NO_FUNCTION", /no function of .* matches/)
refuses({ library: "c", symbol: "getenv", pid: 2 ** 22 + 1 }, "SYMBOLS_NO_PROCESS", /no process/)
refuses({ library: "c", address: 8 ** 12 }, "SYMBOLS_NO_ADDRESS", /no code at address/)

test("functions of a file by name", { skip }, () => {
  using traced = new TracedProgram(STEP)
  assert.deepEqual(getUserFunctions(traced.path, /^(first|second|hidden|third)$/).sort(), ["first", "hidden", "second"])
  assert.ok(getUserFunctions("c").includes("malloc"))
})

test("skep run --attach takes uprobes and static probes", { skip }, () => {
  const counts = "BPF_HASH(calls, u32, u64);\nint f(void *ctx) { calls.increment(1); return 0; }"
  const file = fileWith("count.c", counts)
  const { status, stderr } = skep(["run", "--duration", "0.1", "--attach", "uprobe:c:getenv=f", file])
  assert.equal(status, 0, stderr)
  assert.match(stderr, /attached f: uprobe c:getenv \(perf uprobe\)/)
  const wrong = skep(["run", "--attach", "usdt:/bin/sh:app:start=f", file])
  assert.match(wrong.stderr, /has no static probe app:start/)
  assert.match(skep(["run", "--attach", "usdt:/bin/sh:start", file]).stderr, /usdt:FILE:PROVIDER:NAME=FN/)
})
