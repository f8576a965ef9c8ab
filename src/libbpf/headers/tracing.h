/*
 * <bpf/bpf_tracing.h>: programs that get the arguments of what they trace. The attribute says where the parameters after the context are
 * taken from; the PT_REGS macros follow the machine.
 */
#define BPF_PROG(_name, _args...) __attribute__((bpf_arguments("array"))) _name(unsigned long long *ctx, ##_args)
#define BPF_PROG2(_name, _args...) __attribute__((bpf_arguments("array"))) _name(unsigned long long *ctx, ##_args)
#define BPF_KPROBE(_name, _args...) __attribute__((bpf_arguments("registers"))) _name(struct pt_regs *ctx, ##_args)
#define BPF_UPROBE(_name, _args...) BPF_KPROBE(_name, ##_args)
#define BPF_KRETPROBE(_name, _args...) __attribute__((bpf_arguments("result"))) _name(struct pt_regs *ctx, ##_args)
#define BPF_URETPROBE(_name, _args...) BPF_KRETPROBE(_name, ##_args)
#define BPF_KSYSCALL(_name, _args...) __attribute__((bpf_arguments("syscall"))) _name(struct pt_regs *ctx, ##_args)
#define BPF_KPROBE_SYSCALL BPF_KSYSCALL
#define BPF_USDT(_name, _args...) __attribute__((bpf_arguments("usdt"))) _name(struct pt_regs *ctx, ##_args)
