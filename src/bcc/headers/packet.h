/*
 * Headers of packets in network order, for cursor_advance(): the first bit of a header is the highest of its first byte. Their members are read and
 * written by way of the packet.
 */
struct ethernet_t {
	u64 dst : 48;
	u64 src : 48;
	u32 type : 16;
} BPF_PACKET_HEADER;

struct dot1q_t {
	u16 pri : 3, cfi : 1, vlanid : 12;
	u16 type;
} BPF_PACKET_HEADER;

struct arp_t {
	u16 htype, ptype;
	u8 hlen, plen;
	u16 oper;
	u64 sha : 48;
	u64 spa : 32;
	u64 tha : 48;
	u32 tpa;
} BPF_PACKET_HEADER;

struct ip_t {
	u8 ver : 4, hlen : 4;
	u8 tos;
	u16 tlen;
	u16 identification;
	u16 ffo_unused : 1, df : 1, mf : 1, foffset : 13;
	u8 ttl, nextp;
	u16 hchecksum;
	u32 src, dst;
} BPF_PACKET_HEADER;

struct icmp_t {
	u8 type, code;
	u16 checksum;
} BPF_PACKET_HEADER;

struct ip6_t {
	u32 ver : 4, priority : 8, flow_label : 20;
	u16 payload_len;
	u8 next_header, hop_limit;
	u64 src_hi, src_lo, dst_hi, dst_lo;
} BPF_PACKET_HEADER;

struct ip6_opt_t {
	u8 next_header, ext_len;
	u8 pad[6];
} BPF_PACKET_HEADER;

struct icmp6_t {
	u8 type, code;
	u16 checksum;
} BPF_PACKET_HEADER;

struct udp_t {
	u16 sport, dport, length, crc;
} BPF_PACKET_HEADER;

struct tcp_t {
	u16 src_port, dst_port;
	u32 seq_num, ack_num;
	u8 offset : 4, reserved : 4;
	u8 flag_cwr : 1, flag_ece : 1, flag_urg : 1, flag_ack : 1, flag_psh : 1, flag_rst : 1, flag_syn : 1, flag_fin : 1;
	u16 rcv_wnd, cksum, urg_ptr;
} BPF_PACKET_HEADER;

struct vxlan_t {
	u32 rsv1 : 4, iflag : 1, rsv2 : 3, rsv3 : 24;
	u32 key : 24, rsv4 : 8;
} BPF_PACKET_HEADER;

struct vxlan_gbp_t {
	u32 gflag : 1, rsv1 : 3, iflag : 1, rsv2 : 3, rsv3 : 1, dflag : 1, rsv4 : 2, aflag : 1, rsv5 : 3, tag : 16;
	u32 key : 24, rsv6 : 8;
} BPF_PACKET_HEADER;
