import assert from "node:assert/strict"
import { test } from "node:test"
import { messages, parseC } from "../../../tests/support/parseC.ts"
import { SourceFile } from "../../base/index.ts"
import {
  dumpAst,
  type EnumDecl,
  type FunctionDecl,
  functionType,
  INT,
  LONG,
  type NameProvider,
  type ParseOptions,
  pointerTo,
  type RecordDecl,
  recordType,
  type TypedefDecl,
  ULLONG,
  VOID_PTR,
} from "../index.ts"

/** A small kernel, which notes what it was asked. */
class Kernel implements NameProvider {
  readonly asked: string[] = []
  readonly task: RecordDecl = this.#task()
  readonly u64: TypedefDecl = { kind: "typedefDecl", name: "u64", type: ULLONG, origin: "btf" }
  readonly state: EnumDecl = {
    kind: "enumDecl",
    tag: "state",
    origin: "btf",
    complete: true,
    underlying: INT,
    constants: [{ name: "RUNNING", value: 2n, type: INT }],
  }
  readonly helper: FunctionDecl = {
    kind: "function",
    name: "bpf_get_current_task",
    type: functionType(ULLONG, []),
    params: [],
    storage: "extern",
    inline: false,
    body: undefined,
    attrs: [],
    span: { file: new SourceFile("helpers", "", true), start: 0, end: 0 },
    helper: 35,
  }

  #task(): RecordDecl {
    const { asked } = this
    const fields: RecordDecl["fields"] = []
    const decl: RecordDecl = {
      kind: "recordDecl",
      isUnion: false,
      tag: "task_struct",
      origin: "btf",
      attrs: [],
      get complete() {
        asked.push("members of task_struct")
        return true
      },
      fields,
      size: 16,
      align: 8,
    }
    const add = fields as RecordDecl["fields"][number][]
    add.push({ record: decl, name: "pid", type: INT, offset: 0, index: 0 })
    add.push({ record: decl, name: "next", type: pointerTo(recordType(decl)), offset: 8, index: 1 })
    return decl
  }

  typedef(name: string): TypedefDecl | undefined {
    this.asked.push(`typedef ${name}`)
    return name === "u64" ? this.u64 : undefined
  }
  record(tag: string, isUnion: boolean): RecordDecl | undefined {
    this.asked.push(`${isUnion ? "union" : "struct"} ${tag}`)
    return tag === "task_struct" && !isUnion ? this.task : undefined
  }
  enum(tag: string): EnumDecl | undefined {
    return tag === "state" ? this.state : undefined
  }
  enumerator(name: string) {
    return name === "RUNNING" ? this.state.constants[0] : undefined
  }
  func(name: string): FunctionDecl | undefined {
    return name === this.helper.name ? this.helper : undefined
  }
  suggest(name: string): readonly string[] {
    return name.startsWith("bpf_get") ? [this.helper.name] : name === "RUNING" ? ["RUNNING"] : []
  }
}

/** One case: with the small kernel, a text gives exactly these diagnostics. */
function gives(text: string, ...expected: string[]): void {
  test(`${text} ⇒ ${expected[0] ?? "nothing"}`, () => {
    assert.deepEqual(messages(parseC(text, { names: new Kernel() }).diagnostics), expected)
  })
}

gives("int f(struct task_struct *t) { return t->next->pid; }")
gives("int f(void) { struct task_struct *t = (void *)bpf_get_current_task(); return t->pid; }")
gives("u64 x; int f(u64 a) { u64 b = (u64)a; return sizeof(u64) + b; }")
gives("int f(void) { return RUNNING; } enum state s = RUNNING; int a[RUNNING];")
gives("struct task_struct { char own; }; char f(struct task_struct *t) { return t->own; }")
gives("int f(struct task_struct *t); struct task_struct { char own; }; int f(struct task_struct *t) { return t->own; }")
gives("int f(struct task_struct *t) { struct task_struct { char own; } x = {1}; return x.own + t->pid; }")
gives("struct task_struct; int f(struct task_struct *t) { return t->pid; }")
gives("typedef int u64; u64 *f(int *p) { return p; }")
gives("u64 a; typedef int u64; u64 *f(int *p) { return p; }")
gives("enum { RUNNING = 5 }; int a[RUNNING == 5 ? 1 : -1];")
gives("int RUNNING = 3; int f(void) { return RUNNING++; }")
gives("static int bpf_get_current_task(int a) { return a; } int f(void) { return bpf_get_current_task(1); }")
gives("unsigned long long bpf_get_current_task(void); int f(void) { return bpf_get_current_task(); }")
gives("int f(int u64) { return u64; } u64 x;")
gives("struct { int u64, RUNNING; } v; int f(void) { return v.u64 + v.RUNNING; }")
gives("int f(void) { u64: RUNNING: goto u64; goto RUNNING; }")
gives("union task_struct *p;")
gives(
  "int f(struct task_struct *t) { return t->pdi; }",
  "error: no member named 'pdi' in 'struct task_struct'; did you mean 'pid'?",
)
gives(
  "int f(struct tusk_struct *t) { return t->pid; }",
  "error: incomplete type 'struct tusk_struct' where a complete type is needed",
)
gives("int f(void) { return RUNING; }", "error: use of undeclared identifier 'RUNING'; did you mean 'RUNNING'?")
gives(
  "int f(void) { return bpf_get_task(); }",
  "error: call to undeclared function 'bpf_get_task'; did you mean 'bpf_get_current_task'?",
)
gives(
  "int f(void) { return bpf_get_current_task(1); }",
  "error: too many arguments to function 'bpf_get_current_task', expected 0, have 1",
)

test("a name is asked for once, and only when the program does not declare it", () => {
  const kernel = new Kernel()
  parseC("typedef int mine; mine a; u64 x, y; u64 f(mine b) { u64 c = b; return c + a; }", { names: kernel })
  assert.deepEqual(kernel.asked, ["typedef u64"])
})

test("members of a kernel record are asked for when they are needed", () => {
  const kernel = new Kernel()
  parseC("int f(struct task_struct *t) { struct task_struct *u = t; return u != 0; }", { names: kernel })
  assert.deepEqual(kernel.asked, ["struct task_struct"])
})

test("what comes from the kernel is not among the unit's declarations", () => {
  const { unit } = parseC("u64 x = RUNNING; struct task_struct *t;", { names: new Kernel() })
  assert.ok(unit)
  assert.equal(
    dumpAst(unit).replace(/ t\.c:\d+:\d+/g, ""),
    `var x 'u64'
  cast int 'u64' implicit
    int RUNNING = 2 'int'
var t 'struct task_struct *'
`,
  )
})

test("a dialect may say more about a missing member", () => {
  const options: ParseOptions = {
    hooks: {
      memberError: (record, name) =>
        record.attrs.some(attr => attr.name === "table")
          ? { code: "BCC_NO_METHOD", message: `table '${record.tag}' has no method '${name}'`, hint: "see the list" }
          : undefined,
    },
  }
  const text = "struct __attribute__((table)) t { int a; } x; struct u { int num; } y; int f(void) { x.b(1); y.nun; }"
  const { diagnostics } = parseC(text, options)
  assert.deepEqual(
    diagnostics.list.map(d => [d.code, d.message, d.hint]),
    [
      ["BCC_NO_METHOD", "table 't' has no method 'b'", "see the list"],
      ["C_NO_MEMBER", "no member named 'nun' in 'struct u'; did you mean 'num'?", undefined],
    ],
  )
})

test("a dialect may say what to do about an incomplete type", () => {
  const hooks: ParseOptions["hooks"] = {
    incompleteError: tag => ({
      hint: `define ${tag}`,
      ...(tag === "off" && { code: "BCC_NO_TYPE", message: "nobody knows 'struct off'" }),
    }),
  }
  const { diagnostics } = parseC("int f(struct far *p, struct off *q) { p->x; q->x; }", { hooks })
  assert.deepEqual(
    diagnostics.list.map(d => [d.code, d.message, d.hint]),
    [
      ["C_INCOMPLETE", "incomplete type 'struct far' where a complete type is needed", "define far"],
      ["BCC_NO_TYPE", "nobody knows 'struct off'", "define off"],
    ],
  )
})

test("pointers of helpers and of the program mix", () => {
  const kernel = new Kernel()
  const decl = { ...kernel.helper, type: functionType(LONG, [VOID_PTR, pointerTo(recordType(kernel.task))]) }
  kernel.func = name => (name === "helper" ? decl : undefined)
  const text = "long f(struct task_struct *t, char *p, int *i) { return helper(p, t) + helper(t, i); }"
  assert.deepEqual(messages(parseC(text, { names: kernel }).diagnostics), [
    "warning: incompatible pointer types passing 'int *' to parameter of type 'struct task_struct *'",
  ])
})
