import assert from "node:assert/strict"
import { test } from "node:test"
import { workloadLines } from "../../tests/support/simulatedTool.ts"
import type { AttachTarget } from "../machine/index.ts"

/** One line is one case: a program, the workload, and a line that it prints. */
function prints(what: string, text: string, name: string, expected: RegExp): void {
  test(what, () => {
    const lines = workloadLines(text, name, { seconds: 0.3 })
    assert.ok(
      lines.some(line => expected.test(line)),
      `no line is like ${expected}:\n${lines.slice(0, 10).join("\n")}`,
    )
  })
}

prints(
  "the path of a file that is opened",
  `int kprobe__do_sys_openat2(struct pt_regs *ctx, int dfd, const char *name) {
    char path[64] = {};
    bpf_probe_read_user_str(path, sizeof(path), (void *)name);
    bpf_trace_printk("open %s\\n", path);
    return 0;
  }`,
  "shell",
  /^ls: open \/etc\/ld\.so\.cache/,
)
prints(
  "the name of a file that is read, by way of its dentry",
  `#include <linux/fs.h>
  int kprobe__vfs_read(struct pt_regs *ctx, struct file *file) {
    char name[32] = {};
    bpf_probe_read_kernel_str(name, sizeof(name), file->f_path.dentry->d_name.name);
    bpf_trace_printk("read %s\\n", name);
    return 0;
  }`,
  "shell",
  /^cat: read hosts/,
)
prints(
  "the ports of a connection",
  `#include <net/sock.h>
  int kprobe__tcp_set_state(struct pt_regs *ctx, struct sock *sk, int state) {
    if (state == 1) bpf_trace_printk("port %d\\n", bpf_ntohs(sk->__sk_common.skc_dport));
    return 0;
  }`,
  "web",
  /: port 80/,
)
prints(
  "who began whom",
  `#include <linux/sched.h>
  RAW_TRACEPOINT_PROBE(sched_process_fork) {
    struct task_struct *child = (struct task_struct *)ctx->args[1];
    bpf_trace_printk("%d of %s\\n", child->tgid, child->real_parent->comm);
    return 0;
  }`,
  "shell",
  /^bash: \d+ of bash/,
)
prints(
  "typed arguments of a function",
  `KFUNC_PROBE(vfs_write, struct file *file, const char *buf, size_t count) {
    bpf_trace_printk("write %d\\n", count);
    return 0;
  }`,
  "web",
  /^nginx: write 90/,
)
prints(
  "a disk's requests",
  `TRACEPOINT_PROBE(block, block_rq_issue) {
    bpf_trace_printk("%s %d\\n", args->rwbs, args->nr_sector);
    return 0;
  }`,
  "disk",
  /^postgres: WS \d+/,
)

test("time goes by between entry and return", () => {
  const lines = workloadLines(
    `BPF_HASH(start, u32);
    int kprobe__vfs_fsync_range(struct pt_regs *ctx) {
      u32 tid = bpf_get_current_pid_tgid();
      u64 now = bpf_ktime_get_ns();
      start.update(&tid, &now);
      return 0;
    }
    int kretprobe__vfs_fsync_range(struct pt_regs *ctx) {
      u32 tid = bpf_get_current_pid_tgid();
      u64 *then = start.lookup(&tid);
      if (then) bpf_trace_printk("%d\\n", bpf_ktime_get_ns() - *then);
      return 0;
    }`,
    "disk",
  )
  const times = lines.map(line => Number(line.split(": ")[1]))
  assert.ok(times.length > 3 && times.every(time => time > 100 && time < 100_000_000), times.join())
})

test("a program that is given a place by its caller", () => {
  const text = 'int hello(struct pt_regs *ctx) { bpf_trace_printk("Hello, World!\\n"); return 0; }'
  const target: AttachTarget = { kind: "kprobe", event: "clone", syscall: true }
  assert.ok(workloadLines(text, "shell", { attach: [["hello", target]] }).includes("bash: Hello, World!"))
})
