/* The forms of programs, and what BCC says beside. */
#define SEC(_name) __attribute__((section(_name), used))
#define KERNEL_VERSION(_a, _b, _c) (((_a) << 16) + ((_b) << 8) + ((_c) > 255 ? 255 : (_c)))

#define BPF_PROG(_name, _args...) __attribute__((bpf_unpack)) int _name(unsigned long long *ctx, ##_args)
#define KFUNC_PROBE(_event, _args...) BPF_PROG(kfunc__vmlinux__##_event, ##_args)
#define KRETFUNC_PROBE(_event, _args...) BPF_PROG(kretfunc__vmlinux__##_event, ##_args)
#define MODULE_KFUNC_PROBE(_module, _event, _args...) BPF_PROG(kfunc__##_module##__##_event, ##_args)
#define MODULE_KRETFUNC_PROBE(_module, _event, _args...) BPF_PROG(kretfunc__##_module##__##_event, ##_args)
#define KMOD_RET(_event, _args...) BPF_PROG(kmod_ret__##_event, ##_args)
#define LSM_PROBE(_event, _args...) BPF_PROG(lsm__##_event, ##_args)
#define BPF_ITER(_target) int bpf_iter__##_target(struct bpf_iter__##_target *ctx)
#define TRACEPOINT_PROBE(_category, _event) \
	int tracepoint__##_category##__##_event(struct tracepoint__##_category##__##_event *args)
#define RAW_TRACEPOINT_PROBE(_event) int raw_tracepoint__##_event(struct bpf_raw_tracepoint_args *ctx)

/* Fields of tracepoints that lie behind the record: offset in the low half, length in the high half */
#define TP_DATA_LOC_READ_CONST(_to, _field, _length) \
	bpf_probe_read((void *)(_to), _length, (char *)args + (args->data_loc_##_field & 0xffff))
#define TP_DATA_LOC_READ(_to, _field) ({ \
	unsigned int __length = (unsigned int)args->data_loc_##_field >> 16; \
	const unsigned int __room = __SKEP_ROOM(_to); \
	TP_DATA_LOC_READ_CONST(_to, _field, __length < __room ? __length : __room); \
})
/* Bytes at a place: those of an array, else as many as such a field can have */
#define __SKEP_ROOM(_to) \
	(__builtin_types_compatible_p(__typeof__(_to), __typeof__((_to) + 0)) ? 0xffff : sizeof(_to))
#define TP_DATA_LOC_READ_STR(_to, _field, _length) \
	bpf_probe_read_str((void *)(_to), _length, (char *)args + (args->data_loc_##_field & 0xffff))

/* Headers of packets, whose pointers are offsets in the packet */
#define BPF_PACKET_HEADER __attribute__((packed, bpf_packet))
#define cursor_advance(_cursor, _length) ({ void *__here = (_cursor); (_cursor) += (_length); __here; })

#define CUR_CPU_IDENTIFIER BPF_F_CURRENT_CPU
#define bpf_printk(_format, _args...) bpf_trace_printk(_format, ##_args)
#define lock_xadd(_pointer, _value) ((void)__sync_fetch_and_add(_pointer, _value))

#define MASK(_n) ((_n) < 64 ? (1ull << ((_n) & 63)) - 1 : ~0ull)
#define MASK128(_n) ((_n) < 128 ? ((unsigned __int128)1 << ((_n) & 127)) - 1 : ~(unsigned __int128)0)
