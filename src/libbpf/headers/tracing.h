/*
 * <bpf/bpf_tracing.h>: programs that get the arguments of what they trace. The attribute says where the parameters after the context are
 * taken from; the PT_REGS macros follow the machine.
 */
#define BPF_PROG(_name, _args...) __attribute__((bpf_arguments("array"))) _name(unsigned long long *ctx, ##_args)
#define BPF_PROG2(_name, _args...) \
	__attribute__((bpf_arguments("array"))) _name(unsigned long long *ctx __SKEP_PAIRS(_args))
#define BPF_KPROBE(_name, _args...) __attribute__((bpf_arguments("registers"))) _name(struct pt_regs *ctx, ##_args)
#define BPF_UPROBE(_name, _args...) BPF_KPROBE(_name, ##_args)
#define BPF_KRETPROBE(_name, _args...) __attribute__((bpf_arguments("result"))) _name(struct pt_regs *ctx, ##_args)
#define BPF_URETPROBE(_name, _args...) BPF_KRETPROBE(_name, ##_args)
#define BPF_KSYSCALL(_name, _args...) __attribute__((bpf_arguments("syscall"))) _name(struct pt_regs *ctx, ##_args)
#define BPF_KPROBE_SYSCALL BPF_KSYSCALL
#define BPF_USDT(_name, _args...) __attribute__((bpf_arguments("usdt"))) _name(struct pt_regs *ctx, ##_args)

/* BPF_PROG2(name, int, a, struct pair, b): types and names with commas between them. */
#define __SKEP_PAIRS_PICK(_0, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, _18, _19, _20, _21, \
			  _22, _23, _24, _form, ...) _form
#define __SKEP_PAIRS(_args...) \
	__SKEP_PAIRS_PICK(0, ##_args, __SKEP_PAIRS12, , __SKEP_PAIRS11, , __SKEP_PAIRS10, , __SKEP_PAIRS9, , __SKEP_PAIRS8, , \
			  __SKEP_PAIRS7, , __SKEP_PAIRS6, , __SKEP_PAIRS5, , __SKEP_PAIRS4, , __SKEP_PAIRS3, , \
			  __SKEP_PAIRS2, , __SKEP_PAIRS1, , __SKEP_PAIRS0)(_args)
#define __SKEP_PAIRS0()
#define __SKEP_PAIRS1(_type, _name) , _type _name
#define __SKEP_PAIRS2(_type, _name, _rest...) , _type _name __SKEP_PAIRS1(_rest)
#define __SKEP_PAIRS3(_type, _name, _rest...) , _type _name __SKEP_PAIRS2(_rest)
#define __SKEP_PAIRS4(_type, _name, _rest...) , _type _name __SKEP_PAIRS3(_rest)
#define __SKEP_PAIRS5(_type, _name, _rest...) , _type _name __SKEP_PAIRS4(_rest)
#define __SKEP_PAIRS6(_type, _name, _rest...) , _type _name __SKEP_PAIRS5(_rest)
#define __SKEP_PAIRS7(_type, _name, _rest...) , _type _name __SKEP_PAIRS6(_rest)
#define __SKEP_PAIRS8(_type, _name, _rest...) , _type _name __SKEP_PAIRS7(_rest)
#define __SKEP_PAIRS9(_type, _name, _rest...) , _type _name __SKEP_PAIRS8(_rest)
#define __SKEP_PAIRS10(_type, _name, _rest...) , _type _name __SKEP_PAIRS9(_rest)
#define __SKEP_PAIRS11(_type, _name, _rest...) , _type _name __SKEP_PAIRS10(_rest)
#define __SKEP_PAIRS12(_type, _name, _rest...) , _type _name __SKEP_PAIRS11(_rest)
