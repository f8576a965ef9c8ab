import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import { test } from "node:test"
import { needsRoot, kernel as testKernel } from "../../../tests/support/kernel.ts"
import { Btf } from "../../btf/index.ts"
import { type CompileOptions, compile } from "../../compiler/index.ts"
import { type BpfObject, disassembleFunction, relocateCore } from "../../object/index.ts"

const ARCH = { arch: "x86_64", kernelVersion: (6 << 16) | (1 << 8), cpus: 1, pageSize: 4096 } as const

/** A kernel whose types are those of a text. */
function kernel(text: string): Btf {
  const types = `${text}\nstruct task_struct one;\nint f(void *ctx) { return one.pid; }`
  return Btf.parse(compile({ name: "kernel.c", text: types, target: ARCH, cpu: 3 }).object.btf)
}

const MEMBERS = "struct inner { int x; int y; }; struct files { int count; };"
const compiledOn = kernel(`${MEMBERS}
struct task_struct { int flags; int pid; struct inner in; unsigned a : 3, b : 5; char comm[16]; struct files *files; };`)
const runsOn = kernel(`${MEMBERS}
struct task_struct { long added[8]; char comm[16]; struct files *files; struct inner in; int pid; int flags; unsigned a : 3, b : 5; };`)

function object(body: string, options: Partial<CompileOptions> = {}): BpfObject {
  const text = `int f(struct pt_regs *ctx, struct task_struct *t) { ${body} }`
  return compile({
    name: "t.c",
    text,
    target: { ...ARCH, btf: compiledOn },
    cpu: 3,
    check: true,
    core: true,
    ...options,
  }).object
}

const code = ({ programs }: BpfObject): string => disassembleFunction(programs[0], { syntax: "llvm", slots: false })

/** One case: what is left of the code's numbers after it is loaded by another kernel, in the order of the code. */
function found(body: string, before: readonly number[], after: readonly number[]): void {
  test(`${body} is found where the kernel has it`, () => {
    const made = object(body)
    const offsets = (text: string): number[] => Array.from(text.matchAll(/r3 \+= (\d+)/g), ([, n]) => Number(n))
    assert.deepEqual(offsets(code(made)), before)
    assert.deepEqual(offsets(code(relocateCore(made, { btf: runsOn }))), after)
  })
}
found("return t->pid;", [4], [96])
found("return t->in.y;", [12], [92])
found("return t->comm[3];", [20], [67])
found("return t->files->count + 1;", [40, 0], [80, 0])
found("char c[16]; bpf_probe_read_kernel(c, sizeof(c), t->comm); return c[0];", [17], [64])
found("return *&t->pid;", [4], [96])
found("struct inner in = t->in; return in.y;", [8], [88])

test("what the program declares itself, and its own variables, stay as they are", () => {
  const own = object("struct task_struct copy = {}; bpf_probe_read_kernel(&copy, 8, t); return copy.pid;")
  assert.deepEqual(own.programs[0].core, [])
})

test("bits are read where they were when it was compiled", () => {
  const { programs } = object("return t->b;")
  assert.deepEqual(programs[0].core, [])
})

test("without the option nothing is left to the loader", () => {
  assert.deepEqual(object("return t->pid;", { core: false }).programs[0].core, [])
})

test("the code is the same but for what the loader completes", () => {
  const body = 'bpf_trace_printk("%d %s", t->pid, t->comm); return t->in.x;'
  assert.equal(code(object(body)), code(object(body, { core: false })))
})

test("what was compiled for other types runs in this kernel", { skip: needsRoot }, () => {
  const text = `RAW_TRACEPOINT_PROBE(task_newtask) {
    struct task_struct *t = (struct task_struct *)bpf_get_current_task();
    return t->pid;
}`
  const made = object("return 0;", { text })
  assert.match(code(made), /r3 \+= 4\n/)
  using loaded = testKernel().load(made)
  const tid = readdirSync("/proc/self/task").map(Number)
  assert.ok(tid.includes(loaded.programs.get("raw_tracepoint__task_newtask")!.testRun({}).retval))
})
