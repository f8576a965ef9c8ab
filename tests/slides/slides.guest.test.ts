import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { BPF } from "../../src/index.ts"

// The two programs of the 2015 slides, word for word, on real kprobes.

const hello = `
int hello(void *ctx) {
    bpf_trace_printk("Hello, World!\\n");
    return 0;
};
`

test("hello says hello at each clone()", async () => {
  using b = await BPF.load({ text: hello })
  const link = b.attachKprobe({ event: b.syscallName("clone"), fn: "hello" })
  assert.equal(link.method, "perf kprobe")
  using lines = b.trace()
  const shell = spawn("/bin/sh", ["-c", "(:); (:)"])
  const messages: string[] = []
  for await (const e of lines) {
    if (e.pid !== shell.pid) continue
    // The kernel looks the name up when the line is read, among those it noted when tasks were switched: it may be that of before exec.
    assert.match(e.task, /^(sh|node)$/)
    assert.ok(e.timestamp > 0 && e.cpu >= 0)
    messages.push(e.message)
    if (messages.length === 2) break
  }
  assert.deepEqual(messages, ["Hello, World!", "Hello, World!"])
})

test("task_switch counts who hands the CPU to whom", async () => {
  using b = await BPF.load({ text: readFileSync("examples/task_switch.c", "utf8") })
  const link = b.attachKprobe({ event: "finish_task_switch", fn: "count_sched" })
  for (let i = 0; i < 20; i++) await sleep(10)
  const stats = b.table<{ prev_pid: number; curr_pid: number }, bigint>("stats")
  const own = [...stats].filter(([key]) => key.curr_pid === process.pid)
  const switches = own.reduce((sum, [, count]) => sum + count, 0n)
  assert.ok(switches >= 10n, `${switches} switches to this process`)
  link.detach()
  assert.equal(b.links.size, 0)
})

test("the same by a function's name alone, and its return", async () => {
  const text = `
    BPF_ARRAY(calls, u64, 2);
    int kprobe__sys_umask(struct pt_regs *ctx, int mask) {
      if ((bpf_get_current_pid_tgid() >> 32) == PID && mask == 0123) calls.increment(0);
      return 0;
    }
    int kretprobe__sys_umask(struct pt_regs *ctx) {
      if ((bpf_get_current_pid_tgid() >> 32) == PID && PT_REGS_RC(ctx) == 0123) calls.increment(1);
      return 0;
    }
  `
  using b = await BPF.load({ text, defines: { PID: process.pid } })
  assert.deepEqual(
    [...b.links].map(({ target }) => target.kind),
    ["kprobe", "kretprobe"],
  )
  const mask = process.umask(0o123)
  process.umask(mask)
  assert.deepEqual([...b.table("calls").values()], [1n, 1n])
})

test("an unknown function: did you mean", async () => {
  using b = await BPF.load({ text: hello })
  assert.throws(() => b.attachKprobe({ event: "finsh_task_switch", fn: "hello" }), {
    code: "SYMBOLS_UNKNOWN",
    hint: /did you mean finish_task_switch\?/,
  })
})

/** The command line, run to its end. */
function skep(...args: string[]) {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  return spawnSync(process.execPath, ["dist/skep.js", ...args], { encoding: "utf8", env, timeout: 60_000 })
}

test("skep demo prints the lines of the slides", () => {
  const { status, stdout, stderr } = skep("demo", "--duration", "1")
  assert.equal(status, 0, stderr)
  assert.match(stderr, /^attached hello: kprobe __x64_sys_clone \(perf kprobe\)$/m)
  assert.match(stdout, /^sh-\d+ \[\d{3}\] \S+ \d+\.\d{6}: Hello, World!$/m)
  assert.match(stdout, /^task_switch\[ *\d+-> *\d+\]=\d+$/m)
})

test("skep run --attach counts, and prints the table", () => {
  const args = ["--attach", "kprobe:finish_task_switch=count_sched", "--duration", "0.5", "examples/task_switch.c"]
  const { status, stdout, stderr } = skep("run", ...args)
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^stats \(hash, \d+ entries\)\n +prev_pid +curr_pid +value\n( +\d+ +\d+ +\d+\n)+/m)
})

test("skep run shows what a program prints, and ends when nobody reads it any more", () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const run = `"${process.execPath}" dist/skep.js run --attach kprobe:syscall:clone examples/hello_world.c`
  const script = `(while sleep 0.2; do (:); done) & ${run} | head -n 2; kill $!`
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", script], { encoding: "utf8", env, timeout: 60_000 })
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^(\S+-\d+ \[\d{3}\] \S+ \d+\.\d{6}: Hello, World!\n){2}$/)
  assert.match(stderr, /^attached hello: kprobe __x64_sys_clone \(perf kprobe\)\n$/)
})

test("skep run on an unknown function", () => {
  const { status, stderr } = skep("run", "--attach", "kprobe:finsh_task_switch=hello", "examples/hello_world.c")
  assert.equal(status, 1)
  assert.match(
    stderr,
    /^error: .*no function finsh_task_switch \[SYMBOLS_UNKNOWN\]\nhint: did you mean finish_task_switch/,
  )
})
