import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { enter, needsRoot } from "../../tests/support/kernel.ts"
import { BPF, disassembleInsns, PerfEventArray } from "./index.ts"

const skip = needsRoot

const text = `
struct key_t { u32 pid; char comm[16]; u32 flag : 1; };
BPF_HASH(counts, struct key_t, u64, 100);
BPF_ARRAY(hits, u64, 4);
BPF_PERF_ARRAY(clock, 1024);
int traced(void *ctx) {
  if (bpf_get_current_pid_tgid() >> 32 != ${process.pid}) return 0;
  hits.atomic_increment(0);
  return 0;
}
int other(void *ctx) { return 0; }
int reads(void *ctx) {
  if (bpf_get_current_pid_tgid() >> 32 != ${process.pid}) return 0;
  int index = 1;
  u64 *hit = hits.lookup(&index);
  if (hit) *hit = clock.perf_read(CUR_CPU_IDENTIFIER);
  bpf_trace_printk("read %d\\n", 42);
  return 0;
}
`
const place = { kind: "tracepoint", category: "syscalls", event: "sys_enter_getpgid" } as const

test("the code of a function as the kernel has it", { skip }, async () => {
  using b = await BPF.load({ text })
  b.attachTracepoint({ event: "syscalls:sys_enter_getpgid", fn: "traced" })
  const code = b.dumpFunc("traced")
  assert.ok(code.length > 0 && code.length % 8 === 0)
  const lines = b.disassembleFunc("traced")
  assert.equal(lines, disassembleInsns(code))
  assert.match(lines, /call bpf_get_current_pid_tgid/)
  assert.match(lines, /exit\n$/)
  assert.ok(b.dumpFunc("traced", "jited").length > 0)
  if (process.arch === "x64") {
    const native = b.disassembleFunc("traced", "jited")
    assert.match(native, /^traced at 0x[0-9a-f]{16}:\n {5}0: /)
    assert.match(native, /call 0x[0-9a-f]{16} <[\w.]+/)
    assert.match(native, /: (ret|jmp .*thunk.*)\n/)
    assert.doesNotMatch(native, /\(bad\)/)
  }
  assert.throws(() => b.dumpFunc("no"), { code: "BPF_NO_FUNCTION" })
})

test("the layout of a table", { skip }, async () => {
  using b = await BPF.load({ text })
  assert.equal(
    b.decodeTable("counts", { sizes: true }),
    `hash counts: 100 entries
  struct key_t {
    u32 pid;   // 0, 4 bytes
    char comm[16];   // 4, 16 bytes
    u32 flag : 1;   // bit 160, 1 bit
  } key;   // 24 bytes
  u64 value;   // 8 bytes
`,
  )
  assert.equal(b.decodeTable("hits"), "array hits: 4 entries\n  int key;\n  u64 value;\n")
})

test("attachments end by their place, their kind, or their function", { skip }, async () => {
  using b = await BPF.load({ text })
  const all = (): number => {
    b.attach("traced", place)
    b.attach("other", { ...place, event: "sys_exit_getpgid" })
    return b.links.size
  }
  assert.equal(all(), 2)
  assert.equal(b.detach({ event: "syscalls:sys_enter_getpgid" }), 1)
  assert.deepEqual(
    [...b.links].map(link => link.program.name),
    ["other"],
  )
  assert.equal(b.detach({ kind: "kprobe" }), 0)
  assert.equal(b.detach({ kind: "tracepoint", fn: "traced" }), 0)
  assert.equal(b.detach({ kind: "tracepoint" }), 1)
  assert.equal(all(), 2)
  assert.equal(b.detach({ fn: "traced" }), 1)
  assert.equal(b.detach({}), 1)
})

test("a program reads a counter of perf, and prints", { skip }, async () => {
  using b = await BPF.load({ text })
  const cpus = b.table("clock", PerfEventArray).open("cpu-clock")
  assert.ok(cpus.length > 0)
  b.attach("reads", place)
  const stop = new AbortController()
  const lines: string[] = []
  const printed = b.tracePrint({
    pid: process.pid,
    format: ({ pid, message }) => `${pid} ${message}`,
    write: line => {
      lines.push(line)
      stop.abort()
    },
    signal: stop.signal,
  })
  for (let tries = 0; lines.length === 0 && tries < 100; tries++) {
    enter(1)
    await sleep(10)
  }
  await printed
  assert.equal(lines[0], `${process.pid} read 42\n`)
  // Below 0 as a number of 64 bits it would be an error.
  const read = b.table<number, bigint>("hits").get(1) as bigint
  assert.ok(read > 0n && read < 1n << 62n, String(read))
  assert.throws(() => b.table("clock", PerfEventArray).open("bees"), { code: "KERNEL_NO_PERF_EVENT" })
})
