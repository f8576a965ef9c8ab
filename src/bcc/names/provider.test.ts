import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { compile, emits, refusal, refuses, warns } from "../../../tests/support/bcc.ts"
import { Btf, BtfBuilder } from "../../btf/index.ts"

/** A kernel's BTF in small. */
function smallBtf(): Btf {
  const b = new BtfBuilder()
  const int = b.add({ kind: "int", name: "int", size: 4, signed: true })
  const ulong = b.add({ kind: "int", name: "long unsigned int", size: 8 })
  const char = b.add({ kind: "int", name: "char", size: 1, signed: true })
  const uchar = b.add({ kind: "int", name: "unsigned char", size: 1 })
  const pid = b.add({ kind: "typedef", name: "kernel_id_t", type: int })
  const chars = b.add({ kind: "array", type: char, indexType: int, count: 16 })
  const inner = b.reserve()
  const innerPtr = b.add({ kind: "ptr", type: inner })
  const constChar = b.add({ kind: "const", type: char })
  const text = b.add({ kind: "ptr", type: constChar })
  const anonymous = b.add({
    kind: "union",
    name: "",
    size: 8,
    members: [
      { name: "number", type: ulong, bitOffset: 0 },
      { name: "text", type: text, bitOffset: 0 },
    ],
  })
  const state = b.add({
    kind: "enum",
    name: "state",
    size: 4,
    values: [
      { name: "STATE_NEW", value: 0 },
      { name: "STATE_OLD", value: 0x90000000 },
    ],
  })
  b.add({ kind: "enum64", name: "big", size: 8, values: [{ name: "BIG_ONE", value: 1n << 40n }] })
  b.define(inner, { kind: "struct", name: "inner", size: 8, members: [{ name: "hidden", type: ulong, bitOffset: 0 }] })
  b.add({
    kind: "struct",
    name: "outer",
    size: 56,
    members: [
      { name: "pid", type: pid, bitOffset: 0 },
      { name: "low", type: uchar, bitOffset: 32, bitSize: 3 },
      { name: "high", type: uchar, bitOffset: 35, bitSize: 5 },
      { name: "wide", type: int, bitOffset: 45, bitSize: 9 },
      { name: "inner", type: innerPtr, bitOffset: 64 },
      { name: "comm", type: chars, bitOffset: 128 },
      { name: "", type: anonymous, bitOffset: 256 },
      { name: "state", type: state, bitOffset: 320 },
    ],
  })
  b.add({ kind: "fwd", name: "opaque" })
  const dname = b.add({ kind: "array", type: uchar, indexType: int, count: 40 })
  const members = [
    { name: "d_iname", type: dname, bitOffset: 0 },
    { name: "d_inner", type: inner, bitOffset: 320 },
  ]
  b.add({ kind: "struct", name: "dentry", size: 48, members })
  b.add({ kind: "struct", name: "callback_head", size: 8, members: [{ name: "next", type: innerPtr, bitOffset: 0 }] })
  return Btf.parse(b.encode())
}
const btf = smallBtf()

/** One case: the expression over `struct outer *o` has this value type and reads this. */
function reads(expression: string, expected: string): void {
  emits(
    `int f(struct pt_regs *ctx, struct outer *o) { typeof(${expression}) x = ${expression}; return x != 0; }`,
    `int f(struct pt_regs *ctx) { struct outer *o = (struct outer *)ctx->di; ${expected}; return x != 0; }`,
    "",
    { btf },
  )
}

reads("o->pid", "kernel_id_t x = READ(kernel_id_t, &o->pid)")
reads("o->inner->hidden", "unsigned long x = READ(unsigned long, &READ(struct inner *, &o->inner)->hidden)")
reads("o->number", "unsigned long x = READ(unsigned long, &o->number)")
reads("*o->text", "const char x = READ(char, READ(const char *, &o->text))")
reads("o->state == STATE_OLD", "int x = READ(enum state, &o->state) == STATE_OLD")

/** One case: a constant that the compiler knows from BTF. */
function constant(expression: string, value: bigint): void {
  test(`${expression} is ${value}`, () => {
    compile(`_Static_assert((${expression}) == ${value}, "no"); int f(void *ctx) { return 0; }`, { btf })
  })
}
constant("sizeof(struct outer)", 56n)
constant("offsetof(struct outer, comm)", 16n)
constant("offsetof(struct outer, text)", 32n)
constant("_Alignof(struct outer)", 8n)
constant("sizeof(((struct outer *)0)->comm)", 16n)
constant("STATE_OLD", 0x90000000n)
constant("BIG_ONE", 1n << 40n)
constant("sizeof(BIG_ONE)", 8n)
constant("sizeof(enum state)", 4n)
constant("DNAME_INLINE_LEN", 40n)
constant("sizeof(struct rcu_head)", 8n)
constant("sizeof(struct bpf_stacktrace)", 1016n)
constant("CAP_SYS_ADMIN + XDP_FLAGS_SKB_MODE + BPF_DEVCG_DEV_CHAR + ICMP_REDIRECT", 30n)
constant("PROC_SUPER_MAGIC", 0x9fa0n)
constant("IPPROTO_TCP + BPF_NOEXIST + XDP_PASS + TCP_ESTABLISHED", 10n)
constant("sizeof(u8) + sizeof(__be16) + sizeof(s32) + sizeof(size_t) + sizeof(bool) + sizeof(pid_t)", 20n)

emits(
  "int f(struct pt_regs *ctx, struct outer *o) { return o->wide; }",
  "int f(struct pt_regs *ctx) { struct outer *o = (struct outer *)ctx->di; return ({ int _val; " +
    "__builtin_memset(&_val, 0, sizeof(_val)); bpf_probe_read(&_val, sizeof(_val), (void *)(int *)((char *)o + 4)); " +
    "(int)((long long)((unsigned long long)_val << 42) >> 55); }); }",
  "",
  { btf },
)
refuses(
  "int f(struct pt_regs *ctx, struct opaque *o) { return o->x; }",
  "neither the program nor the kernel's BTF defines 'opaque'",
  "",
  { btf },
)
refuses(
  "int f(struct pt_regs *ctx, struct outer *o) { return o->pdi; }",
  "the kernel's 'struct outer' has no member 'pdi'; did you mean 'pid'?",
  "",
  { btf },
)
refuses(
  "int f(struct pt_regs *ctx, struct otter *o) { return o->pid; }",
  "neither the program nor the kernel's BTF defines 'otter'; did you mean 'outer'?",
  "",
  { btf },
)
refuses(
  "int f(struct pt_regs *ctx, struct dentry *d) { return d->hidden; }",
  "the kernel's 'struct dentry' has no member 'hidden'; did you mean 'd_inner.hidden'?",
  "",
  { btf },
)
refuses(
  "int f(void *ctx) { return bpf_get_curent_pid_tgid(); }",
  "call to undeclared function 'bpf_get_curent_pid_tgid'; did you mean 'bpf_get_current_pid_tgid'?",
)
refuses("int f(void *ctx) { return STAT_OLD; }", "use of undeclared identifier 'STAT_OLD'", "", { btf })

/** A module's BTF on top of the small one: a struct that the kernel only mentions, and one that holds it. */
function moduleBtf(): Btf {
  const b = new BtfBuilder({ base: btf })
  const outer = b.add({ kind: "ptr", type: btf.find("outer", "struct") })
  const opaque = b.add({ kind: "struct", name: "opaque", size: 8, members: [{ name: "o", type: outer, bitOffset: 0 }] })
  b.add({ kind: "typedef", name: "opaque_alias", type: opaque })
  b.add({ kind: "enum", name: "mod_state", size: 4, values: [{ name: "MOD_ON", value: 7 }] })
  return Btf.parse(b.encode(), { base: btf })
}
const withModule = { btf, moduleBtf: () => [moduleBtf()] }

emits(
  "int f(struct pt_regs *ctx, struct opaque *o) { return o->o->pid; }",
  "int f(struct pt_regs *ctx) { struct opaque *o = (struct opaque *)ctx->di; " +
    "return READ(kernel_id_t, &READ(struct outer *, &o->o)->pid); }",
  "",
  withModule,
)
emits(
  "int f(struct pt_regs *ctx, struct outer *o) { struct opaque v = {}; opaque_alias w = {}; v.o = o; w.o = v.o; return MOD_ON; }",
  "int f(struct pt_regs *ctx) { struct outer *o = (struct outer *)ctx->di; " +
    "struct opaque v = {}; opaque_alias w = {}; v.o = o; w.o = v.o; return MOD_ON; }",
  "",
  withModule,
)
refuses(
  "int f(struct pt_regs *ctx, struct nowhere *o) { return o->o; }",
  "neither the program nor the kernel's BTF defines 'nowhere'",
  "",
  withModule,
)

// Unlike a macro, a constant of the kernel's headers gives way to a name of the program's own
emits(
  "int f(void *ctx) { enum { SO_TYPE = 7, CAP_KILL }; int SHUT_RD = CAP_KILL; return SHUT_RD + SO_TYPE; }",
  "int f(void *ctx) { enum { SO_TYPE = 7, CAP_KILL = 8 }; int SHUT_RD = CAP_KILL; return SHUT_RD + SO_TYPE; }",
)

// The program's own types come first, also where the kernel's records point to them
warns(
  "int f(struct pt_regs *ctx, struct outer *o) { struct inner *i = o->inner; return i->mine; }",
  [],
  "struct inner { int mine; };",
  { btf },
)

test("hints about types that are not known", () => {
  const hint = (text: string, options = {}) => refusal(text, options).hint ?? ""
  assert.match(
    hint("int f(struct pt_regs *ctx, struct sock *s) { return s->x; }"),
    /come from its BTF, and there is none here/,
  )
  assert.match(hint("int f(struct pt_regs *ctx, struct zzz *s) { return s->x; }", { btf }), /may be a module's/)
  const read = { readTracepointFormat: () => undefined }
  assert.match(hint("TRACEPOINT_PROBE(a, b) { return args->x; }", read), /tracefs has no events\/a\/b\/format/)
  assert.match(hint("TRACEPOINT_PROBE(a, b) { return args->x; }"), /which is not to be had here/)
})

// Tracepoints
const FORMAT = `name: thing_done
ID: 316
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:char comm[16];	offset:8;	size:16;	signed:0;
	field:int fd;	offset:24;	size:8;	signed:0;
	field:pid_t pid;	offset:32;	size:8;	signed:0;
	field:char small;	offset:40;	size:4;	signed:1;
	field:const char * name;	offset:48;	size:8;	signed:0;
	field:__data_loc char[] where;	offset:56;	size:4;	signed:1;
	field:__u8 addr[4];	offset:60;	size:4;	signed:0;
	field:char tag[TASK_COMM_LEN];	offset:64;	size:16;	signed:0;
	field:struct nobody_knows * obj;	offset:80;	size:8;	signed:0;
	field:strange_t odd;	offset:88;	size:8;	signed:1;

print fmt: "%s", REC->comm
`
const tracing = {
  readTracepointFormat: (category: string, event: string) =>
    `${category}/${event}` === "my_cat/thing_done" ? FORMAT : undefined,
}
function field(name: string, type: string, offset: number): void {
  emits(
    `int tracepoint__my_cat__thing_done(struct tracepoint__my_cat__thing_done *args) { typeof(args->${name}) *p = 0; return sizeof(*p); }`,
    `int tracepoint__my_cat__thing_done(struct tracepoint__my_cat__thing_done *args) { ${type}p = 0; return sizeof(*p); }`,
    `_Static_assert(offsetof(struct tracepoint__my_cat__thing_done, ${name}) == ${offset}, "no");`,
    tracing,
  )
}
field("fd", "long long *", 24)
field("pid", "long long *", 32)
field("small", "int *", 40)
field("name", "const char **", 48)
field("data_loc_where", "int *", 56)
field("obj", "struct nobody_knows **", 80)
field("odd", "long long *", 88)
field("__do_not_use__", "unsigned long long *", 0)
emits(
  "TRACEPOINT_PROBE(my_cat, thing_done) { char b[8]; TP_DATA_LOC_READ_STR(&b, where, 8); return args->comm[0] + args->name[0]; }",
  "int tracepoint__my_cat__thing_done(struct tracepoint__my_cat__thing_done *args) { char b[8]; " +
    "bpf_probe_read_str((void *)&b, 8, (char *)args + (args->data_loc_where & 0xffff)); " +
    "return args->comm[0] + READ(char, &args->name[0]); }",
  "",
  tracing,
)
refuses(
  "TRACEPOINT_PROBE(my_cat, thing_done) { return args->common_pid; }",
  "the tracepoint my_cat:thing_done has no field 'common_pid'",
  "",
  tracing,
)

refuses(
  "TRACEPOINT_PROBE(my_cat, thing_done) { return args->smal; }",
  "the tracepoint my_cat:thing_done has no field 'smal'; did you mean 'small'?",
  "",
  tracing,
)

// Functions and macros of skep's headers
emits("int f(void *ctx) { return bpf_log2l(8); }", "int f(void *ctx) { return bpf_log2l(8); }")
test("functions of the headers are part of the unit only when they are called", () => {
  const names = (text: string) => compile(text).unit.unit.decls.map(d => (d.kind === "function" ? d.name : d.kind))
  assert.deepEqual(names("int f(void *ctx) { return bpf_log2l(8); }"), ["bpf_log2", "bpf_log2l", "f"])
  assert.deepEqual(names("int f(void *ctx) { return 0; }"), ["f"])
  assert.deepEqual(names("static int bpf_log2l(int x) { return x; } int f(void *ctx) { return bpf_log2l(8); }"), [
    "bpf_log2l",
    "f",
  ])
})

test("a running kernel's types", {
  skip: existsSync("/sys/kernel/btf/vmlinux") ? false : "no /sys/kernel/btf/vmlinux",
}, () => {
  const kernel = Btf.parse(readFileSync("/sys/kernel/btf/vmlinux"))
  const text = `
    #include <linux/sched.h>
    _Static_assert(offsetof(struct sock, sk_dport) == offsetof(struct sock, __sk_common.skc_dport), "no");
    _Static_assert(sizeof(((struct task_struct *)0)->comm) == TASK_COMM_LEN, "no");
    int f(struct pt_regs *ctx, struct task_struct *t, struct sock *sk) { return t->mm->owner->pid + sk->sk_family; }`
  assert.equal(compile(text, { btf: kernel }).unit.programs.length, 1)
})
