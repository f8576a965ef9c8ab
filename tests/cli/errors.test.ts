import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { fileWith, type Ran, scratch, skep } from "../support/cli.ts"
import { needsRoot } from "../support/kernel.ts"

/** The command failed, in an orderly way: status, and what it said. */
function failed(ran: Ran, status: number, ...patterns: RegExp[]): void {
  assert.equal(ran.signal, null)
  for (const pattern of patterns) assert.match(ran.stderr, pattern)
  assert.doesNotMatch(ran.stderr, /^\s+at .*:\d+:\d+\)?$/m, "a stack trace")
  assert.equal(ran.status, status, ran.stderr)
}

/** A program with a mistake: compiling it shows these lines, the first of them first. */
function refused(name: string, text: string, ...lines: (string | RegExp)[]): void {
  test(name, () => {
    fileWith("bad.c", text)
    const ran = skep(["compile", "--emit=asm", "bad.c"], { cwd: scratch() })
    failed(ran, 1)
    const shown = ran.stderr.trimEnd().split("\n")
    for (const [i, line] of lines.entries()) {
      if (typeof line === "string") assert.equal(shown[i], line, ran.stderr)
      else assert.match(shown[i] ?? "", line, ran.stderr)
    }
  })
}

refused(
  "unknown include",
  '#include "nowhere.h"\nint f(void *ctx) { return 0; }',
  "bad.c:1:10: error: 'nowhere.h' file not found [C_INCLUDE_NOT_FOUND]",
  '#include "nowhere.h"',
  "         ^~~~~~~~~~~",
  /^hint: .*-I/,
)
refused(
  "syntax error",
  "int f(void *ctx) {\n  return 1 +;\n}",
  /^bad\.c:2:13: error: .* \[C_\w+\]$/,
  "  return 1 +;",
  "            ^",
)
refused(
  "type error",
  "struct s { int a; };\nint f(void *ctx) {\n  struct s x = {};\n  return x * 2;\n}",
  /^bad\.c:4:\d+: error: .* \[C_\w+\]$/,
  "  return x * 2;",
  /^ +[~^ ]+$/,
)
refused(
  "undeclared name",
  "int f(void *ctx) {\n  int count = 0;\n  return coutn;\n}",
  /^bad\.c:3:10: error: .*'coutn'.*did you mean 'count'\?/,
  "  return coutn;",
  "         ^~~~~",
)
refused(
  "unknown map method",
  "BPF_HASH(stats, u32, u64);\nint f(void *ctx) {\n  u32 k = 1;\n  stats.lokup(&k);\n  return 0;\n}",
  /^bad\.c:4:9: error: .*lokup.*/,
  "  stats.lokup(&k);",
  /^ +\^~+/,
)
test("unknown map method: did you mean", () => {
  fileWith("bad.c", "BPF_HASH(stats, u32, u64);\nint f(void *ctx) { u32 k = 1; stats.lokup(&k); return 0; }")
  failed(skep(["compile", "--emit=asm", "bad.c"], { cwd: scratch() }), 1, /did you mean '?lookup/)
})
refused(
  "more than 512 bytes of stack",
  "BPF_HASH(t, u32, u64);\nint f(void *ctx) {\n  char large[600] = {};\n  t.update((u32 *)large, (u64 *)(large + 592));\n  return 0;\n}",
  /error: .*stack.* \[CODEGEN_STACK\]$/,
)
test("more than 512 bytes of stack: the biggest local is named", () => {
  fileWith(
    "bad.c",
    "BPF_HASH(t, u32, u64);\nint f(void *ctx) { char large[600] = {}; t.update((u32 *)large, (u64 *)(large + 592)); return 0; }",
  )
  failed(skep(["compile", "--emit=asm", "bad.c"], { cwd: scratch() }), 1, /large/, /512/)
})
refused("a text of all kinds of bytes", "\u0000\u0001 \ufffd } ) ] #include", /error: /)
refused("twenty errors and more", "x;\n".repeat(100), /^bad\.c:1:1: error: /)

const NO_TRACEPOINT = "TRACEPOINT_PROBE(sched, sched_swich) { return args->prev_pid; }"

test("a tracepoint that is not there", { skip: needsRoot }, () => {
  const ran = skep(["compile", "--emit=asm", fileWith("bad.c", NO_TRACEPOINT)])
  failed(ran, 1, /bad\.c:1:1: error: there is no tracepoint sched:sched_swich.* \[BCC_NO_TRACEPOINT\]\n/)
  assert.match(ran.stderr, /\nhint: did you mean sched:sched_switch\?\n/)
})
test("a tracepoint that this user may not look at", { skip: needsRoot }, () => {
  const path = join("/tmp", `skep-tracepoint-${process.pid}.c`)
  writeFileSync(path, NO_TRACEPOINT.replace("swich", "switch"), { mode: 0o644 })
  const ran = skep(["compile", "--emit=asm", path], { uid: 65534, gid: 65534 })
  failed(
    ran,
    1,
    /\[BCC_NO_TRACEPOINT\]\n/,
    /\nhint: only root may look at the kernel's tracepoints: run it with sudo; skep doctor says how to open them to others\n/,
  )
})

/** A command line that is wrong: what is said, and the way to the help. */
function usage(args: string[], message: RegExp): void {
  test(`skep ${args.join(" ")}`, () => failed(skep(args), 2, message))
}
usage([], /^skep: write BPF programs/)
usage(["rnu", "x.c"], /^skep: unknown command 'rnu'; did you mean 'run'\?\ntry: skep help\n$/)
usage(["--vresion"], /^skep: unknown option '--vresion'; did you mean '--version'\?/)
usage(["help", "comple"], /^skep: unknown command 'comple'; did you mean 'compile'\?/)
usage(["run"], /^skep run: it needs FILE\.c\|FILE\.o\ntry: skep run --help\n$/)
usage(["run", "a.c", "b.c"], /^skep run: too many arguments: 'b\.c'/)
usage(["run", "--atach", "x", "a.c"], /unknown option '--atach'; did you mean '--attach'\?/)
usage(["run", "--attach"], /option --attach needs a value: KIND:PLACE=FN/)
usage(["run", "--attach", "kprobe", "a.c"], /--attach cannot be 'kprobe'\nhint: it is KIND:PLACE=FN/)
usage(
  ["run", "--attach", "kprob:x=f", "a.c"],
  /no kind of place 'kprob'; did you mean 'kprobe'\?\nhint: it is one of kprobe,/,
)
usage(["run", "--attach", "struct_ops:mine=f", "a.c"], /'struct_ops:mine=f': struct_ops takes no function/)
usage(
  ["run", "--attach", "usdt:/bin/app=f", "a.c"],
  /'usdt:\/bin\/app' is not complete\nhint: it is usdt:FILE:PROVIDER:NAME=FN/,
)
usage(["run", "--no-trace=1", "a.c"], /option --no-trace takes no value/)
usage(["run", "--duration", "soon", "a.c"], /--duration is a number of seconds, not 'soon'/)
usage(["compile", "--emit=ams", "a.c"], /--emit cannot be 'ams'; did you mean 'asm'\?\nhint: it is one of obj, asm/)
usage(["compile", "--dump=mem2rg", "a.c"], /there is no pass 'mem2rg'; did you mean 'mem2reg'\?/)
usage(["demo", "--duration=x"], /--duration is a number of seconds/)

test("a file that is not there", () => {
  failed(skep(["compile", "none.c"]), 1, /^error: cannot read none\.c: there is no such file \[BPF_FILE\]\nhint: /)
})
test("a folder", () => failed(skep(["run", "examples"]), 1, /cannot read examples: it is a folder/))
test("an object that is none", () => {
  failed(skep(["disasm", fileWith("text.o", "no object")]), 1, /^error: .*\[OBJECT_\w+\]/)
})
test("an output that cannot be written", () => {
  const ran = skep(["compile", "-o", join(scratch(), "no/such/folder.o"), "examples/hello_world.c"])
  failed(ran, 1, /^error: cannot write .*folder\.o.*\[CLI_OUTPUT\]/)
})

const skip = needsRoot

test("nothing says where to attach", { skip }, () => {
  failed(
    skep(["run", "examples/hello_world.c"]),
    1,
    /\[CLI_NOTHING_ATTACHED\]\nhint: say it: --attach kprobe:FUNCTION=hello/,
  )
})

test("unknown function of the program", { skip }, () => {
  const ran = skep(["run", "--attach", "kprobe:vfs_read=helo", "examples/hello_world.c"])
  failed(ran, 1, /^error: the program has no function 'helo'; did you mean 'hello'\? \[BPF_NO_FUNCTION\]/)
})

test("unknown tracepoint", { skip }, () => {
  const ran = skep(["run", "--attach", "tracepoint:sched:sched_swich=hello", "examples/hello_world.c"])
  failed(ran, 1, /no tracepoint sched:sched_swich \[KERNEL_NO_TRACEPOINT\]\nhint: did you mean sched:sched_switch\?/)
})

test("a counter without its period", { skip }, () => {
  const ran = skep(["run", "--attach", "perf_event:cpu-clock=hello", "examples/hello_world.c"])
  failed(ran, 2, /--attach 'perf_event:cpu-clock' does not say how often\nhint: it is perf_event:cpu-clock@99=FN/)
})

const REFUSED = `BPF_HASH(t, u32, u64);
int f(void *ctx) {
  u32 key = 1;
  u64 zero = 0;
  t.update(&key, &zero);
  u64 *value = t.lookup(&key);
  *value = 1;
  return 0;
}
`

test("verifier refusal: one line, then the end of the log, or with -v all of it", { skip }, () => {
  const path = fileWith("refused.c", REFUSED)
  const args = ["run", "--attach", "raw_tracepoint:sys_enter=f", path]
  const short = skep(args)
  failed(
    short,
    1,
    /^error: the kernel's verifier refused program f: .*refused\.c:7: \*value = 1;\) \[KERNEL_VERIFIER\]\n/,
  )
  assert.match(short.stderr, /\nhint: test the pointer before using it/)
  assert.match(short.stderr, /\nthe end of the verifier's log \(all \d+ lines with -v\):\n/)
  const long = skep([...args, "-v"])
  failed(long, 1, /\nthe verifier's log:\n/)
  assert.ok(long.stderr.length > short.stderr.length)
})

/** Runs as a user without any capability. */
const nobody = { uid: 65534, gid: 65534 }

/** A program that this user may read. */
function readable(text: string): string {
  const path = join("/tmp", `skep-nobody-${process.pid}.c`)
  writeFileSync(path, text, { mode: 0o644 })
  return path
}
const EMPTY = "int f(void *ctx) { return 0; }"
const SIMULATED =
  /^simulated: nothing here is of this computer; .* \(bpf\(2\) is not permitted: this process lacks CAP_BPF; sudo, or --on kernel, for the real kernel\)$/gm

/** What runs on the simulated kernel, and says so in one line. */
function standsIn(...args: string[]): void {
  test(`no permission: run ${args.join(" ")}: simulated`, { skip }, () => {
    const ran = skep(["run", ...args, "--duration", "0.05", readable(EMPTY)], nobody)
    assert.equal(ran.status, 0, ran.stderr)
    assert.equal(ran.stderr.match(SIMULATED)?.length, 1, ran.stderr)
    assert.match(ran.stderr, /^attached f: \S+ .*\(simulated\)$/m)
  })
}
standsIn("--attach", "kprobe:vfs_read=f")
standsIn("--attach", "tracepoint:sched:sched_switch=f")
standsIn("--attach", "raw_tracepoint:sched_switch=f")
standsIn("--attach", "fentry:vfs_read=f")

/** What only a real kernel can be asked. */
function staysRefused(text: string, ...args: string[]): void {
  test(`no permission: run ${args.join(" ")}: refused`, { skip }, () => {
    const ran = skep(["run", ...args, "--duration", "0.05", readable(text)], nobody)
    failed(
      ran,
      1,
      /^error: .*not permitted: this process lacks CAP_BPF.*; run it with sudo.*\[KERNEL_NO_PERMISSION\]\n/m,
    )
    assert.equal(ran.stdout, "")
    assert.doesNotMatch(ran.stderr, /^(simulated|attached)/m)
  })
}
staysRefused(EMPTY, "--on", "kernel", "--attach", "raw_tracepoint:sys_enter=f")
staysRefused(EMPTY, "--attach", "kprobe:no_such_function=f")
staysRefused(EMPTY, "--attach", "uprobe:c:getpid=f")
staysRefused(EMPTY, "--attach", "perf_event:cpu-clock@99=f")
staysRefused("int f(struct xdp_md *ctx) { return XDP_PASS; }", "--attach", "xdp:lo=f")
staysRefused("int f(struct __sk_buff *skb) { return 0; }", "--attach", "tc:lo=f")
staysRefused("int f(struct __sk_buff *skb) { return 0; }", "--attach", "socket:lo=f")
staysRefused(
  `BPF_TABLE_PINNED("hash", u32, u64, t, 8, "/sys/fs/bpf/skep-nobody");\n${EMPTY}`,
  "--attach",
  "kprobe:vfs_read=f",
)
staysRefused("BPF_ITER(bpf_map) { return 0; }", "--attach", "iter:bpf_map")

test("no permission: --on vm says nothing of rights", { skip }, () => {
  const ran = skep(
    ["run", "--on", "vm", "--attach", "kprobe:vfs_read=f", "--duration", "0.05", readable(EMPTY)],
    nobody,
  )
  assert.equal(ran.status, 0, ran.stderr)
  assert.doesNotMatch(ran.stderr, /permitted|sudo/)
})
test("no permission: SKEP_MACHINE=kernel insists", { skip }, () => {
  const env = { ...process.env, SKEP_MACHINE: "kernel" }
  const ran = skep(["run", "--attach", "kprobe:vfs_read=f", readable(EMPTY)], { ...nobody, env })
  failed(ran, 1, /\[KERNEL_NO_PERMISSION\]\n/)
})
test("no permission: record needs the kernel", { skip }, () => {
  const ran = skep(["record", "--attach", "kprobe:vfs_read=f", readable(EMPTY)], nobody)
  failed(ran, 1, /\[KERNEL_NO_PERMISSION\]\n/)
})
test("with rights nothing is simulated", { skip }, () => {
  const ran = skep(["run", "--attach", "raw_tracepoint:task_rename=f", "--duration", "0.05", readable(EMPTY)])
  assert.equal(ran.status, 0, ran.stderr)
  assert.doesNotMatch(ran.stderr, /simulated/)
})
test("no permission: demo says so, and runs on the simulated kernel", { skip }, () => {
  const ran = skep(["demo", "--duration", "1"], nobody)
  assert.equal(ran.status, 0, ran.stderr)
  assert.equal(ran.stderr.match(SIMULATED)?.length, 1, ran.stderr)
  assert.match(ran.stdout, /^bash-\d+ \[00\d\] .*: Hello, World!$/m)
  assert.match(ran.stdout, /^task_switch\[ +\d+-> *\d+\]=\d+$/m)
})
test("no permission: demo in the kernel says it in one line", { skip }, () => {
  const ran = skep(["demo", "--on", "kernel"], nobody)
  failed(ran, 1, /^error: .*lacks CAP_.*; run it with sudo.*\[KERNEL_NO_PERMISSION\]\n$/)
})
test("no permission: doctor", { skip }, () => {
  const ran = skep(["doctor"], nobody)
  assert.equal(ran.status, 1, ran.stderr)
  assert.match(ran.stdout, /✖ CAP_BPF +missing/)
  assert.match(ran.stdout, /→ run with sudo/)
})
test("no permission: compile needs none", () => {
  const ran = skep(["compile", "--emit=asm", "examples/hello_world.c"], needsRoot ? {} : nobody)
  assert.equal(ran.status, 0, ran.stderr)
})
