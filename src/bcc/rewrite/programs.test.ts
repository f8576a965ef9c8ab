import assert from "node:assert/strict"
import { test } from "node:test"
import { compile, emits, refuses, warns } from "../../../tests/support/bcc.ts"

/** One case: the program's functions are these: name, section where it is not BCC's own, type, and how it is attached. */
function programs(text: string, ...expected: string[]): void {
  test(text, () => {
    const { unit } = compile(text)
    const lines = unit.programs.map(({ decl, section, type, attach }) => {
      const own = section === `.bpf.fn.${decl.name}` ? "" : ` ${section}`
      const parts =
        attach === undefined
          ? []
          : Object.entries(attach).map(([key, value]) => (key === "kind" ? value : `${key}=${value}`))
      return `${decl.name}${own} ${type ?? "?"} ${parts.join(" ")}`.trimEnd()
    })
    assert.deepEqual(lines, expected)
  })
}

programs("int hello(void *ctx) { return 0; }", "hello ?")
programs(
  "int a(void *ctx) { return 0; } static int b(int x) { return x; } int c(struct xdp_md *x) { return 0; }",
  "a ?",
  "c ?",
)
programs("int kprobe__do_exit(struct pt_regs *ctx) { return 0; }", "kprobe__do_exit kprobe kprobe event=do_exit")
programs("int kretprobe__do_exit(void *ctx) { return 0; }", "kretprobe__do_exit kprobe kretprobe event=do_exit")
programs("int kprobe__sys_clone(void *ctx) { return 0; }", "kprobe__sys_clone kprobe kprobe event=clone syscall=true")
programs(
  "int kprobe____x64_sys_clone(void *ctx) { return 0; }",
  "kprobe____x64_sys_clone kprobe kprobe event=clone syscall=true",
)
programs(
  "int kretprobe__sys_open(void *ctx) { return 0; }",
  "kretprobe__sys_open kprobe kretprobe event=open syscall=true",
)
programs("int syscall__execve(struct pt_regs *ctx, const char *f) { return 0; }", "syscall__execve kprobe")
programs(
  "int tracepoint__sched__sched_switch(void *args) { return 0; }",
  "tracepoint__sched__sched_switch tracepoint tracepoint category=sched event=sched_switch",
)
programs(
  "RAW_TRACEPOINT_PROBE(sched_switch) { return 0; }",
  "raw_tracepoint__sched_switch raw_tracepoint raw_tracepoint event=sched_switch",
)
programs("KFUNC_PROBE(do_exit, long code) { return 0; }", "kfunc__vmlinux__do_exit tracing fentry event=do_exit")
programs("KRETFUNC_PROBE(do_exit) { return 0; }", "kretfunc__vmlinux__do_exit tracing fexit event=do_exit")
programs(
  "MODULE_KFUNC_PROBE(ext4, ext4_sync_fs) { return 0; }",
  "kfunc__ext4__ext4_sync_fs tracing fentry event=ext4_sync_fs module=ext4",
)
programs(
  "KMOD_RET(update_socket_protocol, int family) { return 0; }",
  "kmod_ret__update_socket_protocol tracing fmod_ret event=update_socket_protocol",
)
programs("LSM_PROBE(file_open, void *file) { return 0; }", "lsm__file_open lsm lsm event=file_open")
programs("BPF_ITER(task) { return 0; }", "bpf_iter__task tracing iter event=task")
programs('__attribute__((section("xdp"))) int x(struct xdp_md *ctx) { return 0; }', "x xdp ?")
// A function that only serves others is no program, though BCC refuses to call it
programs("int twice(int x) { return 2 * x; } int f(void *ctx) { return twice(1); }", "f ?")
programs("inline int twice(int x) { return 2 * x; } int f(void *ctx) { return 0; }", "f ?")

// Arguments
emits(
  "int f(struct pt_regs *ctx, int a, struct s *b, u64 c, char *d, u8 e, long g) { return a + c + e + g + (d != 0); }",
  "int f(struct pt_regs *ctx) { int a = (int)ctx->di; u64 c = (u64)ctx->dx; char *d = (char *)ctx->cx; u8 e = (u8)ctx->r8; " +
    "long g = (long)ctx->r9; return a + c + e + g + (d != 0); }",
)
emits(
  "int f(void *ctx, int a) { return a; }",
  "int f(void *ctx) { int a = (int)((struct pt_regs *)ctx)->di; return a; }",
)
emits(
  "int f(struct pt_regs *ctx, int a) { a = a + 1; return a; }",
  "int f(struct pt_regs *ctx) { int a = (int)ctx->di; a = a + 1; return a; }",
)
emits(
  "int f(struct pt_regs *ctx, int a) { return a; }",
  "int f(struct pt_regs *ctx) { int a = (int)ctx->regs[0]; return a; }",
  "",
  { arch: "arm64" },
)
emits(
  "int syscall__openat(struct pt_regs *ctx, int dfd, const char *name, int flags, int mode) { return dfd + mode; }",
  "int syscall__openat(struct pt_regs *ctx) { struct pt_regs *__ctx = (struct pt_regs *)ctx->di; " +
    "int dfd = (int)READ(unsigned long, &__ctx->di); int mode = (int)READ(unsigned long, &__ctx->r10); return dfd + mode; }",
)
emits(
  "int kprobe__sys_kill(void *ctx, int pid) { return pid; }",
  "int kprobe__sys_kill(void *ctx) { struct pt_regs *__ctx = (struct pt_regs *)((struct pt_regs *)ctx)->di; " +
    "int pid = (int)READ(unsigned long, &__ctx->di); return pid; }",
)
emits(
  "int syscall__kill(struct pt_regs *ctx, int pid, int sig) { return sig; }",
  "int syscall__kill(struct pt_regs *ctx) { int sig = (int)ctx->si; return sig; }",
  "",
  { syscallWrapper: false },
)
emits(
  "int raw_tracepoint__x(struct bpf_raw_tracepoint_args *ctx, bool a, long *b) { return a + *b; }",
  "int raw_tracepoint__x(struct bpf_raw_tracepoint_args *ctx) { bool a = (bool)ctx->args[0]; long *b = (long *)ctx->args[1]; return a + READ(long, b); }",
)
emits(
  "LSM_PROBE(inode_rename, void *a, struct pair p, int last) { return p.y + last; }",
  "int lsm__inode_rename(unsigned long long *ctx) { struct pair p = *(struct pair *)&ctx[1]; int last = (int)ctx[3]; return p.y + last; }",
  "struct pair { long x, y; };",
)
refuses(
  "int f(struct xdp_md *ctx, int a) { return a; }",
  "program 'f' cannot have parameters after its context of type 'struct xdp_md *'",
)
refuses(
  "int f(struct pt_regs *ctx, int a, int b, int c, int d, int e, int g, int h) { return h; }",
  "program 'f' has more than 6 parameters after its context",
)
refuses("int f(struct pt_regs *ctx, int) { return 0; }", "parameter 2 of program 'f' has no name")
warns("int kretprobe__f(struct pt_regs *ctx, int a) { return a; }", [
  "arguments of a function are no longer known when it returns",
])

test("the licence is GPL, or what the program says", () => {
  const license = (text: string) => compile(`${text} int f(void *ctx) { return 0; }`).unit.license
  assert.equal(license(""), "GPL")
  assert.equal(license("#define BPF_LICENSE Dual BSD/GPL\n"), "Dual BSD/GPL")
  assert.equal(license('char _license[] SEC("license") = "MIT";'), "MIT")
  assert.equal(license('u32 _version SEC("version") = 1;'), "GPL")
})
