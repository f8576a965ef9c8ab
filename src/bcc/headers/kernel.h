/* What kernel C has beyond the language. */
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
#define static_assert _Static_assert
#define BUILD_BUG_ON(_condition) _Static_assert(!(_condition), "BUILD_BUG_ON: " #_condition)

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
