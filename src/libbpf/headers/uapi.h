/* Macros of the headers of the kernel's user interface and of the C library. */
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
