import { loads, refusesToLoad, runs } from "../support/dialect.ts"

const PACKET = { data: new Uint8Array(64) }

// Forms of programs that need no kprobes
loads(`RAW_TRACEPOINT_PROBE(sched_switch) {
  struct task_struct *prev = (struct task_struct *)ctx->args[1], *next = (struct task_struct *)ctx->args[2];
  s32 pid; bpf_probe_read_kernel(&pid, sizeof(pid), &prev->pid);
  return pid + next->pid;
}`)
loads(
  "RAW_TRACEPOINT_PROBE(sys_enter) { struct pt_regs regs = {}; bpf_probe_read(&regs, sizeof(regs), (void *)ctx->args[0]); return regs.di; }",
)
loads(
  "TRACEPOINT_PROBE(sched, sched_process_exec) { char name[64]; TP_DATA_LOC_READ_CONST(name, filename, 64); return name[0]; }",
)
loads(
  "TRACEPOINT_PROBE(sched, sched_process_exec) { char name[64]; TP_DATA_LOC_READ(name, filename); return name[0]; }",
)
loads(
  "TRACEPOINT_PROBE(sched, sched_process_exec) { char name[64]; TP_DATA_LOC_READ_STR(name, filename, sizeof(name)); return name[0]; }",
)
loads(
  "TRACEPOINT_PROBE(sched, sched_switch) { char c[16]; __builtin_memcpy(c, args->next_comm, 16); return c[0] + args->next_pid + args->prev_prio; }",
)
loads("TRACEPOINT_PROBE(raw_syscalls, sys_enter) { return args->id + args->args[2]; }")
loads(
  "int tracepoint__raw_syscalls__sys_exit(struct tracepoint__raw_syscalls__sys_exit *args) { return args->ret < 0; }",
)
loads(`BPF_ITER(task) {
  struct seq_file *seq = ctx->meta->seq; struct task_struct *task = ctx->task;
  if (task == (void *)0) return 0;
  char format[] = "%d %s\\n"; u64 values[] = {task->pid, (u64)task->comm};
  bpf_seq_printf(seq, format, sizeof(format), values, sizeof(values));
  return 0;
}`)
loads('#define BPF_LICENSE Dual MIT/GPL\nint f(void *ctx) { bpf_trace_printk("x\\n"); return 0; }', "kprobe")

// Arguments
loads(
  "int f(struct pt_regs *ctx, struct sock *sk, int size, size_t len) { return sk->__sk_common.skc_family + size + len; }",
  "kprobe",
)
loads(
  `#include <linux/uaccess.h>
int f(struct pt_regs *ctx, const char __user *path, int __user *fd) {
  char name[16]; int v; bpf_probe_read_user_str(name, sizeof(name), path); bpf_probe_read_user(&v, sizeof(v), fd); return v + name[0];
}`,
  "kprobe",
)
loads(
  "int syscall__openat(struct pt_regs *ctx, int dfd, const char __user *name, int flags, umode_t mode) { char c[8]; bpf_probe_read_user_str(c, 8, name); return dfd + flags + mode + c[0]; }",
)
loads(
  "int f(struct pt_regs *ctx) { return PT_REGS_PARM1(ctx) + PT_REGS_PARM6(ctx) + PT_REGS_RC(ctx) + PT_REGS_IP(ctx) + PT_REGS_SP(ctx) + PT_REGS_FP(ctx); }",
  "kprobe",
)
loads("int f(struct bpf_perf_event_data *ctx) { return ctx->sample_period + PT_REGS_IP(&ctx->regs); }", "perf_event")

// A reader of a USDT probe's argument as it is made from the probe's notes
loads(
  `static __always_inline int _bpf_readarg_start_1(struct pt_regs *ctx, void *dest, size_t len) {
  if (len != sizeof(uint64_t)) return -1;
  { u64 addr = ctx->bp + -24; __asm__ __volatile__("": : :"memory"); uint64_t res = 0; bpf_probe_read_user(&res, sizeof(res), (void *)addr); *((uint64_t *)dest) = res; }
  return 0;
}
static __always_inline int _bpf_readarg_start_2(struct pt_regs *ctx, void *dest, size_t len) {
  if (len != sizeof(int32_t)) return -1;
  switch (PT_REGS_IP(ctx)) {
  case 0x1137ULL: *((int32_t *)dest) = 5; return 0;
  case 0x1148ULL: *((int32_t *)dest) = (int32_t)ctx->ax; __asm__ __volatile__("": : :"memory"); return 0;
  }
  return -1;
}
int start(struct pt_regs *ctx) {
  char text[16]; u64 address = 0; int n = 0;
  bpf_usdt_readarg(1, ctx, &address); bpf_usdt_readarg(2, ctx, &n); bpf_usdt_readarg_p(1, ctx, text, sizeof(text));
  return address + n + text[0];
}`,
  "kprobe",
)

// Words of the dialect and of kernel headers
runs(
  "int f(struct __sk_buff *skb) { return bpf_log2(1) * 1000 + bpf_log2(8) * 100 + bpf_log2l(1) * 10 + bpf_log2l(1ull << 40) / 41; }",
  "sched_cls",
  PACKET,
  311,
)
runs(
  "int f(struct __sk_buff *skb) { return bpf_htons(0x1234) == 0x3412 && bpf_ntohl(1) == 0x1000000 && bpf_htonll(1) == 1ull << 56; }",
  "sched_cls",
  PACKET,
  1,
)
runs(
  "int f(struct __sk_buff *skb) { unsigned __int128 v = (unsigned __int128)1 << 64 | 2; return bpf_hton128(v) >> 120 == 2; }",
  "sched_cls",
  PACKET,
  1,
)
runs(
  "int f(struct __sk_buff *skb) { return MASK(12) + (MASK128(70) >> 64) + KERNEL_VERSION(0, 1, 2); }",
  "sched_cls",
  PACKET,
  4095 + 63 + 258,
)
runs(
  "#include <linux/time64.h>\nint f(struct __sk_buff *skb) { struct timespec t = {1, 2}; struct itimerspec i = {.it_value = t}; return i.it_value.tv_nsec + sizeof(struct timeval); }",
  "sched_cls",
  PACKET,
  18,
)
runs(
  "int f(struct __sk_buff *skb) { bpf_dins_pkt(skb, 20, 3, 13, 77); bpf_dins_pkt(skb, 0, 0, 48, 0x112233445566ull); return bpf_dext_pkt(skb, 20, 3, 13) + bpf_dext_pkt(skb, 5, 0, 8); }",
  "sched_cls",
  PACKET,
  77 + 0x66,
)
runs("int f(struct __sk_buff *skb) { return skb->len >= 63.5 && skb->len < 1e3; }", "sched_cls", PACKET, 1)

// Programs of the network by their contexts
loads(
  `int f(struct bpf_sockopt *c) { u8 *o = c->optval; if ((void *)(o + 1) > c->optval_end) return 0; return *o == SO_TYPE; }`,
  "cgroup_sockopt",
)
loads(
  "int f(struct bpf_cgroup_dev_ctx *ctx) { return (ctx->access_type & 0xffff) == BPF_DEVCG_DEV_CHAR && ctx->major == 1; }",
  "cgroup_device",
)
loads(
  "int f(struct bpf_sock_addr *ctx) { ctx->user_port = bpf_htons(80); return ctx->user_ip4 != 0; }",
  "cgroup_sock_addr",
)
loads("int f(struct bpf_sk_lookup *ctx) { return ctx->local_port == 7 ? SK_DROP : SK_PASS; }", "sk_lookup")
loads("int f(struct bpf_sysctl *ctx) { return ctx->write == 0; }", "cgroup_sysctl")
loads("int f(struct sk_reuseport_md *md) { return md->len > 3 ? SK_PASS : SK_DROP; }", "sk_reuseport")
loads(
  `int f(struct __sk_buff *skb) {
  skb->mark = 7; skb->cb[0] = skb->len; skb->tc_classid = 1; skb->priority = skb->vlan_tci;
  bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 3); bpf_clone_redirect(skb, skb->ifindex, 0);
  return bpf_redirect(skb->ifindex, 0);
}`,
  "sched_cls",
)
refusesToLoad(
  'BPF_TABLE("extern", int, int, theirs, 10); int f(void *ctx) { return 0; }',
  "table theirs is another program's (extern), and no such map is given",
  "kprobe",
)
