/* Macros of the headers of the kernel's user interface and of the C library. */
#define __bitwise
#define __force
#define __user
#define assert(_condition) ((void)0)
#define memset(_at, _byte, _size) __builtin_memset(_at, _byte, _size)
#define memcpy(_to, _from, _size) __builtin_memcpy(_to, _from, _size)
#define htons(_x) __builtin_bswap16(_x)
#define ntohs(_x) __builtin_bswap16(_x)
#define htonl(_x) __builtin_bswap32(_x)
#define ntohl(_x) __builtin_bswap32(_x)
#define __BYTE_ORDER __LITTLE_ENDIAN
#define __LITTLE_ENDIAN 1234
#define __BIG_ENDIAN 4321
#define bool _Bool
#define true 1
#define false 0
#define tcp_flag_word(_tcp) (((union tcp_word_hdr *)(_tcp))->words[3])
#define icmp6_identifier icmp6_dataun.u_echo.identifier
#define icmp6_sequence icmp6_dataun.u_echo.sequence
#define icmp6_pointer icmp6_dataun.un_data32[0]
#define icmp6_mtu icmp6_dataun.un_data32[0]
#define icmp6_unused icmp6_dataun.un_data32[0]
#define icmp6_maxdelay icmp6_dataun.un_data16[0]
#define icmp6_router icmp6_dataun.u_nd_advt.router
#define icmp6_hop_limit icmp6_dataun.u_nd_ra.hop_limit
#define ICMP6_ECHO_REQUEST 128
#define ICMP6_ECHO_REPLY 129
#define GRE_IS_CSUM(_flags) ((_flags) & GRE_CSUM)
#define GRE_IS_ROUTING(_flags) ((_flags) & GRE_ROUTING)
#define GRE_IS_KEY(_flags) ((_flags) & GRE_KEY)
#define GRE_IS_SEQ(_flags) ((_flags) & GRE_SEQ)
#define GRE_IS_STRICT(_flags) ((_flags) & GRE_STRICT)
#define GRE_IS_REC(_flags) ((_flags) & GRE_REC)
#define GRE_IS_ACK(_flags) ((_flags) & GRE_ACK)
#define LIRC_VALUE_MASK 0x00ffffff
#define LIRC_MODE2_MASK 0xff000000
#define LIRC_MODE2_SPACE 0
#define LIRC_MODE2_PULSE 0x01000000
#define LIRC_MODE2_FREQUENCY 0x02000000
#define LIRC_MODE2_TIMEOUT 0x03000000
#define LIRC_VALUE(_sample) ((_sample) & LIRC_VALUE_MASK)
#define LIRC_MODE2(_sample) ((_sample) & LIRC_MODE2_MASK)
#define LIRC_IS_SPACE(_sample) (LIRC_MODE2(_sample) == LIRC_MODE2_SPACE)
#define LIRC_IS_PULSE(_sample) (LIRC_MODE2(_sample) == LIRC_MODE2_PULSE)
#define LIRC_IS_FREQUENCY(_sample) (LIRC_MODE2(_sample) == LIRC_MODE2_FREQUENCY)
#define LIRC_IS_TIMEOUT(_sample) (LIRC_MODE2(_sample) == LIRC_MODE2_TIMEOUT)
#define BPF_F_ADJ_ROOM_ENCAP_L2(_length) (((__u64)(_length) & 0xff) << 56)
#define CAP_TO_INDEX(_cap) ((_cap) >> 5)
#define CAP_TO_MASK(_cap) (1U << ((_cap) & 31))
#define _LINUX_CAPABILITY_U32S_3 2
#define EDEADLK 35
#define EOPNOTSUPP 95
#define ENOTSUPP 524
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_BOOTTIME 7
#define IN_LOOPBACK(_address) (((_address) & 0xff000000) == 0x7f000000)
#define IN_MULTICAST(_address) (((_address) & 0xf0000000) == 0xe0000000)
#define __constant_htons(_x) ___bpf_mswab16(_x)
#define __constant_htonl(_x) ___bpf_mswab32(_x)
#define __constant_ntohs(_x) ___bpf_mswab16(_x)
#define __constant_ntohl(_x) ___bpf_mswab32(_x)
#define __constant_cpu_to_be16(_x) ___bpf_mswab16(_x)
#define __constant_cpu_to_be32(_x) ___bpf_mswab32(_x)
#define __cpu_to_be16(_x) __builtin_bswap16(_x)
#define __cpu_to_be32(_x) __builtin_bswap32(_x)
#define __cpu_to_be64(_x) __builtin_bswap64(_x)
#define __be16_to_cpu(_x) __builtin_bswap16(_x)
#define __be32_to_cpu(_x) __builtin_bswap32(_x)
#define __be64_to_cpu(_x) __builtin_bswap64(_x)
#define BPF_CLASS(_code) ((_code) & 0x07)
#define BPF_SIZE(_code) ((_code) & 0x18)
#define BPF_MODE(_code) ((_code) & 0xe0)
#define BPF_OP(_code) ((_code) & 0xf0)
#define BPF_SRC(_code) ((_code) & 0x08)
