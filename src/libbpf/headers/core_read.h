/* <bpf/bpf_core_read.h>: reads of kernel memory, and questions about the running kernel's types. */
#define BPF_FIELD_BYTE_OFFSET 0
#define BPF_FIELD_BYTE_SIZE 1
#define BPF_FIELD_EXISTS 2
#define BPF_FIELD_SIGNED 3
#define BPF_FIELD_LSHIFT_U64 4
#define BPF_FIELD_RSHIFT_U64 5
#define BPF_TYPE_ID_LOCAL 0
#define BPF_TYPE_ID_TARGET 1
#define BPF_TYPE_EXISTS 0
#define BPF_TYPE_SIZE 1
#define BPF_TYPE_MATCHES 2
#define BPF_ENUMVAL_EXISTS 0
#define BPF_ENUMVAL_VALUE 1

/* A field is an expression, or a type and a member of it. */
#define __SKEP_FIELD_PICK(_1, _2, _form, ...) _form
#define __SKEP_FIELD(...) __SKEP_FIELD_PICK(__VA_ARGS__, __SKEP_FIELD2, __SKEP_FIELD1, )(__VA_ARGS__)
#define __SKEP_FIELD1(_field) _field
#define __SKEP_FIELD2(_type, _field) ((__typeof__(_type) *)0)->_field
#define bpf_core_field_exists(_field...) __builtin_preserve_field_info(__SKEP_FIELD(_field), BPF_FIELD_EXISTS)
#define bpf_core_field_size(_field...) __builtin_preserve_field_info(__SKEP_FIELD(_field), BPF_FIELD_BYTE_SIZE)
#define bpf_core_field_offset(_field...) __builtin_preserve_field_info(__SKEP_FIELD(_field), BPF_FIELD_BYTE_OFFSET)
#define bpf_core_type_id_local(_type) __builtin_btf_type_id(*(__typeof__(_type) *)0, BPF_TYPE_ID_LOCAL)
#define bpf_core_type_id_kernel(_type) __builtin_btf_type_id(*(__typeof__(_type) *)0, BPF_TYPE_ID_TARGET)
#define bpf_core_type_exists(_type) __builtin_preserve_type_info(*(__typeof__(_type) *)0, BPF_TYPE_EXISTS)
#define bpf_core_type_size(_type) __builtin_preserve_type_info(*(__typeof__(_type) *)0, BPF_TYPE_SIZE)
#define bpf_core_type_matches(_type) __builtin_preserve_type_info(*(__typeof__(_type) *)0, BPF_TYPE_MATCHES)
#define bpf_core_enum_value_exists(_enum, _value) \
	__builtin_preserve_enum_value(*(__typeof__(_enum) *)_value, BPF_ENUMVAL_EXISTS)
#define bpf_core_enum_value(_enum, _value) \
	__builtin_preserve_enum_value(*(__typeof__(_enum) *)_value, BPF_ENUMVAL_VALUE)
#define bpf_core_cast(_pointer, _type) \
	((__typeof__(_type) *)bpf_rdonly_cast((_pointer), bpf_core_type_id_kernel(_type)))

#define bpf_core_read(_to, _size, _from) \
	bpf_probe_read_kernel(_to, _size, (const void *)__builtin_preserve_access_index(_from))
#define bpf_core_read_user(_to, _size, _from) \
	bpf_probe_read_user(_to, _size, (const void *)__builtin_preserve_access_index(_from))
#define bpf_core_read_str(_to, _size, _from) \
	bpf_probe_read_kernel_str(_to, _size, (const void *)__builtin_preserve_access_index(_from))
#define bpf_core_read_user_str(_to, _size, _from) \
	bpf_probe_read_user_str(_to, _size, (const void *)__builtin_preserve_access_index(_from))

/* Bit-fields: the bytes that hold the field, shifted to the top and back. */
#define __SKEP_BITS_INFO(_field, _info) __builtin_preserve_field_info(_field, BPF_FIELD_##_info)
#define __SKEP_BITS_SHIFTED(_field, _value) \
	(__SKEP_BITS_INFO(_field, SIGNED) \
		 ? (unsigned long long)((long long)((_value) << __SKEP_BITS_INFO(_field, LSHIFT_U64)) >> \
					__SKEP_BITS_INFO(_field, RSHIFT_U64)) \
		 : ((_value) << __SKEP_BITS_INFO(_field, LSHIFT_U64)) >> __SKEP_BITS_INFO(_field, RSHIFT_U64))
#define BPF_CORE_READ_BITFIELD_PROBED(_record, _field) ({ \
	unsigned long long __skep_bits = 0; \
	bpf_probe_read_kernel((void *)&__skep_bits, __SKEP_BITS_INFO((_record)->_field, BYTE_SIZE), \
			      (const void *)(_record) + __SKEP_BITS_INFO((_record)->_field, BYTE_OFFSET)); \
	__SKEP_BITS_SHIFTED((_record)->_field, __skep_bits); \
})
#define BPF_CORE_READ_BITFIELD(_record, _field) ({ \
	const void *__skep_at = (const void *)(_record) + __SKEP_BITS_INFO((_record)->_field, BYTE_OFFSET); \
	unsigned long long __skep_bits; \
	__asm__ volatile("" : "=r"(__skep_at) : "0"(__skep_at)); \
	switch (__SKEP_BITS_INFO((_record)->_field, BYTE_SIZE)) { \
	case 1: __skep_bits = *(const unsigned char *)__skep_at; break; \
	case 2: __skep_bits = *(const unsigned short *)__skep_at; break; \
	case 4: __skep_bits = *(const unsigned int *)__skep_at; break; \
	case 8: __skep_bits = *(const unsigned long long *)__skep_at; break; \
	default: __skep_bits = 0; \
	} \
	__SKEP_BITS_SHIFTED((_record)->_field, __skep_bits); \
})
#define BPF_CORE_WRITE_BITFIELD(_record, _field, _new) ({ \
	void *__skep_at = (void *)(_record) + __SKEP_BITS_INFO((_record)->_field, BYTE_OFFSET); \
	unsigned int __skep_size = __SKEP_BITS_INFO((_record)->_field, BYTE_SIZE); \
	unsigned int __skep_left = __SKEP_BITS_INFO((_record)->_field, LSHIFT_U64); \
	unsigned int __skep_right = __SKEP_BITS_INFO((_record)->_field, RSHIFT_U64); \
	unsigned long long __skep_mask = (~0ULL << __skep_right) >> __skep_left; \
	unsigned long long __skep_set = ((unsigned long long)(_new) << __skep_right) >> __skep_left; \
	__asm__ volatile("" : "+r"(__skep_at)); \
	switch (__skep_size) { \
	case 1: *(unsigned char *)__skep_at = (*(unsigned char *)__skep_at & ~__skep_mask) | __skep_set; break; \
	case 2: *(unsigned short *)__skep_at = (*(unsigned short *)__skep_at & ~__skep_mask) | __skep_set; break; \
	case 4: *(unsigned int *)__skep_at = (*(unsigned int *)__skep_at & ~__skep_mask) | __skep_set; break; \
	case 8: *(unsigned long long *)__skep_at = (*(unsigned long long *)__skep_at & ~__skep_mask) | __skep_set; break; \
	} \
})

/*
 * Chains of pointers: BPF_CORE_READ(task, mm, exe_file, f_inode) reads task->mm, its ->exe_file and of that ->f_inode. All but
 * the last step read a pointer into a variable of its own; the last one reads what `_last` says.
 */
#define __SKEP_CHAIN_PICK(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _form, ...) _form
#define __SKEP_CHAIN(_read, _last, _to, _size, _from, ...) \
	__SKEP_CHAIN_PICK(__VA_ARGS__, __SKEP_CHAIN10, __SKEP_CHAIN9, __SKEP_CHAIN8, __SKEP_CHAIN7, __SKEP_CHAIN6, \
			  __SKEP_CHAIN5, __SKEP_CHAIN4, __SKEP_CHAIN3, __SKEP_CHAIN2, __SKEP_CHAIN1, ) \
	(_read, _last, _to, _size, _from, __VA_ARGS__)
#define __SKEP_CHAIN1(_read, _last, _to, _size, _from, _a) _last((void *)(_to), _size, &(_from)->_a)
#define __SKEP_STEP(_n, _read, _from, _a) \
	__typeof__((_from)->_a) __skep_step##_n; \
	_read((void *)&__skep_step##_n, sizeof(__skep_step##_n), &(_from)->_a)
#define __SKEP_CHAIN2(_read, _last, _to, _size, _from, _a, _rest...) \
	({ __SKEP_STEP(2, _read, _from, _a); __SKEP_CHAIN1(_read, _last, _to, _size, __skep_step2, _rest); })
#define __SKEP_CHAIN3(_read, _last, _to, _size, _from, _a, _rest...) \
	({ __SKEP_STEP(3, _read, _from, _a); __SKEP_CHAIN2(_read, _last, _to, _size, __skep_step3, _rest); })
#define __SKEP_CHAIN4(_read, _last, _to, _size, _from, _a, _rest...) \
	({ __SKEP_STEP(4, _read, _from, _a); __SKEP_CHAIN3(_read, _last, _to, _size, __skep_step4, _rest); })
#define __SKEP_CHAIN5(_read, _last, _to, _size, _from, _a, _rest...) \
	({ __SKEP_STEP(5, _read, _from, _a); __SKEP_CHAIN4(_read, _last, _to, _size, __skep_step5, _rest); })
#define __SKEP_CHAIN6(_read, _last, _to, _size, _from, _a, _rest...) \
	({ __SKEP_STEP(6, _read, _from, _a); __SKEP_CHAIN5(_read, _last, _to, _size, __skep_step6, _rest); })
#define __SKEP_CHAIN7(_read, _last, _to, _size, _from, _a, _rest...) \
	({ __SKEP_STEP(7, _read, _from, _a); __SKEP_CHAIN6(_read, _last, _to, _size, __skep_step7, _rest); })
#define __SKEP_CHAIN8(_read, _last, _to, _size, _from, _a, _rest...) \
	({ __SKEP_STEP(8, _read, _from, _a); __SKEP_CHAIN7(_read, _last, _to, _size, __skep_step8, _rest); })
#define __SKEP_CHAIN9(_read, _last, _to, _size, _from, _a, _rest...) \
	({ __SKEP_STEP(9, _read, _from, _a); __SKEP_CHAIN8(_read, _last, _to, _size, __skep_step9, _rest); })
#define __SKEP_CHAIN10(_read, _last, _to, _size, _from, _a, _rest...) \
	({ __SKEP_STEP(10, _read, _from, _a); __SKEP_CHAIN9(_read, _last, _to, _size, __skep_step10, _rest); })

/* The type of the end of a chain. */
#define __SKEP_END(_from, ...) \
	__SKEP_CHAIN_PICK(__VA_ARGS__, __SKEP_END10, __SKEP_END9, __SKEP_END8, __SKEP_END7, __SKEP_END6, __SKEP_END5, \
			  __SKEP_END4, __SKEP_END3, __SKEP_END2, __SKEP_END1, )(_from, __VA_ARGS__)
#define __SKEP_END1(_from, _a) (_from)->_a
#define __SKEP_END2(_from, _a, _rest...) __SKEP_END1((_from)->_a, _rest)
#define __SKEP_END3(_from, _a, _rest...) __SKEP_END2((_from)->_a, _rest)
#define __SKEP_END4(_from, _a, _rest...) __SKEP_END3((_from)->_a, _rest)
#define __SKEP_END5(_from, _a, _rest...) __SKEP_END4((_from)->_a, _rest)
#define __SKEP_END6(_from, _a, _rest...) __SKEP_END5((_from)->_a, _rest)
#define __SKEP_END7(_from, _a, _rest...) __SKEP_END6((_from)->_a, _rest)
#define __SKEP_END8(_from, _a, _rest...) __SKEP_END7((_from)->_a, _rest)
#define __SKEP_END9(_from, _a, _rest...) __SKEP_END8((_from)->_a, _rest)
#define __SKEP_END10(_from, _a, _rest...) __SKEP_END9((_from)->_a, _rest)

#define BPF_CORE_READ_INTO(_to, _from, _path...) \
	({ __SKEP_CHAIN(bpf_core_read, bpf_core_read, _to, sizeof(*(_to)), _from, _path); })
#define BPF_CORE_READ_USER_INTO(_to, _from, _path...) \
	({ __SKEP_CHAIN(bpf_core_read_user, bpf_core_read_user, _to, sizeof(*(_to)), _from, _path); })
#define BPF_PROBE_READ_INTO(_to, _from, _path...) \
	({ __SKEP_CHAIN(bpf_probe_read_kernel, bpf_probe_read_kernel, _to, sizeof(*(_to)), _from, _path); })
#define BPF_PROBE_READ_USER_INTO(_to, _from, _path...) \
	({ __SKEP_CHAIN(bpf_probe_read_user, bpf_probe_read_user, _to, sizeof(*(_to)), _from, _path); })
#define BPF_CORE_READ_STR_INTO(_to, _from, _path...) \
	({ __SKEP_CHAIN(bpf_core_read, bpf_core_read_str, _to, sizeof(*(_to)), _from, _path); })
#define BPF_CORE_READ_USER_STR_INTO(_to, _from, _path...) \
	({ __SKEP_CHAIN(bpf_core_read_user, bpf_core_read_user_str, _to, sizeof(*(_to)), _from, _path); })
#define BPF_PROBE_READ_STR_INTO(_to, _from, _path...) \
	({ __SKEP_CHAIN(bpf_probe_read_kernel, bpf_probe_read_kernel_str, _to, sizeof(*(_to)), _from, _path); })
#define BPF_PROBE_READ_USER_STR_INTO(_to, _from, _path...) \
	({ __SKEP_CHAIN(bpf_probe_read_user, bpf_probe_read_user_str, _to, sizeof(*(_to)), _from, _path); })
#define BPF_CORE_READ(_from, _path...) \
	({ __typeof__(__SKEP_END((_from), _path)) __skep_read; BPF_CORE_READ_INTO(&__skep_read, (_from), _path); __skep_read; })
#define BPF_CORE_READ_USER(_from, _path...) \
	({ __typeof__(__SKEP_END((_from), _path)) __skep_read; BPF_CORE_READ_USER_INTO(&__skep_read, (_from), _path); __skep_read; })
#define BPF_PROBE_READ(_from, _path...) \
	({ __typeof__(__SKEP_END((_from), _path)) __skep_read; BPF_PROBE_READ_INTO(&__skep_read, (_from), _path); __skep_read; })
#define BPF_PROBE_READ_USER(_from, _path...) \
	({ __typeof__(__SKEP_END((_from), _path)) __skep_read; BPF_PROBE_READ_USER_INTO(&__skep_read, (_from), _path); __skep_read; })
