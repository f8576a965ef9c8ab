import assert from "node:assert/strict"
import { test } from "node:test"
import { compile, emitted, HEADERS } from "../../tests/support/libbpf.ts"
import { Diagnostics } from "../c/index.ts"

/** The function comes out as this text of plain C. */
function emits(text: string, expected: string, arch?: "arm64"): void {
  test(`${text}${arch === undefined ? "" : ` on ${arch}`}`, () => {
    assert.equal(emitted(HEADERS + text, { arch }), expected)
  })
}

emits(
  "int BPF_PROG(f, int a, void *b) { return a + (b != 0); }",
  "int f(unsigned long long *ctx) { int a = (int)ctx[0]; void *b = (void *)ctx[1]; return a + (b != 0); }",
)
emits(
  "int BPF_PROG(f, int a, int b) { return b; }",
  "int f(unsigned long long *ctx) { int b = (int)ctx[1]; return b; }",
)
emits("int BPF_PROG(f) { return 0; }", "int f(unsigned long long *ctx) { return 0; }")
emits(
  "struct p { long a, b; }; int BPF_PROG2(f, struct p, x, int, y) { return y + x.b; }",
  "int f(unsigned long long *ctx) { struct p x = *(struct p *)&ctx[0]; int y = (int)ctx[2]; return y + x.b; }",
)
emits("int BPF_PROG2(f) { return 0; }", "int f(unsigned long long *ctx) { return 0; }")
emits(
  "int BPF_KPROBE(f, int a, char *b) { return a + b[0]; }",
  "int f(struct pt_regs *ctx) { int a = (int)ctx->di; char *b = (char *)ctx->si; return a + b[0]; }",
)
emits(
  "int BPF_UPROBE(f, int a) { return a; }",
  "int f(struct pt_regs *ctx) { int a = (int)ctx->regs[0]; return a; }",
  "arm64",
)
emits("int BPF_KRETPROBE(f, long r) { return r; }", "int f(struct pt_regs *ctx) { long r = (long)ctx->ax; return r; }")
emits(
  "int BPF_URETPROBE(f, int r) { return r; }",
  "int f(struct pt_regs *ctx) { int r = (int)ctx->regs[0]; return r; }",
  "arm64",
)
emits("long f(struct pt_regs *c) { return PT_REGS_PARM3(c); }", "long f(struct pt_regs *c) { return c->dx; }")
emits(
  "long f(struct pt_regs *c) { return PT_REGS_RC(c); }",
  "long f(struct pt_regs *c) { return c->regs[0]; }",
  "arm64",
)
emits("long f(struct pt_regs *c) { return PT_REGS_PARM4_SYSCALL(c); }", "long f(struct pt_regs *c) { return c->r10; }")
test("byte orders of constants are constants", () => {
  const text = '_Static_assert(bpf_htons(0x1234) == 0x3412 && bpf_htonl(0x12345678) == 0x78563412, "32");'
  compile(`${HEADERS}${text} _Static_assert(bpf_cpu_to_be64(1) == 1ULL << 56, "64");`)
})

/** A program that uses this in a function body compiles. `v` is an integer, `p` a pointer to `struct s`, which has members by CO-RE. */
function takes(use: string, setup = ""): void {
  test(use, () => {
    const record =
      "struct s { struct s *next; int v; unsigned b : 3; char name[16]; } __attribute__((preserve_access_index));"
    compile(`${HEADERS}${record} enum e { A, B };\n${setup}
      int f(void *ctx, struct s *p, struct pt_regs *regs) { long v = 0; char text[16] = ""; ${use}; return v + text[0]; }`)
  })
}

takes("v = BPF_CORE_READ(p, v)")
takes("v = BPF_CORE_READ(p, next, next, next, next, next, next, next, next, next, v)")
takes("v = BPF_CORE_READ(BPF_CORE_READ(p, next), v)")
takes("v = BPF_CORE_READ_USER(p, next, v)")
takes("v = BPF_PROBE_READ(p, next, v)")
takes("v = BPF_PROBE_READ_USER(p, next, v)")
for (const kind of ["CORE_READ", "CORE_READ_USER", "PROBE_READ", "PROBE_READ_USER"]) {
  takes(`BPF_${kind}_INTO(&v, p, next, v)`)
  takes(`BPF_${kind}_STR_INTO(&text, p, next, name)`)
}
takes("v = BPF_CORE_READ_BITFIELD(p, b)")
takes("v = BPF_CORE_READ_BITFIELD_PROBED(p, b)")
takes("BPF_CORE_WRITE_BITFIELD(p, b, 3)")
takes("v = bpf_core_read(&v, sizeof(v), &p->v)")
takes("v = bpf_core_read_user(&v, sizeof(v), &p->v)")
takes("v = bpf_core_read_str(text, sizeof(text), &p->name)")
takes("v = bpf_core_read_user_str(text, sizeof(text), &p->name)")
takes("v = bpf_core_field_exists(p->v) + bpf_core_field_exists(struct s, v)")
takes("v = bpf_core_field_size(p->name) + bpf_core_field_offset(struct s, name[3])")
takes("v = bpf_core_type_id_local(struct s) + bpf_core_type_id_kernel(struct s)")
takes("v = bpf_core_type_exists(struct s) + bpf_core_type_matches(struct s) + bpf_core_type_size(struct s)")
takes("v = bpf_core_enum_value_exists(enum e, A) + bpf_core_enum_value(enum e, B)")
takes("v = bpf_core_cast(p, struct s)->v", "extern void *bpf_rdonly_cast(const void *obj, __u32 id) __ksym;")
takes('bpf_printk("plain")')
for (let n = 1; n <= 12; n++) takes(`bpf_printk("${"%d".repeat(n)}"${", v".repeat(n)})`)
takes('BPF_SEQ_PRINTF(ctx, "%d %s", v, text)')
takes('BPF_SEQ_PRINTF(ctx, "text")')
takes('BPF_SNPRINTF(text, sizeof(text), "%d", v)')
takes("BPF_KPROBE_READ_RET_IP(v, regs)")
takes("BPF_KRETPROBE_READ_RET_IP(v, regs)")
for (const name of ["PARM1", "PARM6", "RC", "IP", "SP", "FP", "RET"]) {
  takes(`v = PT_REGS_${name}(regs) + PT_REGS_${name}_CORE(regs)`)
}
takes("v = PT_REGS_PARM1_SYSCALL(regs) + PT_REGS_PARM5_CORE_SYSCALL(regs)")
takes("v = PT_REGS_PARM1(PT_REGS_SYSCALL_REGS(regs))")
takes("v = bpf_htons(v) + bpf_ntohs(v) + bpf_htonl(v) + bpf_ntohl(v) + bpf_cpu_to_be64(v) + bpf_be64_to_cpu(v)")
takes("v = container_of(&p->v, struct s, v)->v + offsetof(struct s, name)")
takes("barrier(); barrier_var(v)")
takes("v = bpf_ksym_exists(known)", "extern const int known __ksym __weak;")
takes("if (v == 99) __bpf_unreachable()")
takes("v = LINUX_VERSION_CODE >= KERNEL_VERSION(5, 10, 0)", "#include <linux/version.h>\n")
takes("v = ETH_P_IP + EINVAL + AF_INET6 + __NR_read + GRE_KEY + SO_MARK", "#include <linux/if_ether.h>\n")
const NUM = `struct bpf_iter_num { __u64 x; };
  extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
  extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
  extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;`
takes("int i; bpf_for(i, 0, 10) v += i", NUM)
takes("bpf_repeat(10) v++", NUM)
takes("int *item; bpf_for_each(num, item, 0, 10) v += *item", NUM)

test("macros are there only after the header that has them", () => {
  const text = "#include <bpf/bpf_helpers.h>\n"
  assert.throws(() => compile(`${text}int f(void *c) { return GRE_KEY; }`), { code: "C_UNDECLARED" })
  assert.throws(() => compile(`${text}int BPF_KPROBE(f, int a) { return 0; }`), { name: "SkepError" })
})

test("a program's own definition comes first", () => {
  const text = '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\nenum { ETH_P_IP = 5, TASK_COMM_LEN = 6 };\n'
  assert.equal(emitted(`${text}int f(void) { return ETH_P_IP; }`), "int f(void) { return ETH_P_IP; }")
})

test("bpf_d_path takes the path of a file, which is const", () => {
  const diagnostics = new Diagnostics()
  compile(
    `${HEADERS}struct path; long f(const struct path *p) { char t[8]; return bpf_d_path(p, t, 8); }`,
    {},
    diagnostics,
  )
  assert.deepEqual(diagnostics.list, [])
})

test("what only the kernel sees of its headers is there with -D__KERNEL__", () => {
  const text = `${HEADERS}#define __KERNEL__
#include <linux/ip.h>
int f(void *ctx) { return unlikely(!ctx) ? max(1, 2) : cpu_to_be32(3) + sizeof(__stringify(a b)); }`
  assert.match(emitted(text), /__builtin_expect\(.*__builtin_bswap32\(3\).*sizeof/)
  assert.throws(() => compile(text.replace("#define __KERNEL__\n", "")), { code: "C_UNDECLARED" })
})
