/* <bpf/bpf_helpers.h>: sections, definitions of maps, what variables and pointers are to the loader and the verifier. */
#define SEC(_name) __attribute__((section(_name), used))
#define __uint(_name, _value) int (*_name)[_value]
#define __type(_name, _type) __typeof__(_type) *_name
#define __array(_name, _type) __typeof__(_type) *_name[]
#define __ulong(_name, _value) enum { __SKEP_PASTE(__ulong_, __COUNTER__) = _value } _name
#define __SKEP_PASTE(_a, _b) __SKEP_PASTE_NOW(_a, _b)
#define __SKEP_PASTE_NOW(_a, _b) _a##_b
#define LIBBPF_PIN_NONE 0
#define LIBBPF_PIN_BY_NAME 1
#define TRI_NO 0
#define TRI_YES 1
#define TRI_MODULE 2

#define NULL ((void *)0)
#define offsetof(_type, _member) __builtin_offsetof(_type, _member)
#define container_of(_pointer, _type, _member) \
	((_type *)((void *)(_pointer) - __builtin_offsetof(_type, _member)))
#define KERNEL_VERSION(_a, _b, _c) (((_a) << 16) + ((_b) << 8) + ((_c) > 255 ? 255 : (_c)))
#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
#define __weak __attribute__((weak))
#define __hidden __attribute__((visibility("hidden")))
#define __kconfig __attribute__((section(".kconfig")))
#define __ksym __attribute__((section(".ksyms")))
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __kptr_ref __attribute__((btf_type_tag("kptr")))
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#define __uptr __attribute__((btf_type_tag("uptr")))
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#define __arg_nullable __attribute__((btf_decl_tag("arg:nullable")))
#define __arg_trusted __attribute__((btf_decl_tag("arg:trusted")))
#define __arg_untrusted __attribute__((btf_decl_tag("arg:untrusted")))
#define __arg_arena __attribute__((btf_decl_tag("arg:arena")))
#define barrier() __asm__ volatile("" : : : "memory")
#define barrier_var(_variable) __asm__ volatile("" : "+r"(_variable))
#define __bpf_unreachable() __builtin_trap()
#define bpf_ksym_exists(_symbol) (!!(_symbol))
#define bpf_tail_call_static(_ctx, _map, _slot) ((void)bpf_tail_call(_ctx, (void *)(_map), _slot))

/* Text: with up to three values by bpf_trace_printk, with more by bpf_trace_vprintk. */
#define bpf_printk(_format, _args...) __SKEP_PRINTK(__SKEP_COUNT(_args))(_format, ##_args)
#define __bpf_printk(_format, _args...) ({ \
	static const char __skep_format[] = _format; \
	bpf_trace_printk(__skep_format, sizeof(__skep_format), ##_args); \
})
#define __bpf_vprintk(_format, _args...) ({ \
	static const char __skep_format[] = _format; \
	unsigned long long __skep_values[] = { __SKEP_VALUES(_args) }; \
	bpf_trace_vprintk(__skep_format, sizeof(__skep_format), __skep_values, sizeof(__skep_values)); \
})
#define __SKEP_PRINTK(_count) __SKEP_PASTE(__SKEP_PRINTK_, _count)
#define __SKEP_PRINTK_0 __bpf_printk
#define __SKEP_PRINTK_1 __bpf_printk
#define __SKEP_PRINTK_2 __bpf_printk
#define __SKEP_PRINTK_3 __bpf_printk
#define __SKEP_PRINTK_4 __bpf_vprintk
#define __SKEP_PRINTK_5 __bpf_vprintk
#define __SKEP_PRINTK_6 __bpf_vprintk
#define __SKEP_PRINTK_7 __bpf_vprintk
#define __SKEP_PRINTK_8 __bpf_vprintk
#define __SKEP_PRINTK_9 __bpf_vprintk
#define __SKEP_PRINTK_10 __bpf_vprintk
#define __SKEP_PRINTK_11 __bpf_vprintk
#define __SKEP_PRINTK_12 __bpf_vprintk
#define BPF_SEQ_PRINTF(_seq, _format, _args...) ({ \
	static const char __skep_format[] = _format; \
	unsigned long long __skep_values[] = { __SKEP_VALUES(_args) }; \
	bpf_seq_printf(_seq, __skep_format, sizeof(__skep_format), __skep_values, sizeof(__skep_values)); \
})
#define BPF_SNPRINTF(_out, _size, _format, _args...) ({ \
	static const char __skep_format[] = _format; \
	unsigned long long __skep_values[] = { __SKEP_VALUES(_args) }; \
	bpf_snprintf(_out, _size, __skep_format, __skep_values, sizeof(__skep_values)); \
})
#define bpf_stream_printk(_stream, _format, _args...) ({ \
	static const char __skep_format[] = _format; \
	unsigned long long __skep_values[] = { __SKEP_VALUES(_args) }; \
	bpf_stream_vprintk(_stream, __skep_format, __skep_values, sizeof(__skep_values), (void *)0); \
})

/* Number of arguments, and each of them as 64 bits: an array is the address of its first element. */
#define __SKEP_PICK(_0, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _n, ...) _n
#define __SKEP_COUNT(_args...) __SKEP_PICK(0, ##_args, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define __SKEP_U64(_value) ((unsigned long long)(_value))
#define __SKEP_VALUES(_args...) __SKEP_PASTE(__SKEP_VALUES_, __SKEP_COUNT(_args))(_args)
#define __SKEP_VALUES_0()
#define __SKEP_VALUES_1(_a) __SKEP_U64(_a)
#define __SKEP_VALUES_2(_a, _rest...) __SKEP_U64(_a), __SKEP_VALUES_1(_rest)
#define __SKEP_VALUES_3(_a, _rest...) __SKEP_U64(_a), __SKEP_VALUES_2(_rest)
#define __SKEP_VALUES_4(_a, _rest...) __SKEP_U64(_a), __SKEP_VALUES_3(_rest)
#define __SKEP_VALUES_5(_a, _rest...) __SKEP_U64(_a), __SKEP_VALUES_4(_rest)
#define __SKEP_VALUES_6(_a, _rest...) __SKEP_U64(_a), __SKEP_VALUES_5(_rest)
#define __SKEP_VALUES_7(_a, _rest...) __SKEP_U64(_a), __SKEP_VALUES_6(_rest)
#define __SKEP_VALUES_8(_a, _rest...) __SKEP_U64(_a), __SKEP_VALUES_7(_rest)
#define __SKEP_VALUES_9(_a, _rest...) __SKEP_U64(_a), __SKEP_VALUES_8(_rest)
#define __SKEP_VALUES_10(_a, _rest...) __SKEP_U64(_a), __SKEP_VALUES_9(_rest)
#define __SKEP_VALUES_11(_a, _rest...) __SKEP_U64(_a), __SKEP_VALUES_10(_rest)
#define __SKEP_VALUES_12(_a, _rest...) __SKEP_U64(_a), __SKEP_VALUES_11(_rest)

/* Loops over the kernel's iterators. An iterator is destroyed however its loop is left. */
#define bpf_for_each(_kind, _item, _args...) \
	for (struct bpf_iter_##_kind __skep_it __attribute__((aligned(8), cleanup(bpf_iter_##_kind##_destroy))), \
	     *__skep_start __attribute__((unused)) = (bpf_iter_##_kind##_new(&__skep_it, ##_args), (void *)0); \
	     (((_item) = bpf_iter_##_kind##_next(&__skep_it)));)
#define bpf_for(_i, _start, _end) \
	for (struct bpf_iter_num __skep_it __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))), \
	     *__skep_start __attribute__((unused)) = (bpf_iter_num_new(&__skep_it, (_start), (_end)), (void *)0); ({ \
		int *__skep_next = bpf_iter_num_next(&__skep_it); \
		(__skep_next && ((_i) = *__skep_next, (_i) >= (_start) && (_i) < (_end))); \
	});)
#define bpf_repeat(_count) \
	for (struct bpf_iter_num __skep_it __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))), \
	     *__skep_start __attribute__((unused)) = (bpf_iter_num_new(&__skep_it, 0, (_count)), (void *)0); \
	     bpf_iter_num_next(&__skep_it);)
