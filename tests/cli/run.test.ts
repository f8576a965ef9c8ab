import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { resolve } from "node:path"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { CLANG_PRELUDE, clangObject, skipClang } from "../support/clang.ts"
import { fileWith, skep } from "../support/cli.ts"
import { needsRoot } from "../support/kernel.ts"

const skip = needsRoot

/** Sees the command line's own process alone: only it is called so, and it is told to end by a signal that this test sends. */
const OWN = `
struct key_t { u32 pid; char comm[16]; };
BPF_HASH(seen, struct key_t, u64);
BPF_ARRAY(total, u64, 4);
BPF_HISTOGRAM(sizes);
TRACEPOINT_PROBE(syscalls, sys_enter_kill) {
  struct key_t key = {};
  if ((bpf_get_current_pid_tgid() >> 32) != PARENT) return 0;
  key.pid = PARENT;
  bpf_get_current_comm(&key.comm, sizeof(key.comm));
  seen.increment(key);
  total.increment(2);
  sizes.increment(bpf_log2l(9));
  bpf_trace_printk("signal %d\\n", (int)args->sig);
  return 0;
}
`

interface Live {
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program, sends its process signal 0 three times once it is attached, and then `end`. */
function watched(args: readonly string[], end: NodeJS.Signals, text = OWN): Promise<Live> {
  return watchedFile([`-DPARENT=${process.pid}`, ...args], end, fileWith("own.c", text))
}

/** `until` is what its output has to have before it is ended. */
async function watchedFile(args: readonly string[], end: NodeJS.Signals, file: string, until = /(?:)/): Promise<Live> {
  const child = spawn(process.execPath, [resolve("dist/skep.js"), "run", ...args, file])
  let [stdout, stderr] = ["", ""]
  const attached = new Promise<void>((done, failed) => {
    child.stderr.on("data", data => {
      stderr += data
      if (stderr.includes("attached ")) done()
    })
    child.on("exit", () => failed(new Error(stderr)))
  })
  child.stdout.on("data", data => (stdout += data))
  await attached
  for (let i = 0; i < 3; i++) process.kill(child.pid!, 0)
  while (!until.test(stdout)) {
    await sleep(20)
    process.kill(child.pid!, 0)
  }
  child.kill(end)
  const [status, signal] = await once(child, "close")
  return { status, signal, stdout, stderr }
}

for (const end of ["SIGINT", "SIGTERM"] as const) {
  test(`run ends at ${end} and prints the tables`, { skip }, async () => {
    const { status, signal, stdout, stderr } = await watched(["--no-trace"], end)
    assert.deepEqual([status, signal], [0, null], stderr)
    assert.match(
      stderr,
      /^attached tracepoint__syscalls__sys_enter_kill: tracepoint syscalls:sys_enter_kill \(tracepoint\)$/m,
    )
    // The signal that ends it is counted, too.
    assert.match(stdout, new RegExp(`^seen \\(hash, 1 entry\\)\n +pid +comm +value\n +${process.pid} +\\S+ +4$`, "m"))
    assert.match(stdout, /^total \(array, 1 of 4 not zero\)\n {2}key {2}value\n +2 +4$/m)
    assert.match(stdout, /^sizes \(array\)\n.*distribution\n(.*\n)+ +8 -> 15 +: 4 +\|\*+\|$/m)
  })
}

test("--json gives one object a line", { skip }, async () => {
  const { status, stdout, stderr } = await watched(["--json", "--no-trace"], "SIGINT")
  assert.equal(status, 0, stderr)
  const objects = stdout
    .trim()
    .split("\n")
    .map(line => JSON.parse(line))
  const seen = objects.find(o => o.name === "seen")
  assert.equal(seen.type, "table")
  assert.equal(seen.entries[0].key.pid, process.pid)
  assert.equal(typeof seen.entries[0].key.comm, "string")
  assert.equal(seen.entries[0].value, 4)
})

test("--duration ends it", { skip }, () => {
  const file = fileWith("quiet.c", "BPF_HASH(t, u32, u64);\nint f(void *ctx) { return 0; }")
  const ran = skep(["run", "--attach", "raw_tracepoint:task_rename=f", "--duration", "0.2", file])
  assert.equal(ran.status, 0, ran.stderr)
  assert.equal(ran.stdout, "\nt (hash, 0 entries)\n")
})

test("--attach needs no function's name when there is one", { skip }, () => {
  const file = fileWith("single.c", "int f(void *ctx) { return 0; }")
  const ran = skep(["run", "--attach", "raw_tracepoint:task_rename", "--duration", "0.1", file])
  assert.equal(ran.status, 0, ran.stderr)
  assert.match(ran.stderr, /attached f: raw_tracepoint task_rename/)
})

test("--attach takes all tracepoints that match an expression", { skip }, () => {
  const file = fileWith("matching.c", "int f(void *ctx) { return 0; }")
  const ran = skep(["run", "--attach", "tracepoint:/syscalls:sys_.*_getpgid/=f", "--duration", "0.1", file])
  assert.equal(ran.status, 0, ran.stderr)
  assert.match(ran.stderr, /attached f: tracepoint_multi syscalls:sys_\.\*_getpgid \(2 tracepoints\)/)
})

test("a reader that goes away is no error", () => {
  const child = skep(["compile", "--emit=asm", "examples/hello_world.c"], { stdio: ["ignore", "pipe", "pipe"] })
  assert.equal(child.status, 0)
})

test("help, version and colours", () => {
  assert.match(skep(["--version"]).stdout, /^skep \d+\.\d+\.\d+\n$/)
  for (const command of ["demo", "run", "compile", "disasm", "doctor"]) {
    const { status, stdout } = skep(["help", command])
    assert.equal(status, 0)
    assert.equal(skep([command, "--help"]).stdout, stdout)
    assert.match(stdout, new RegExp(`^usage: skep ${command} `))
    assert.ok(!stdout.includes("\x1b"), "colours go to terminals only")
  }
})

test("doctor --json", () => {
  const { stdout } = skep(["doctor", "--json"])
  const findings = JSON.parse(stdout) as { what: string; ok: boolean; detail: string }[]
  assert.ok(findings.some(({ what }) => what === "kernel"))
})

test("run --events shows what is sent, decoded, and what was lost", { skip }, async () => {
  const text = `
    struct event { u32 pid; u32 number; char comm[16]; };
    BPF_RINGBUF_OUTPUT(events, 1);
    TRACEPOINT_PROBE(syscalls, sys_enter_kill) {
      struct event e = {};
      e.pid = bpf_get_current_pid_tgid() >> 32;
      if (e.pid != PARENT) return 0;
      bpf_get_current_comm(&e.comm, sizeof(e.comm));
      for (int i = 0; i < 200; i++) {
        e.number = i;
        events.ringbuf_output(&e, sizeof(e), BPF_RB_NO_WAKEUP);
      }
      return 0;
    }`
  const { status, stdout, stderr } = await watched(["--events", "--json"], "SIGINT", text)
  assert.equal(status, 0, stderr)
  const [first] = stdout
    .trim()
    .split("\n")
    .map(line => JSON.parse(line))
  assert.deepEqual(
    { ...first, value: { ...first.value, comm: "" } },
    { type: "event", name: "events", value: { pid: process.pid, number: 0, comm: "" } },
  )
  assert.match(stderr, /\d+ events of events were lost, \d+ came/)
})

test("an object of clang's runs, with variables set and its events typed", { skip: skip || skipClang }, async () => {
  const source = `${CLANG_PRELUDE}
    struct event { u32 pid; char text[8]; } unused;
    struct { __uint(type, 4); __uint(key_size, 4); __uint(value_size, 4); } events SEC(".maps");
    struct { __uint(type, 2); __uint(max_entries, 1); __type(key, u32); __type(value, u64); } total SEC(".maps");
    const volatile u32 parent = 0; char text[8];
    SEC("tp/syscalls/sys_enter_kill") int killed(u64 *ctx) {
      struct event event = { .pid = ((u64 (*)(void))14)() >> 32 };
      u32 zero = 0; u64 *count = bpf_map_lookup_elem(&total, &zero);
      if (ctx[2] != parent && event.pid != parent) return 0;
      if (!count || event.pid != parent) return 0;
      *count += 1;
      *(u64 *)event.text = *(u64 *)text;
      return ((long (*)(void *, void *, u64, void *, u64))25)(ctx, &events, 0xffffffffULL, &event, sizeof(event));
    }
    char licence[] SEC("license") = "GPL";`
  const file = fileWith("clang.o", clangObject(source, "a", ["-mcpu=v3", "-w"]))
  const options = ["--events", "--event-type", "events=event", "--set", `parent=${process.pid}`, "--set", "text=bees"]
  const { status, stdout, stderr } = await watchedFile(["--no-trace", ...options], "SIGINT", file, /^events:/m)
  assert.equal(status, 0, stderr)
  assert.match(stdout, new RegExp(`^events: {pid: ${process.pid}, text: bees}$`, "m"))
  assert.match(stdout, /^total \(array, 1 of 1 not zero\)\n {2}key {2}value\n +0 +\d+$/m)
})
