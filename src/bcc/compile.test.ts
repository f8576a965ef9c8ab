import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { compile, emits, refusal, refuses } from "../../tests/support/bcc.ts"
import { golden } from "../../tests/support/golden.ts"
import { SourceFile } from "../base/index.ts"
import { Btf } from "../btf/index.ts"
import { Diagnostics, printTokens } from "../c/index.ts"
import { bccFrontEnd, emitC, type FrontEndOptions } from "./index.ts"

/** A stand-in for the kernel's types in the slides' programs, in C, so that the text is the same on every machine. */
const TASK = "struct task_struct { int state; pid_t pid; };\n"

// The programs of the slides, word for word
const COUNT_SCHED = `#include <uapi/linux/ptrace.h>
#include <linux/sched.h>

struct key_t {
    u32 prev_pid;
    u32 curr_pid;
};

// map_type, key_type, leaf_type, table_name, num_entry
BPF_TABLE("hash", struct key_t, u64, stats, 1024);

int count_sched(struct pt_regs *ctx, struct task_struct *prev) {
    struct key_t key = {};
    u64 zero = 0, *val;

    key.curr_pid = bpf_get_current_pid_tgid();
    key.prev_pid = prev->pid;
    val = stats.lookup_or_init(&key, &zero);
    (*val)++;
    return 0;
}
`
const DO_REQUEST = `#include <uapi/linux/ptrace.h>

int do_request(struct pt_regs *ctx, int req)
{
    bpf_trace_printk("req ptr: 0x%x\\n", req);
    return 0;
}
`
const READ_PID = `#include <linux/sched.h>
#include <uapi/linux/ptrace.h>

int count_sched(struct pt_regs *ctx,
                struct task_struct *prev)
{
    pid_t p = prev->pid;
    return p != -1;
}
`
const HELLO = `
int hello(void *ctx) {
    bpf_trace_printk("Hello, World!\\n");
    return 0;
};
`

/** One case: what `--emit=c` prints of a program is in a file. */
function printed(name: string, text: string, before = ""): void {
  test(`--emit=c of ${name}`, () => {
    golden(`tests/golden/bcc/${name}.c`, emitC(compile(before + text)))
  })
}
printed("task_switch", COUNT_SCHED, TASK)
printed("do_request", DO_REQUEST)
printed("read_pid", READ_PID, TASK)
printed("hello", HELLO)
printed(
  "tables",
  `struct event { u32 pid; char comm[16]; };
BPF_HASH(start, u32);
BPF_PERF_OUTPUT(events);
BPF_HISTOGRAM(dist);
static int seen(u32 pid) { return start.lookup(&pid) != NULL; }
int done(struct pt_regs *ctx)
{
    struct event e = {};
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    if (!seen(pid))
        return 0;
    e.pid = pid;
    bpf_get_current_comm(&e.comm, sizeof(e.comm));
    dist.increment(bpf_log2l(bpf_ktime_get_ns()));
    events.perf_submit(ctx, &e, sizeof(e));
    start.delete(&pid);
    return 0;
}
`,
)

test("the slides' programs compile with the kernel's own types", t => {
  let bytes: Uint8Array
  try {
    bytes = readFileSync("/sys/kernel/btf/vmlinux")
  } catch {
    t.skip("no /sys/kernel/btf/vmlinux")
    return
  }
  const btf = Btf.parse(bytes)
  for (const text of [COUNT_SCHED, DO_REQUEST, READ_PID, HELLO])
    assert.equal(compile(text, { btf }).unit.programs.length, 1)
})

test("the same text gives the same C", () => {
  assert.equal(emitC(compile(TASK + COUNT_SCHED)), emitC(compile(TASK + COUNT_SCHED)))
})

// Includes
test("headers of the kernel are always there", () => {
  const text = `#include <uapi/linux/ptrace.h>
#include <linux/anything_at_all.h>
#include "net/sock.h"
#include <bcc/proto.h>
#include <trace/events/sched.h>
#include <stdint.h>
uint32_t x;`
  assert.deepEqual(compile(text).includes, [
    "<uapi/linux/ptrace.h>",
    "<linux/anything_at_all.h>",
    '"net/sock.h"',
    "<bcc/proto.h>",
    "<trace/events/sched.h>",
    "<stdint.h>",
  ])
})
refuses('#include "foo.h"', "'foo.h' file not found")
refuses("#include <mylib/foo.h>", "'mylib/foo.h' file not found")
test("a header that is not found: where it was looked for", () => {
  assert.match(refusal('#include "foo.h"').hint ?? "", /^headers of the kernel \(linux/)
  assert.equal(
    refusal('#include "foo.h"', { searched: name => `${name} is not in /a or /b` }).hint,
    "foo.h is not in /a or /b",
  )
})
emits(
  "int f(void *ctx) { return OWN + sizeof(struct own); }",
  "int f(void *ctx) { return 7 + sizeof(struct own); }",
  '#include "own.h"\n',
  {
    resolve: name => (name === "own.h" ? new SourceFile("own.h", "#define OWN 7\nstruct own { int x; };") : undefined),
  },
)

/** One case: an expression after preprocessing. */
function expands(expression: string, expected: string, options: FrontEndOptions = {}, before = ""): void {
  test(`${before}${expression} → ${expected}`, () => {
    assert.equal(
      printTokens(
        bccFrontEnd.preprocessor(new SourceFile("t.c", `${before}${expression}\n`), options, new Diagnostics()).all(),
      )
        .trim()
        .replace(/\s+/g, " "),
      expected,
    )
  })
}
expands("AF_INET AF_INET6 ETH_P_IP ENOMEM", "2 10 0x0800 12")
expands("KERNEL_VERSION(5,4,0) <= LINUX_VERSION_CODE", "(((5) << 16) + ((4) << 8) + ((0) > 255 ? 255 : (0))) <= 393472")
expands("LINUX_VERSION_CODE", "265984", { kernelVersion: (4 << 16) | (15 << 8) })
expands("PAGE_SIZE PAGE_SHIFT", "65536UL 16", { pageSize: 65536 })
expands("bpf_num_cpus()", "12", { cpus: 12 })
expands("PT_REGS_PARM1(ctx) PT_REGS_RC(ctx) PT_REGS_IP(ctx)", "((ctx)->di) ((ctx)->ax) ((ctx)->ip)")
expands("PT_REGS_PARM1(ctx) PT_REGS_RC(ctx) PT_REGS_IP(ctx)", "((ctx)->regs[0]) ((ctx)->regs[0]) ((ctx)->pc)", {
  arch: "arm64",
})
expands("PT_REGS_PARM4_SYSCALL(ctx)", "((ctx)->r10)")
expands("CONFIG_NET_NS CONFIG_NOTHING", "1 CONFIG_NOTHING")
expands("CONFIG_NET_NS CONFIG_HZ", "CONFIG_NET_NS 250", { config: name => (name === "CONFIG_HZ" ? "250" : undefined) })
expands("X", "5", { flags: ["-DX=5"] })
expands("#ifdef CONFIG_ARCH_HAS_SYSCALL_WRAPPER\nyes\n#endif", "yes")
// Names that a program may want for itself wait for a kernel header, but for macros with parameters that it does not declare
expands("return MAJOR(dev);", "return ((unsigned int)((dev) >> 20));")
expands("int MAJOR(int dev); MAJOR(dev)", "int MAJOR(int dev); MAJOR(dev)")
expands("int READ = HZ;", "int READ = HZ;")
expands("sk_family + min, max", "sk_family + min, max")
expands("sk->sk_family", "sk->sk_family")
expands("sk->sk_family", "sk->__sk_common.skc_family", {}, "#include <net/sock.h>\n")
expands("MAJOR(dev)", "((unsigned int)((dev) >> 20))", {}, "#include <linux/fs.h>\n")
// A program's own definition wins
expands("AF_INET", "99", {}, "#define AF_INET 99\n")
emits(
  "int f(void *ctx) { return min(2, 1); }",
  "int f(void *ctx) { return min(2, 1); }",
  "static int min(int a, int b) { return a < b ? a : b; }",
)

/** One case: a constant expression over skep's macros. */
function holds(expression: string): void {
  test(expression, () => {
    compile(`#include <linux/kernel.h>\n_Static_assert(${expression}, "no");`)
  })
}
holds("bpf_htons(0x1234) == 0x3412 && ntohl(1) == 0x01000000 && bpf_htonll(1) == 1ull << 56")
holds("S_ISREG(0100644) && !S_ISDIR(0100644) && S_ISSOCK(0140000)")
holds("offsetof(struct { int a; long b; }, b) == 8 && ARRAY_SIZE(((int[3]){})) == 3")
holds("MASK(4) == 15 && MASK(64) == ~0ull && BIT(3) == 8 && GENMASK(7, 4) == 0xf0")
holds("sizeof(bpf_htons(1)) == 2 && INT_MIN < 0 && U8_MAX == 255 && S64_MIN < S64_MAX")
holds("DIV_ROUND_UP(10, 4) == 3 && MAJOR(MKDEV(8, 1)) == 8 && MINOR(MKDEV(8, 1)) == 1")
holds("TASK_UNINTERRUPTIBLE == 2 && (O_TMPFILE & O_DIRECTORY) && NSEC_PER_SEC == 1000 * NSEC_PER_MSEC")
