import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { rmSync } from "node:fs"
import { test } from "node:test"
import { scratch } from "../../../tests/support/cli.ts"
import { needsGcc, TracedProgram } from "../../../tests/support/traced.ts"
import { BPF, StackTraceTable } from "../index.ts"

const skip = needsGcc

/** Takes the user's stack at a function of the traced program, and the address it returns to. */
const TAKE = `
BPF_STACK_TRACE(stacks, 64);
BPF_HASH(ids, u32, int);
int take(struct pt_regs *ctx) {
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  int id = stacks.get_stackid(ctx, BPF_F_USER_STACK);
  ids.update(&pid, &id);
  return 0;
}
`
const STEP = `
__attribute__((noipa)) int innermost(int n) { asm volatile(""); return n + 1; }
__attribute__((noipa)) int middle(int n) { int r = innermost(n) + 1; asm volatile(""); return r; }
__attribute__((noipa)) static int outer(int n) { int r = middle(n) + 1; asm volatile(""); return r; }
static char *step(const char *line) { static char text[32]; sprintf(text, "%d", outer(1)); return text; }
`
const FLAGS = ["-fno-omit-frame-pointer", "-fno-optimize-sibling-calls"]

test("a stack of a process is resolved, also when the process has ended", { skip }, async () => {
  using traced = new TracedProgram(STEP, FLAGS)
  const running = await traced.start()
  using b = await BPF.load({ text: TAKE })
  b.attachUprobe({ path: traced.path, symbol: "innermost", fn: "take" })
  await running.step()
  const stacks = b.table("stacks") as unknown as StackTraceTable
  assert.ok(stacks instanceof StackTraceTable)
  const id = b.table<number, number>("ids").get(running.pid) as number
  assert.ok(b.remember(running.pid))
  const { pid } = running
  await running.end()
  traced[Symbol.dispose]()
  const frames = stacks.resolve(id, { pid })
  // At its first instruction a function has no frame yet: the walk by frame pointers leaves its caller out.
  assert.deepEqual(
    frames.slice(0, 3).map(({ name }) => name),
    ["innermost", "outer", "main"],
  )
  assert.equal(frames[0].offset, 0)
  assert.ok(frames[1].offset > 0)
  assert.equal(stacks.lines(id, { pid, module: true, offset: true })[0], "innermost+0x0 [traced]")
  assert.equal(b.sym(frames[0].address, pid, { module: true }), "innermost [traced]")
  assert.deepEqual(stacks.resolve(-17, { pid }), [])
  assert.equal(stacks.lost, 1)
})

test("names of C++ are readable", { skip }, async () => {
  const text = `
    namespace bees { template <class T> struct Hive { __attribute__((noipa)) T fill(T n, const char *what) { asm volatile(""); return n; } }; }
    static char *step(const char *line) { static char text[32]; bees::Hive<int> hive; sprintf(text, "%d", hive.fill(3, line)); return text; }
  `
  using traced = new TracedProgram(text, FLAGS, "cxx", "g++")
  const running = await traced.start()
  using b = await BPF.load({ text: TAKE })
  b.attachUprobe({ path: traced.path, symbol: "bees::Hive<int>::fill", fn: "take" })
  await running.step()
  const stacks = b.table("stacks") as unknown as StackTraceTable
  const id = b.table<number, number>("ids").get(running.pid) as number
  const [address] = stacks.walk(id)
  assert.equal(b.sym(address, running.pid), "bees::Hive<int>::fill(int, char const*)")
  assert.equal(b.sym(address, running.pid, { demangle: false }), "_ZN4bees4HiveIiE4fillEiPKc")
})

test("a program that was built again under the same name has its new functions", { skip }, async () => {
  const build = (name: string): string => `
    __attribute__((noipa)) int ${name}(int n) { asm volatile(""); return n + 1; }
    static char *step(const char *line) { static char text[32]; sprintf(text, "%d", ${name}(1)); return text; }`
  using b = await BPF.load({ text: TAKE })
  const stacks = b.table("stacks") as unknown as StackTraceTable
  using traced = new TracedProgram(build("nectar"), FLAGS)
  for (const name of ["nectar", "pollen"]) {
    // Written in place: the file keeps its inode, as a new one often gets that of a deleted file.
    if (name === "pollen") traced.rebuild(build(name))
    const running = await traced.start()
    using _link = b.attachUprobe({ path: traced.path, symbol: name, fn: "take" })
    await running.step()
    const [address] = stacks.walk(b.table<number, number>("ids").get(running.pid) as number)
    assert.equal(b.sym(address, running.pid), name)
    await running.end()
  }
})

test("functions of JavaScript are found by Node's perf map", { skip }, async () => {
  const code = `
    function honeycomb(n) { let s = 0; for (let i = 0; i < n; i++) s += process.umask.length + Math.sqrt(i); return s }
    let i = 0
    const t = setInterval(() => { process.umask(); honeycomb(1000) }, 1)
    setTimeout(() => console.log("ready"), 300)
  `
  const child = spawn(process.execPath, ["--perf-basic-prof", "--interpreted-frames-native-stack", "-e", code], {
    // Node leaves a log of its own in the folder that it is started in.
    cwd: scratch(),
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  })
  try {
    await once(child.stdout, "data")
    const pid = child.pid as number
    const text = `
      BPF_STACK_TRACE(stacks, 1024);
      BPF_HASH(ids, int, u64);
      int take(void *ctx) {
        if (bpf_get_current_pid_tgid() >> 32 != PID) return 0;
        int id = stacks.get_stackid(ctx, BPF_F_USER_STACK);
        ids.increment(id);
        return 0;
      }
      TRACEPOINT_PROBE(syscalls, sys_enter_umask) { return take(args); }
    `.replace("int take", "static int take")
    using b = await BPF.load({ text, defines: { PID: pid } })
    const stacks = b.table("stacks") as unknown as StackTraceTable
    let lines: string[] = []
    for (let i = 0; i < 50 && !lines.some(line => /setInterval|Timeout|listOnTimeout/.test(line)); i++) {
      await new Promise(resolve => setTimeout(resolve, 100))
      lines = [...b.table<number, bigint>("ids").keys()].flatMap(id => stacks.lines(id, { pid, module: true }))
    }
    assert.ok(
      lines.some(line => /listOnTimeout.* \[perf-\d+\.map\]/.test(line)),
      lines.join("\n"),
    )
    assert.ok(
      lines.some(line => /\[node\]/.test(line)),
      lines.join("\n"),
    )
  } finally {
    child.kill("SIGKILL")
    rmSync(`/tmp/perf-${child.pid}.map`, { force: true })
  }
})

test("symbols of the kernel", { skip }, async () => {
  using b = await BPF.load({ text: "int f(void *ctx) { return 0; }" })
  const address = b.ksymName("vfs_read")
  assert.ok(address !== undefined)
  assert.equal(b.ksym(address), "vfs_read")
  assert.equal(b.ksym(address + 5n, { offset: true, module: true }), "vfs_read+0x5 [kernel]")
  assert.equal(b.sym(address, -1), "vfs_read")
  assert.equal(b.ksymName("no such symbol"), undefined)
  assert.equal(b.ksym(4096n), "[unknown]")
})

test("addresses of the vdso, of nothing, of no process", { skip }, async () => {
  using b = await BPF.load({ text: "int f(void *ctx) { return 0; }" })
  const { processMaps } = await import("../../symbols/index.ts")
  const vdso = processMaps("self").find(({ path }) => path === "[vdso]")
  assert.ok(vdso)
  const names = new Set<string>()
  for (let at = vdso.start; at < vdso.end; at += 16) names.add(b.sym(at, process.pid))
  assert.ok(
    [...names].some(name => /clock_gettime/.test(name)),
    [...names].join(" "),
  )
  assert.equal(b.sym(4096, process.pid), "[unknown]")
  assert.equal(b.sym(2n ** 63n, process.pid), "[unknown]")
  assert.equal(b.sym(4096, 2 ** 22 + 1), "[unknown]")
})
