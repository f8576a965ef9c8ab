/*
 * <bpf/usdt.bpf.h>: arguments of user-level static probes. The loader fills the two maps in: what each probe's arguments are, and which probe is at
 * which address where the kernel has no cookies. Types, names and layout are those that libbpf's loader knows.
 */
#ifndef __SKEP_USDT
#define __SKEP_USDT

#ifndef BPF_USDT_MAX_SPEC_CNT
#define BPF_USDT_MAX_SPEC_CNT 256
#endif
#ifndef BPF_USDT_MAX_IP_CNT
#define BPF_USDT_MAX_IP_CNT (4 * BPF_USDT_MAX_SPEC_CNT)
#endif
#define BPF_USDT_MAX_ARG_CNT 12

enum __bpf_usdt_arg_type {
	BPF_USDT_ARG_CONST,
	BPF_USDT_ARG_REG,
	BPF_USDT_ARG_REG_DEREF,
	BPF_USDT_ARG_SIB,
};

struct __bpf_usdt_arg_spec {
	unsigned long long val_off;
	/* The type; for memory with an index its register's offset << 8 and the logarithm of its scale << 20. */
	unsigned int arg_type;
	short reg_off;
	_Bool arg_signed;
	char arg_bitshift;
};

struct __bpf_usdt_spec {
	struct __bpf_usdt_arg_spec args[BPF_USDT_MAX_ARG_CNT];
	unsigned long long usdt_cookie;
	short arg_cnt;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPF_USDT_MAX_SPEC_CNT);
	__type(key, int);
	__type(value, struct __bpf_usdt_spec);
} __bpf_usdt_specs SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPF_USDT_MAX_IP_CNT);
	__type(key, long);
	__type(value, unsigned int);
} __bpf_usdt_ip_to_spec_id SEC(".maps") __weak;

extern const _Bool LINUX_HAS_BPF_COOKIE __kconfig;

static __always_inline struct __bpf_usdt_spec *__skep_usdt_spec(struct pt_regs *ctx)
{
	int id;
	if (LINUX_HAS_BPF_COOKIE) {
		id = bpf_get_attach_cookie(ctx);
	} else {
		long ip = PT_REGS_IP(ctx);
		int *known = bpf_map_lookup_elem(&__bpf_usdt_ip_to_spec_id, &ip);
		if (!known)
			return (void *)0;
		id = *known;
	}
	return bpf_map_lookup_elem(&__bpf_usdt_specs, &id);
}

/* Number of arguments; -ESRCH when nothing is known of the probe. */
__weak __hidden int bpf_usdt_arg_cnt(struct pt_regs *ctx)
{
	struct __bpf_usdt_spec *spec = __skep_usdt_spec(ctx);
	return spec ? spec->arg_cnt : -3;
}

/* Argument `arg_num`, from 0, into `*res`: 0, -ENOENT when there are fewer, -ESRCH, or that of a read that failed. */
__weak __hidden int bpf_usdt_arg(struct pt_regs *ctx, unsigned long long arg_num, long *res)
{
	struct __bpf_usdt_spec *spec;
	struct __bpf_usdt_arg_spec *arg;
	unsigned long value = 0, index = 0;
	int err;

	*res = 0;
	spec = __skep_usdt_spec(ctx);
	if (!spec)
		return -3;
	if (arg_num >= BPF_USDT_MAX_ARG_CNT)
		return -2;
	barrier_var(arg_num);
	if (arg_num >= spec->arg_cnt)
		return -2;
	arg = &spec->args[arg_num];
	switch (arg->arg_type & 0xff) {
	case BPF_USDT_ARG_CONST:
		value = arg->val_off;
		break;
	case BPF_USDT_ARG_REG:
		err = bpf_probe_read_kernel(&value, sizeof(value), (void *)ctx + arg->reg_off);
		if (err)
			return err;
		break;
	case BPF_USDT_ARG_REG_DEREF:
		err = bpf_probe_read_kernel(&value, sizeof(value), (void *)ctx + arg->reg_off);
		if (err)
			return err;
		err = bpf_probe_read_user(&value, sizeof(value), (void *)value + arg->val_off);
		if (err)
			return err;
		break;
	case BPF_USDT_ARG_SIB:
		err = bpf_probe_read_kernel(&value, sizeof(value), (void *)ctx + arg->reg_off);
		if (err)
			return err;
		err = bpf_probe_read_kernel(&index, sizeof(index), (void *)ctx + ((arg->arg_type >> 8) & 0xfff));
		if (err)
			return err;
		index <<= (arg->arg_type >> 20) & 0xf;
		err = bpf_probe_read_user(&value, sizeof(value), (void *)value + index + arg->val_off);
		if (err)
			return err;
		break;
	default:
		return -22;
	}
	value <<= arg->arg_bitshift;
	*res = arg->arg_signed ? (long)value >> arg->arg_bitshift : (long)(value >> arg->arg_bitshift);
	return 0;
}

/* The number that whoever attached the program gave it. */
__weak __hidden long bpf_usdt_cookie(struct pt_regs *ctx)
{
	struct __bpf_usdt_spec *spec = __skep_usdt_spec(ctx);
	return spec ? spec->usdt_cookie : 0;
}

#endif
