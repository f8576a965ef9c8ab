/* What kernel C has beyond the language, and the forms of programs. */
#define NULL ((void *)0)
#define offsetof(_type, _member) __builtin_offsetof(_type, _member)
#define container_of(_pointer, _type, _member) \
	((_type *)((char *)(_pointer) - __builtin_offsetof(_type, _member)))
#define sizeof_field(_type, _member) sizeof(((_type *)0)->_member)
#define offsetofend(_type, _member) (__builtin_offsetof(_type, _member) + sizeof_field(_type, _member))
#define ARRAY_SIZE(_array) (sizeof(_array) / sizeof((_array)[0]))
#define likely(_x) __builtin_expect(!!(_x), 1)
#define unlikely(_x) __builtin_expect(!!(_x), 0)
#define barrier() __asm__ volatile("" : : : "memory")
#define READ_ONCE(_x) (*(const volatile __typeof__(_x) *)&(_x))
#define WRITE_ONCE(_x, _value) (*(volatile __typeof__(_x) *)&(_x) = (_value))
#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
#define __maybe_unused __attribute__((unused))
#define __packed __attribute__((packed))
#define __aligned(_n) __attribute__((aligned(_n)))
#define __weak __attribute__((weak))
#define __hidden
#define __user
#define __kernel
#define __rcu
#define __percpu
#define __iomem
#define __force
#define __bitwise
#define __must_check
#define __init
#define __exit
#define __read_mostly
#define fallthrough __attribute__((fallthrough))
#define __section(_name) __attribute__((section(_name)))
#define SEC(_name) __attribute__((section(_name), used))
#define static_assert _Static_assert
#define BUILD_BUG_ON(_condition) _Static_assert(!(_condition), "BUILD_BUG_ON: " #_condition)

#define KERNEL_VERSION(_a, _b, _c) (((_a) << 16) + ((_b) << 8) + ((_c) > 255 ? 255 : (_c)))

/* Forms of programs */
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

/* Byte order: BPF programs run in the byte order of the machine, little-endian here */
#define bpf_htons(_x) ((__be16)__builtin_bswap16(_x))
#define bpf_ntohs(_x) ((__u16)__builtin_bswap16(_x))
#define bpf_htonl(_x) ((__be32)__builtin_bswap32(_x))
#define bpf_ntohl(_x) ((__u32)__builtin_bswap32(_x))
#define bpf_htonll(_x) ((__be64)__builtin_bswap64(_x))
#define bpf_ntohll(_x) ((__u64)__builtin_bswap64(_x))
#define bpf_cpu_to_be64(_x) bpf_htonll(_x)
#define bpf_be64_to_cpu(_x) bpf_ntohll(_x)
#define htons(_x) bpf_htons(_x)
#define ntohs(_x) bpf_ntohs(_x)
#define htonl(_x) bpf_htonl(_x)
#define ntohl(_x) bpf_ntohl(_x)
#define __constant_htons(_x) bpf_htons(_x)
#define __constant_ntohs(_x) bpf_ntohs(_x)
#define __constant_htonl(_x) bpf_htonl(_x)
#define __constant_ntohl(_x) bpf_ntohl(_x)
#define cpu_to_be16(_x) bpf_htons(_x)
#define cpu_to_be32(_x) bpf_htonl(_x)
#define cpu_to_be64(_x) bpf_htonll(_x)
#define be16_to_cpu(_x) bpf_ntohs(_x)
#define be32_to_cpu(_x) bpf_ntohl(_x)
#define be64_to_cpu(_x) bpf_ntohll(_x)
#define cpu_to_le16(_x) ((__le16)(_x))
#define cpu_to_le32(_x) ((__le32)(_x))
#define cpu_to_le64(_x) ((__le64)(_x))
#define le16_to_cpu(_x) ((__u16)(_x))
#define le32_to_cpu(_x) ((__u32)(_x))
#define le64_to_cpu(_x) ((__u64)(_x))
#define __cpu_to_be16(_x) bpf_htons(_x)
#define __cpu_to_be32(_x) bpf_htonl(_x)
#define __be16_to_cpu(_x) bpf_ntohs(_x)
#define __be32_to_cpu(_x) bpf_ntohl(_x)
#define MASK(_n) ((_n) < 64 ? (1ull << ((_n) & 63)) - 1 : ~0ull)
#define MASK128(_n) ((_n) < 128 ? ((unsigned __int128)1 << ((_n) & 127)) - 1 : ~(unsigned __int128)0)
