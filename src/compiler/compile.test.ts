import assert from "node:assert/strict"
import { test } from "node:test"
import { Btf, BtfBuilder } from "../btf/index.ts"
import { disassembleObject, writeElf } from "../object/index.ts"
import { Compilation, type CompileOptions, compile, dumpNames, type Target } from "./index.ts"

/** A kernel that has one type: `struct task_struct`, with `pid` at byte 8. */
function tinyBtf(): Btf {
  const builder = new BtfBuilder()
  const int = builder.add({
    kind: "int",
    name: "int",
    size: 4,
    bits: 32,
    bitOffset: 0,
    signed: true,
    char: false,
    bool: false,
  })
  const members = [{ name: "pid", type: int, bitOffset: 64, bitSize: 0 }]
  builder.add({ kind: "struct", name: "task_struct", size: 16, members })
  return Btf.parse(builder.encode())
}

const target: Target = {
  arch: "x86_64",
  kernelVersion: (6 << 16) | (1 << 8),
  cpus: 4,
  pageSize: 4096,
  btf: tinyBtf(),
  readTracepointFormat: (category, event) =>
    category === "sched" && event === "hop"
      ? "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n\tfield:int pid;\toffset:8;\tsize:4;\tsigned:1;\n"
      : undefined,
}

const options = (text: string, more: Partial<CompileOptions> = {}): CompileOptions => ({
  name: "test.c",
  text,
  target,
  cpu: 3,
  check: true,
  ...more,
})

const COUNT = `
BPF_HASH(stats, u32, u64);
int count(struct pt_regs *ctx, struct task_struct *prev) {
  u32 pid = prev->pid;
  stats.increment(pid);
  return 0;
}
`

test("the same text and types give the same bytes", () => {
  const make = () => writeElf(compile(options(COUNT)).object)
  assert.deepEqual(make(), make())
})

test("types of the kernel come from its BTF", () => {
  const text = disassembleObject(compile(options(COUNT)).object)
  assert.match(text, /r3 \+= 8\n/)
  assert.match(text, /call bpf_probe_read/)
})

test("records of tracepoints come from their format", () => {
  const text = "TRACEPOINT_PROBE(sched, hop) { return args->pid; }"
  const { object } = compile(options(text))
  assert.deepEqual(object.programs[0].attach, { kind: "tracepoint", category: "sched", event: "hop" })
  assert.match(disassembleObject(object), /\(r1 \+8\)/)
})

test("stages run when they are asked for, and no further", () => {
  const shown: string[] = []
  const dump = dumpNames()
  const compilation = new Compilation(options(COUNT, { dump, onDump: stage => shown.push(stage.split(" ")[0]) }))
  assert.deepEqual(shown, [])
  assert.ok(compilation.ast.decls.length > 0)
  assert.deepEqual(shown, ["tokens", "ast", "rewrite"])
  assert.equal(compilation.object, compilation.object)
  assert.deepEqual([...new Set(shown)].sort(), [...dump].sort())
})

test("only what was asked for is shown", () => {
  const shown: [string, string][] = []
  compile(options(COUNT, { dump: ["gvn"], onDump: (stage, text) => shown.push([stage, text]) }))
  assert.ok(shown.length > 0)
  assert.ok(shown.every(([stage, text]) => stage === "gvn" && text.startsWith('module "test.c"')))
})

test("histograms are known by their macro", () => {
  const text = (body: string) => `BPF_HISTOGRAM(h);\nBPF_ARRAY(a, u64, 4);\nint f(void *ctx) { ${body} return 0; }`
  assert.deepEqual([...compile(options(text("h.increment(bpf_log2l(7));"))).histograms], [["h", "log2"]])
  assert.deepEqual([...compile(options(text("h.increment(3);"))).histograms], [["h", "linear"]])
})

test("warnings come with their place", () => {
  const { warnings } = compile(options("int f(void *ctx) { int *p = 5; return p == 0; }"))
  assert.match(warnings.join("\n"), /^test\.c:1:\d+: warning: /)
})

/** Compiling the text throws this code. */
function throws(text: string, code: string): void {
  test(`${code}: ${text}`, () => assert.throws(() => compile(options(text)), { code, name: "SkepError" }))
}
throws("#include <nowhere.h>", "C_INCLUDE_NOT_FOUND")
throws("int f(void *ctx) { return x; }", "C_UNDECLARED")
throws("int f(void *ctx) { return f(ctx); }", "IR_RECURSION")
throws("int f(void *ctx) { double d = 1; return d; }", "C_FLOAT")

test("what is declared and not called once the code is small leaves neither a symbol nor a declaration that the kernel refuses", () => {
  const text = `extern void too_big(void); extern int taken(int n); extern void missing(void) __attribute__((section(".ksyms")));
    static int checked(int n) { if (n > 5) too_big(); if (n > 6) missing(); return n; }
    __attribute__((section("xdp"))) int f(void *ctx) { return taken(checked(3)); }`
  const { object } = compile(options(text, { dialect: "libbpf" }))
  assert.deepEqual(
    object.externs?.map(e => e.name),
    ["taken"],
  )
  const btf = Btf.parse(object.btf)
  const kinds = ["taken", "too_big", "missing"].map(name =>
    (["func", "typedef"] as const).filter(k => btf.find(name, k)),
  )
  assert.deepEqual(kinds, [["func"], ["typedef"], ["typedef"]])
})
