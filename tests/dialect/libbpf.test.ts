import { test } from "node:test"
import { kernel, needsRoot } from "../support/kernel.ts"
import { libbpfObject } from "../support/runLibbpf.ts"

/** The running kernel takes every program of the text, behind the usual headers. */
function accepted(text: string): void {
  test(text, { skip: needsRoot }, () => {
    const object = libbpfObject(`#include <bpf/bpf_tracing.h>\n#include <bpf/bpf_endian.h>\n${text}`)
    using loaded = kernel().load(object, { lazy: true })
    for (const { name } of object.programs) loaded.program(name)
  })
}

// Sections, and what their programs get.
accepted('SEC("tc") int f(struct __sk_buff *skb) { return skb->len > 100 ? 2 : 0; }')
accepted('SEC("tcx/ingress") int f(struct __sk_buff *skb) { return -1; }')
accepted('SEC("xdp.frags") int f(struct xdp_md *ctx) { return ctx->data_end - ctx->data > 9 ? 2 : 1; }')
accepted('SEC("?xdp") int f(struct xdp_md *ctx) { return 2; }')
accepted('SEC("cgroup/connect4") int f(struct bpf_sock_addr *ctx) { ctx->user_port = bpf_htons(80); return 1; }')
accepted('SEC("sk_lookup") int f(struct bpf_sk_lookup *ctx) { return ctx->local_port == 80 ? SK_PASS : SK_DROP; }')
accepted(
  'SEC("raw_tp/sys_enter") int BPF_PROG(f, struct pt_regs *regs, long id) { return id + PT_REGS_PARM1_CORE(regs); }',
)
accepted(
  'SEC("tp_btf/sched_switch") int BPF_PROG(f, _Bool preempt, struct task_struct *prev) { return prev->real_parent->tgid; }',
)
accepted(
  'SEC("iter/task") int f(struct bpf_iter__task *c) { struct task_struct *t = c->task; if (!t) return 0; BPF_SEQ_PRINTF(c->meta->seq, "%d %s\\n", t->pid, t->comm); return 0; }',
)
accepted('SEC("kprobe/do_exit") int BPF_KPROBE(f, long code) { bpf_printk("exit %ld", code); return 0; }')
accepted('SEC("kretprobe/do_exit") int BPF_KRETPROBE(f, int result) { return result; }')
accepted(
  'SEC("ksyscall/openat") int BPF_KSYSCALL(f, int dir, const char *name) { char buf[16]; bpf_probe_read_user_str(buf, 16, name); return dir + buf[0]; }',
)
accepted('SEC("uprobe//bin/sh:main") int BPF_UPROBE(f, int argc) { return argc; }')
accepted('SEC("perf_event") int f(struct bpf_perf_event_data *ctx) { return ctx->sample_period > 1; }')
accepted(
  '#include <bpf/usdt.bpf.h>\nSEC("usdt//bin/sh:a:b") int BPF_USDT(f, int a, void *p) { return a + (p != 0) + bpf_usdt_arg_cnt(ctx) + bpf_usdt_cookie(ctx); }',
)

// What the kernel defines.
accepted(
  'extern int LINUX_KERNEL_VERSION __kconfig; extern int CONFIG_NOT_THERE __kconfig __weak; SEC("syscall") int f(void *c) { return LINUX_KERNEL_VERSION + CONFIG_NOT_THERE; }',
)
accepted(
  'extern int skep_has_no_such(int x) __ksym __weak; SEC("syscall") int f(void *c) { return bpf_ksym_exists(skep_has_no_such) ? skep_has_no_such(1) : 0; }',
)
accepted(
  'extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym; extern void bpf_task_release(struct task_struct *p) __ksym; SEC("syscall") int f(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (!t) return 0; int pid = t->pid; bpf_task_release(t); return pid; }',
)

// CO-RE: a type of another kernel.
accepted(
  'struct task_struct___old { int pid; int gone; } __attribute__((preserve_access_index)); SEC("raw_tp/sys_enter") int f(void *c) { struct task_struct___old *t = (void *)bpf_get_current_task(); return bpf_core_field_exists(t->gone) ? BPF_CORE_READ(t, gone) : BPF_CORE_READ(t, pid); }',
)
accepted(
  'SEC("raw_tp/sys_enter") int f(void *c) { struct task_struct *t = (void *)bpf_get_current_task(); return BPF_CORE_READ_BITFIELD_PROBED(t, sched_reset_on_fork) + bpf_core_type_size(struct task_struct); }',
)

// Callbacks, loops, objects of the kernel's own.
accepted(
  'static long each(__u32 i, void *sum) { *(int *)sum += i; return 0; } SEC("tc") int f(void *c) { int sum = 0; bpf_loop(10, each, &sum, 0); return sum; }',
)
accepted(
  'static int fire(void *map, int *key, struct bpf_timer *t) { return 0; } struct e { struct bpf_timer t; }; struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct e); } m SEC(".maps"); SEC("tc") int f(void *c) { int k = 0; struct e *e = bpf_map_lookup_elem(&m, &k); if (!e) return 0; bpf_timer_init(&e->t, &m, 1); bpf_timer_set_callback(&e->t, fire); return bpf_timer_start(&e->t, 0, 0); }',
)
accepted(
  'struct v { struct bpf_spin_lock lock; int n; struct task_struct __kptr *task; }; struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct v); } m SEC(".maps"); SEC("tc") int f(void *c) { int k = 0; struct v *v = bpf_map_lookup_elem(&m, &k); if (!v) return 0; bpf_spin_lock(&v->lock); v->n++; bpf_spin_unlock(&v->lock); return v->n; }',
)
accepted(
  '__noinline int add(struct __sk_buff *skb, int x) { return skb->len + x; } SEC("tc") int f(struct __sk_buff *skb) { return add(skb, 3); }',
)
accepted(
  'struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 2); __uint(key_size, 4); __uint(value_size, 4); } jumps SEC(".maps"); SEC("tc") int f(struct __sk_buff *skb) { bpf_tail_call_static(skb, &jumps, 1); return 0; }',
)
