import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { bpfDescriptors, needsKernel, needsMachine, traced } from "../../tests/support/kernel.ts"
import type { SkepError } from "../base/index.ts"
import { writeElf } from "../object/index.ts"
import { BPF } from "./index.ts"

const skip = needsMachine

/** Counts calls of umask() by this process alone: nothing else makes them here. */
const COUNT = `
BPF_HASH(calls, u32, u64);
TRACEPOINT_PROBE(syscalls, sys_enter_umask) {
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  if (pid == PID) calls.increment(pid);
  return 0;
}
`
const defines = { PID: process.pid }
const mask = process.umask()
/** One umask(), that changes nothing. */
const umask = (): number => process.umask(mask)

test("a program attaches itself, counts, and is gone at the end of the block", { skip: needsKernel }, async () => {
  const before = bpfDescriptors().length
  {
    using b = await BPF.load({ text: COUNT, defines })
    const calls = b.table<number, bigint>("calls")
    assert.equal(calls.get(process.pid), undefined)
    for (let i = 0; i < 3; i++) umask()
    assert.equal(calls.get(process.pid), 3n)
    assert.deepEqual([...calls], [[process.pid, 3n]])
    assert.deepEqual(
      [...b.links].map(l => l.method),
      ["tracepoint"],
    )
    b.detachAll()
    umask()
    assert.equal(calls.get(process.pid), 3n)
    assert.equal(b.links.size, 0)
  }
  assert.equal(bpfDescriptors().length, before)
})

test("programs are attached by hand to tracepoints, and detached one by one", { skip: needsKernel }, async () => {
  const text = `
    BPF_ARRAY(hits, u64, 2);
    static int mine(int slot) {
      if ((bpf_get_current_pid_tgid() >> 32) == PID) hits.increment(slot);
      return 0;
    }
    int first(void *ctx) { return mine(0); }
    int second(struct bpf_raw_tracepoint_args *ctx) { if (ctx->args[1] == 95) mine(1); return 0; }
  `
  using b = await BPF.load({ text, defines })
  const one = b.attachTracepoint({ event: "syscalls:sys_enter_umask", fn: "first" })
  using two = b.attachRawTracepoint({ event: "sys_enter", fn: "second" })
  umask()
  assert.deepEqual([...b.table("hits").values()], [1n, 1n])
  one.detach()
  assert.equal(one.attached, false)
  umask()
  assert.deepEqual([...b.table("hits").values()], [1n, 2n])
  assert.equal(two.attached, true)
})

test("output comes as lines", { skip: needsKernel }, async () => {
  const text = `
    TRACEPOINT_PROBE(syscalls, sys_enter_umask) {
      if ((bpf_get_current_pid_tgid() >> 32) == PID) bpf_trace_printk("mask %d\\n", args->mask);
      return 0;
    }
  `
  using b = await BPF.load({ text, defines })
  using lines = await traced({ pid: process.pid })
  umask()
  process.umask(0o33)
  umask()
  const messages: string[] = []
  for await (const line of lines) {
    assert.equal(line.pid, process.pid)
    assert.ok(line.timestamp > 0)
    messages.push(line.message)
    if (messages.length === 3) break
  }
  assert.deepEqual(messages, [`mask ${mask}`, "mask 27", `mask ${mask}`])
  assert.equal(b.programs.length, 1)
})

test("a program runs on a packet without being attached", { skip }, async () => {
  using b = await BPF.load({ text: "int f(struct __sk_buff *skb) { return skb->len + 1; }" })
  const program = b.program("f", { type: "socket_filter" })
  assert.equal(program.testRun({ data: new Uint8Array(64) }).retval, 51)
})

test("an object file is loaded as its text is", { skip: needsKernel }, async () => {
  const path = join(tmpdir(), `skep-bpf-${process.pid}.o`)
  {
    using b = await BPF.load({ text: COUNT, defines, autoAttach: false })
    assert.equal(b.links.size, 0)
    writeFileSync(path, writeElf(b.object))
  }
  using b = await BPF.load({ file: path })
  umask()
  assert.deepEqual([...b.table("calls")], [[process.pid, 1n]])
})

test("text can come from a file, with its own headers", { skip }, async () => {
  const folder = tmpdir()
  writeFileSync(join(folder, `skep-${process.pid}.h`), "#define ANSWER 42")
  const file = join(folder, `skep-${process.pid}.c`)
  writeFileSync(file, `#include "skep-${process.pid}.h"\nint f(struct __sk_buff *skb) { return ANSWER + EXTRA; }`)
  using b = await BPF.load({ file, cflags: ["-DEXTRA=1"] })
  assert.equal(b.program("f", { type: "socket_filter" }).testRun({ data: new Uint8Array(14) }).retval, 43)
})

/** Doing something with the counting program fails so. */
function fails(name: string, code: string, text: RegExp, act: (b: BPF) => unknown): void {
  test(name, { skip: code.startsWith("KERNEL") ? needsKernel : skip }, async () => {
    using b = await BPF.load({ text: `${COUNT}\nint other(void *ctx) { return 0; }`, defines, autoAttach: false })
    assert.throws(
      () => act(b),
      (error: SkepError) => {
        assert.equal(error.code, code)
        assert.match(`${error.message}\n${error.hint}`, text)
        return true
      },
    )
  })
}
// biome-ignore lint/suspicious/noExplicitAny: what JavaScript lets through.
const any = (value: unknown): any => value

fails("an unknown table", "BPF_NO_TABLE", /no table 'cals'; did you mean 'calls'\?\nits tables: calls/, b =>
  b.table("cals"),
)
fails("an unknown function", "BPF_NO_FUNCTION", /no function 'othr'; did you mean 'other'\?/, b =>
  b.attachKprobe({ event: "vfs_read", fn: "othr" }),
)
fails("a tracepoint without its category", "BPF_EVENT", /category and a name.*'sched_switch'\nfor example sched:/, b =>
  b.attachTracepoint({ event: any("sched_switch"), fn: "other" }),
)
fails("a tracepoint that is nothing", "BPF_EVENT", /and this is undefined/, b =>
  b.attachTracepoint({ event: any(undefined), fn: "other" }),
)
fails("a tracepoint that is not there", "KERNEL_NO_TRACEPOINT", /did you mean sched:sched_switch\?/, b =>
  b.attachTracepoint({ event: "sched:sched_swich", fn: "other" }),
)
fails("a raw tracepoint with a category", "BPF_EVENT", /a name without its category/, b =>
  b.attachRawTracepoint({ event: "sched:sched_switch", fn: "other" }),
)
fails("a kprobe on a file name", "BPF_EVENT", /the name of a kernel function/, b =>
  b.attachKprobe({ event: "a/b", fn: "other" }),
)
fails("a tracepoint's program as a kprobe", "MACHINE_OTHER_TYPE", /loaded as tracepoint/, b =>
  b.attachKprobe({ event: "vfs_read", fn: "tracepoint__syscalls__sys_enter_umask" }),
)
fails("a program whose type nobody says", "MACHINE_NO_TYPE", /what type of program other/, b => b.program("other"))
fails("a key of another type", "BTF_VALUE_TYPE", /u32|unsigned int/, b => b.table("calls").get("x"))
fails("a closed object", "BPF_CLOSED", /has been closed/, b => {
  b.close()
  b.table("calls")
})

/** Loading fails so. */
function unloadable(name: string, options: unknown, code: string, text: RegExp): void {
  test(name, async () => {
    await assert.rejects(BPF.load(any(options)), (error: SkepError) => {
      assert.equal(error.code, code)
      assert.match(`${error.message}\n${error.hint}`, text)
      return true
    })
  })
}
unloadable("no options", undefined, "BPF_OPTION", /takes an object/)
unloadable("nothing to load", {}, "BPF_OPTION", /one of text, file and object/)
unloadable("two things to load", { text: "", file: "x.c" }, "BPF_OPTION", /one of text, file and object/)
unloadable("text that is no string", { text: 1 }, "BPF_OPTION", /text is a string/)
unloadable("a file that is not there", { file: "no/such/file.c" }, "BPF_FILE", /no such file/)
unloadable("a flag that is none", { text: "", cflags: ["-march=x"] }, "BPF_OPTION", /-march=x/)
