import type { PacketProgram } from "./both.ts"

/** What stands in front of every program: places of headers, which end the program where the packet is too short. */
export const PRELUDE = `
#define DATA ((void *)(long)skb->data)
#define END ((void *)(long)skb->data_end)
#define LENGTH (END - DATA)
#define METADATA (DATA - (void *)(long)skb->data_meta)
#define ETH struct ethhdr *eth = DATA; if ((void *)(eth + 1) > END) return 1;
#define IP ETH struct iphdr *ip = (void *)(eth + 1); if ((void *)(ip + 1) > END || eth->h_proto != bpf_htons(0x0800)) return 2;
#define IP6 ETH struct ipv6hdr *ip6 = (void *)(eth + 1); if ((void *)(ip6 + 1) > END || eth->h_proto != bpf_htons(0x86dd)) return 3;
#define TCP IP struct tcphdr *tcp = (void *)(ip + 1); if ((void *)(tcp + 1) > END || ip->protocol != 6) return 4;
#define UDP IP struct udphdr *udp = (void *)(ip + 1); if ((void *)(udp + 1) > END || ip->protocol != 17) return 5;
#define AGAIN(type, name, offset) type *name = DATA + (offset); if ((void *)(name + 1) > END) return 6;
#define IP_CSUM 24
#define TCP_CSUM 50
#define UDP_CSUM 40
#define BPF_F_ADJ_ROOM_ENCAP_L2(length) ((__u64)(length) << 56)
struct vlan_hdr4 { __be16 tci; __be16 type; };
`

const SKB_ONLY = `
return skb->len;
return skb->pkt_type;
return skb->protocol;
return bpf_ntohs(skb->protocol);
return skb->vlan_present << 16 | skb->vlan_tci;
return skb->mark ^ skb->priority;
return skb->ifindex << 8 | skb->ingress_ifindex;
return skb->wire_len;
return skb->gso_size + skb->gso_segs;
return skb->tstamp >> 3;
return skb->hwtstamp;
return skb->cb[0] + skb->cb[1] * 3 + skb->cb[2] * 5 + skb->cb[3] * 7 + skb->cb[4] * 11;
skb->mark = 0x12345678; return skb->mark;
skb->mark = skb->len; skb->priority = skb->mark + 1; return 0;
skb->priority = 3; skb->tc_index = 7; return skb->tc_index;
skb->tc_index = 0xffff; return skb->tc_index;
skb->tc_classid = 0x10002; return skb->tc_classid & 0xffff;
skb->queue_mapping = 4; return skb->queue_mapping;
skb->cb[0] = 1000003; skb->cb[3] = skb->len; skb->cb[4] = ~skb->cb[3]; return 0;
skb->cb[2] = skb->cb[1]; skb->cb[1] = skb->cb[0]; return skb->cb[2];
skb->tstamp = 1234567890123456789ULL; return 0;
skb->tstamp = skb->tstamp * 3 + 1; return skb->tstamp;
return *((__u16 *)&skb->protocol);
return skb->napi_id;
return LENGTH;
return METADATA;
struct bpf_sock *sk = skb->sk; return sk ? sk->family : 99;
struct bpf_sock *sk = skb->sk; if (!sk) return 1; sk = bpf_sk_fullsock(sk); return sk ? sk->family * 100 + sk->state : 7;
struct bpf_sock *sk = skb->sk; if (!sk) return 1; sk = bpf_sk_fullsock(sk); return sk ? sk->src_ip4 ^ sk->dst_ip4 : 7;
struct bpf_sock *sk = skb->sk; if (!sk) return 1; sk = bpf_sk_fullsock(sk); return sk ? sk->src_ip6[0] + sk->dst_ip6[3] + sk->src_port + sk->dst_port : 7;
struct bpf_sock *sk = skb->sk; if (!sk) return 1; sk = bpf_sk_fullsock(sk); return sk ? sk->mark + sk->priority + sk->bound_dev_if + sk->type + sk->protocol + sk->rx_queue_mapping : 7;
struct bpf_sock *sk = skb->sk; if (!sk) return 1; struct bpf_tcp_sock *t = bpf_tcp_sock(sk); return t ? 1 : 2;
ETH return eth->h_proto;
ETH return eth->h_dest[5] << 8 | eth->h_source[5];
ETH for (int i = 0; i < 6; i++) { __u8 t = eth->h_dest[i]; eth->h_dest[i] = eth->h_source[i]; eth->h_source[i] = t; } return 0;
ETH eth->h_proto = bpf_htons(0x1234); return skb->protocol;
IP return ip->saddr;
IP return ip->ihl * 1000 + ip->version;
IP return bpf_ntohs(ip->tot_len) + ip->ttl;
IP ip->ttl--; return ip->ttl;
IP __u32 sum = ip->check + bpf_htons(0x0100); ip->check = sum + (sum >= 0xffff); ip->ttl--; return 0;
IP __be32 t = ip->saddr; ip->saddr = ip->daddr; ip->daddr = t; return 0;
IP6 return ip6->nexthdr << 8 | ip6->hop_limit;
IP6 ip6->hop_limit -= 1; return ip6->daddr.in6_u.u6_addr8[15];
IP6 struct in6_addr t = ip6->saddr; ip6->saddr = ip6->daddr; ip6->daddr = t; return 0;
TCP return bpf_ntohs(tcp->dest) + tcp->syn * 7 + tcp->ack;
TCP tcp->dest = bpf_htons(8080); return 0;
TCP tcp->syn = 0; tcp->ack = 1; tcp->seq = bpf_htonl(bpf_ntohl(tcp->seq) + 1); return 0;
UDP return bpf_ntohs(udp->len);
UDP udp->check = 0; return 0;
int n = 0; ETH for (__u8 *p = DATA; n < 64 && (void *)(p + 1) <= END; p++) n++; return n;
__u32 h = 0; for (int i = 0; i < 100; i++) { __u8 *p = DATA + i; if ((void *)(p + 1) > END) break; h = h * 31 + *p; } return h;
__u8 b[4] = {}; long r = bpf_skb_load_bytes(skb, 12, b, 4); return r < 0 ? r : b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
__u8 b[16] = {1}; long r = bpf_skb_load_bytes(skb, 60, b, 16); return r * 1000 + b[0] + b[15];
__u8 b[16] = {1}; long r = bpf_skb_load_bytes(skb, -1, b, 16); return r * 1000 + b[0];
__u8 b[8] = {}; return bpf_skb_load_bytes_relative(skb, 0, b, 8, BPF_HDR_START_MAC) + b[7];
__u8 b[8] = {}; return bpf_skb_load_bytes_relative(skb, 0, b, 8, BPF_HDR_START_NET) + b[0];
__u8 b[8] = {}; return bpf_skb_load_bytes_relative(skb, 0x10000, b, 8, BPF_HDR_START_NET) + b[0];
__u8 b[8] = {}; return bpf_skb_load_bytes_relative(skb, 3, b, 8, 2) + b[0];
__u8 b[6] = {1, 2, 3, 4, 5, 6}; return bpf_skb_store_bytes(skb, 0, b, 6, 0);
__u8 b[6] = {1, 2, 3, 4, 5, 6}; return bpf_skb_store_bytes(skb, 30, b, 6, BPF_F_RECOMPUTE_CSUM);
__u8 b[6] = {1, 2, 3, 4, 5, 6}; return bpf_skb_store_bytes(skb, 31, b, 5, BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH);
__u8 b[6] = {1, 2, 3, 4, 5, 6}; return bpf_skb_store_bytes(skb, 31, b, 5, 8);
__u8 b[6] = {1, 2, 3, 4, 5, 6}; return bpf_skb_store_bytes(skb, skb->len - 5, b, 6, 0);
__u8 b[6] = {1, 2, 3, 4, 5, 6}; return bpf_skb_store_bytes(skb, skb->len - 6, b, 6, 0);
IP __be32 old = ip->saddr, new = bpf_htonl(0x0a0a0a0a); bpf_skb_store_bytes(skb, 26, &new, 4, 0); return bpf_l3_csum_replace(skb, IP_CSUM, old, new, 4);
TCP __be32 old = ip->daddr, new = bpf_htonl(0xc0a80101); bpf_l4_csum_replace(skb, TCP_CSUM, old, new, BPF_F_PSEUDO_HDR | 4); bpf_l3_csum_replace(skb, IP_CSUM, old, new, 4); return bpf_skb_store_bytes(skb, 30, &new, 4, 0);
TCP __be16 old = tcp->dest, new = bpf_htons(8080); bpf_l4_csum_replace(skb, TCP_CSUM, old, new, 2); return bpf_skb_store_bytes(skb, 36, &new, 2, 0);
UDP __be16 old = udp->dest, new = bpf_htons(9); long r = bpf_l4_csum_replace(skb, UDP_CSUM, old, new, BPF_F_MARK_MANGLED_0 | 2); bpf_skb_store_bytes(skb, 36, &new, 2, 0); return r;
UDP __be16 old = udp->dest, new = bpf_htons(9); return bpf_l4_csum_replace(skb, UDP_CSUM, old, new, BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE | 2);
IP __s64 d = bpf_csum_diff(&ip->saddr, 4, &ip->daddr, 4, 0); return bpf_l3_csum_replace(skb, IP_CSUM, 0, d, 0);
IP __s64 d = bpf_csum_diff(0, 0, (void *)ip, 20, 0); return d;
IP __s64 d = bpf_csum_diff((void *)ip, 20, 0, 0, 0); return d;
IP __s64 d = bpf_csum_diff((void *)ip, 8, (void *)ip, 20, 12345); return d;
IP __s64 d = bpf_csum_diff((void *)ip, 20, 0, 0, -1); return d;
__be32 a[4] = {1, 2, 3, -1}, b[4] = {-1, -1, -1, -1}; return bpf_csum_diff(a, 16, b, 16, 0);
__be32 a[4] = {1, 2, 3, -1}, b[4] = {-1, -1, -1, -1}; return bpf_csum_diff(b, 16, a, 8, -5);
__be32 a[4] = {}; return bpf_csum_diff(0, 0, a, 16, 0);
__be32 a[4] = {}; return bpf_csum_diff(a, 16, a, 16, 0);
__be32 a[4] = {-1, -1, -1, -1}; return bpf_csum_diff(0, 0, a, 16, 0) + bpf_csum_diff(a, 16, 0, 0, 0) * 65536;
__be32 a[2] = {1, 2}; return bpf_csum_diff(a, 3, 0, 0, 0);
IP ip->check = 0; __s64 s = bpf_csum_diff(0, 0, (void *)ip, 20, 0); s = (s & 0xffff) + (s >> 16); ip->check = ~s; return 0;
return bpf_l3_csum_replace(skb, 25, 0, 0, 4);
return bpf_l3_csum_replace(skb, 24, 1, 0, 0);
return bpf_l3_csum_replace(skb, 24, 1, 0, 3);
return bpf_l3_csum_replace(skb, 24, 1, 0, 16);
return bpf_l3_csum_replace(skb, 0xfffe, 1, 0, 4);
return bpf_l4_csum_replace(skb, 50, 1, 2, 256);
return bpf_csum_update(skb, 0x12345678);
return bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY);
bpf_csum_level(skb, BPF_CSUM_LEVEL_INC); bpf_csum_level(skb, BPF_CSUM_LEVEL_INC); return bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY);
for (int i = 0; i < 6; i++) bpf_csum_level(skb, BPF_CSUM_LEVEL_INC); bpf_csum_level(skb, BPF_CSUM_LEVEL_DEC); return bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY);
bpf_csum_level(skb, BPF_CSUM_LEVEL_INC); bpf_csum_level(skb, BPF_CSUM_LEVEL_RESET); return bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY);
long r = bpf_skb_vlan_push(skb, bpf_htons(0x8100), 42); return r + skb->vlan_tci + skb->vlan_present * 10000 + skb->vlan_proto;
bpf_skb_vlan_push(skb, bpf_htons(0x8100), 42); bpf_skb_vlan_push(skb, bpf_htons(0x88a8), 43); return skb->len + skb->vlan_tci * 1000 + skb->protocol;
bpf_skb_vlan_push(skb, 0, 0xffff); bpf_skb_vlan_push(skb, 7, 1); bpf_skb_vlan_push(skb, 7, 2); return skb->len;
bpf_skb_vlan_push(skb, bpf_htons(0x8100), 42); bpf_skb_vlan_pop(skb); return skb->vlan_present;
return bpf_skb_vlan_pop(skb) * 1000 + skb->len;
bpf_skb_vlan_pop(skb); bpf_skb_vlan_pop(skb); return skb->protocol + skb->vlan_present;
bpf_skb_vlan_pop(skb); bpf_skb_vlan_pop(skb); bpf_skb_vlan_pop(skb); ETH return eth->h_proto;
bpf_skb_vlan_pop(skb); bpf_skb_vlan_push(skb, bpf_htons(0x88a8), 5); bpf_skb_vlan_push(skb, bpf_htons(0x8100), 6); AGAIN(struct vlan_hdr4, v, 14) return v->tci;
bpf_skb_vlan_push(skb, bpf_htons(0x8100), 1); bpf_skb_vlan_push(skb, bpf_htons(0x8100), 2); bpf_skb_vlan_pop(skb); bpf_skb_vlan_pop(skb); return skb->len;
long r = bpf_skb_change_proto(skb, bpf_htons(0x86dd), 0); return r * 1000 + skb->len + skb->protocol;
long r = bpf_skb_change_proto(skb, bpf_htons(0x0800), 0); return r * 1000 + skb->len + skb->protocol;
return bpf_skb_change_proto(skb, bpf_htons(0x86dd), 1);
IP struct ipv6hdr h = {.version = 6, .nexthdr = ip->protocol, .hop_limit = ip->ttl, .payload_len = bpf_htons(bpf_ntohs(ip->tot_len) - 20)}; if (bpf_skb_change_proto(skb, bpf_htons(0x86dd), 0)) return 9; bpf_skb_store_bytes(skb, 14, &h, sizeof h, 0); __be16 t = bpf_htons(0x86dd); return bpf_skb_store_bytes(skb, 12, &t, 2, 0);
long r = bpf_skb_change_type(skb, 0); return r * 10 + skb->pkt_type;
long r = bpf_skb_change_type(skb, 4); return r * 10 + skb->pkt_type;
long r = bpf_skb_change_tail(skb, 60, 0); return r * 1000 + skb->len;
long r = bpf_skb_change_tail(skb, 20, 0); return r * 1000 + skb->len;
long r = bpf_skb_change_tail(skb, 13, 0); return r * 1000 + skb->len;
long r = bpf_skb_change_tail(skb, 3000, 0); return r * 1000 + skb->len;
long r = bpf_skb_change_tail(skb, 16064, 0); return r * 1000 + skb->len;
long r = bpf_skb_change_tail(skb, 16065, 0); return r * 1000 + skb->len;
long r = bpf_skb_change_tail(skb, skb->len + 8, 0); __u8 *p = DATA + 40; if ((void *)(p + 1) > END) return r; return *p;
bpf_skb_change_tail(skb, 40, 0); bpf_skb_change_tail(skb, 100, 0); return LENGTH;
long r = bpf_skb_change_head(skb, 14, 0); return r * 1000 + skb->len;
long r = bpf_skb_change_head(skb, 300, 0); return r * 1000 + skb->len;
long r = bpf_skb_change_head(skb, 20000, 0); return r * 1000 + skb->len;
long r = bpf_skb_change_head(skb, 4, 1); return r * 1000 + skb->len;
bpf_skb_change_head(skb, 14, 0); ETH eth->h_proto = bpf_htons(0x0800); eth->h_dest[0] = 2; return skb->protocol;
bpf_skb_change_head(skb, 18, 0); __u8 b[4] = {}; bpf_skb_load_bytes_relative(skb, 0, b, 4, BPF_HDR_START_MAC); return b[0] + b[3];
long r = bpf_skb_adjust_room(skb, 20, BPF_ADJ_ROOM_MAC, 0); return r * 1000 + skb->len;
long r = bpf_skb_adjust_room(skb, 8, BPF_ADJ_ROOM_NET, 0); return r * 1000 + skb->len;
long r = bpf_skb_adjust_room(skb, -8, BPF_ADJ_ROOM_NET, 0); return r * 1000 + skb->len;
long r = bpf_skb_adjust_room(skb, -20, BPF_ADJ_ROOM_MAC, 0); return r * 1000 + skb->len;
long r = bpf_skb_adjust_room(skb, -40, BPF_ADJ_ROOM_MAC, 0); return r * 1000 + skb->len;
long r = bpf_skb_adjust_room(skb, 4096, BPF_ADJ_ROOM_MAC, 0); return r * 1000 + skb->len;
long r = bpf_skb_adjust_room(skb, 4095, BPF_ADJ_ROOM_MAC, 0); return r * 1000 + skb->len;
long r = bpf_skb_adjust_room(skb, 20, 2, 0); return r;
long r = bpf_skb_adjust_room(skb, 20, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4); return r * 1000 + skb->len;
long r = bpf_skb_adjust_room(skb, 40, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV6); return r * 1000 + skb->protocol;
long r = bpf_skb_adjust_room(skb, 40, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4); return r;
long r = bpf_skb_adjust_room(skb, 24, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_GRE); return r * 1000 + skb->len;
long r = bpf_skb_adjust_room(skb, 50, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP | BPF_F_ADJ_ROOM_ENCAP_L2(14) | BPF_F_ADJ_ROOM_ENCAP_L2_ETH); return r * 1000 + skb->len;
long r = bpf_skb_adjust_room(skb, 50, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L2(10) | BPF_F_ADJ_ROOM_ENCAP_L2_ETH); return r;
long r = bpf_skb_adjust_room(skb, 10, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L2(14)); return r;
bpf_skb_adjust_room(skb, 20, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4); return bpf_skb_adjust_room(skb, 20, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4);
bpf_skb_adjust_room(skb, 20, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4); return bpf_skb_change_tail(skb, 100, 0);
bpf_skb_adjust_room(skb, 28, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP); return bpf_skb_adjust_room(skb, -28, BPF_ADJ_ROOM_MAC, 0) * 1000 + skb->len;
long r = bpf_skb_adjust_room(skb, -20, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_DECAP_L3_IPV4); return r * 1000 + skb->protocol;
long r = bpf_skb_adjust_room(skb, -24, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_DECAP_L3_IPV6); return r * 1000 + skb->protocol;
long r = bpf_skb_adjust_room(skb, 24, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_DECAP_L3_IPV6); return r * 1000 + skb->protocol;
bpf_csum_level(skb, BPF_CSUM_LEVEL_INC); bpf_skb_adjust_room(skb, 8, BPF_ADJ_ROOM_NET, BPF_F_ADJ_ROOM_NO_CSUM_RESET); return bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY);
bpf_csum_level(skb, BPF_CSUM_LEVEL_INC); bpf_skb_adjust_room(skb, 8, BPF_ADJ_ROOM_NET, 0); return bpf_csum_level(skb, BPF_CSUM_LEVEL_QUERY);
IP struct iphdr h = *ip; h.protocol = 4; h.tot_len = bpf_htons(bpf_ntohs(ip->tot_len) + 20); h.check = 0; __s64 s = bpf_csum_diff(0, 0, (void *)&h, 20, 0); h.check = ~s; if (bpf_skb_adjust_room(skb, 20, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_ENCAP_L3_IPV4)) return 8; return bpf_skb_store_bytes(skb, 14, &h, 20, 0);
return bpf_skb_pull_data(skb, 0);
return bpf_skb_pull_data(skb, 50) + skb->len;
return bpf_skb_pull_data(skb, 5000);
bpf_set_hash(skb, 0x1234567); return skb->hash;
bpf_set_hash(skb, 0x1234567); bpf_set_hash_invalid(skb); return skb->hash;
bpf_set_hash(skb, 0x1234567); return bpf_get_hash_recalc(skb);
bpf_set_hash(skb, 7); __u8 b = 1; bpf_skb_store_bytes(skb, 0, &b, 1, BPF_F_INVALIDATE_HASH); return skb->hash;
return bpf_get_hash_recalc(skb) != 0;
return bpf_get_route_realm(skb) + bpf_get_cgroup_classid(skb);
return bpf_skb_ecn_set_ce(skb);
return bpf_skb_ecn_set_ce(skb) * 10 + bpf_skb_ecn_set_ce(skb);
return bpf_skb_set_tstamp(skb, 1000, BPF_SKB_CLOCK_MONOTONIC) + skb->tstamp_type * 10;
return bpf_skb_set_tstamp(skb, 0, BPF_SKB_CLOCK_REALTIME) + skb->tstamp_type * 10;
return bpf_skb_set_tstamp(skb, 5, BPF_SKB_CLOCK_TAI) + skb->tstamp_type * 10 + skb->tstamp;
__u32 m = 0; long r = bpf_check_mtu(skb, 0, &m, 0, 0); return r * 100000 + m;
__u32 m = 70000; long r = bpf_check_mtu(skb, 1, &m, 0, 0); return r * 100000 + m;
__u32 m = 5; long r = bpf_check_mtu(skb, 99, &m, 0, 0); return r * 100000 + m;
__u32 m = 0; long r = bpf_check_mtu(skb, 0, &m, 66000, 0); return r * 100000 + m;
__u32 m = 5; long r = bpf_check_mtu(skb, 0, &m, 5, 1); return r * 100000 + m;
return bpf_redirect(1, 0);
return bpf_redirect(1, BPF_F_INGRESS);
return bpf_redirect(1, 2);
return bpf_redirect_peer(1, 0) * 10 + bpf_redirect_peer(1, 1);
return bpf_redirect_neigh(1, 0, 0, 0) * 10 + bpf_redirect_neigh(1, 0, 0, 1);
return bpf_clone_redirect(skb, 99, 0);
return bpf_clone_redirect(skb, 1, 2);
struct bpf_tunnel_key k = {.tunnel_id = 7, .remote_ipv4 = 0x0a000001, .local_ipv4 = 0x0a000002, .tunnel_ttl = 64, .tunnel_tos = 3}; long r = bpf_skb_set_tunnel_key(skb, &k, sizeof k, 0); struct bpf_tunnel_key g = {}; r = r * 10 + bpf_skb_get_tunnel_key(skb, &g, sizeof g, 0); return r + g.tunnel_id + g.remote_ipv4 * 3 + g.local_ipv4 * 5 + g.tunnel_ttl + g.tunnel_tos;
struct bpf_tunnel_key k = {.tunnel_id = 7, .tunnel_label = 0xfffff}; k.remote_ipv6[0] = 5; k.local_ipv6[3] = 9; long r = bpf_skb_set_tunnel_key(skb, &k, sizeof k, BPF_F_TUNINFO_IPV6); struct bpf_tunnel_key g = {}; r = r * 10 + bpf_skb_get_tunnel_key(skb, &g, sizeof g, BPF_F_TUNINFO_IPV6 | BPF_F_TUNINFO_FLAGS); return r + g.tunnel_label + g.remote_ipv6[3] * 3 + g.local_ipv6[0] * 5 + g.tunnel_flags * 7;
struct bpf_tunnel_key g = {}; return bpf_skb_get_tunnel_key(skb, &g, sizeof g, 0);
struct bpf_tunnel_key k = {}; bpf_skb_set_tunnel_key(skb, &k, sizeof k, 0); return bpf_skb_get_tunnel_key(skb, &k, sizeof k, BPF_F_TUNINFO_IPV6);
struct bpf_tunnel_key k = {}; __u32 o[2] = {5, 6}; bpf_skb_set_tunnel_key(skb, &k, sizeof k, 0); long r = bpf_skb_set_tunnel_opt(skb, o, 8); __u32 p[4] = {9, 9, 9, 9}; return r * 100 + bpf_skb_get_tunnel_opt(skb, p, 16) + p[0] + p[1] * 10 + p[2];
struct bpf_sock_tuple t = {}; struct bpf_sock *s = bpf_sk_lookup_udp(skb, &t, 11, -1, 0); if (!s) return 5; bpf_sk_release(s); return 6;
struct bpf_sock_tuple t = {}; struct bpf_sock *s = bpf_sk_lookup_tcp(skb, &t, sizeof t.ipv4, -1, 1); if (!s) return 5; bpf_sk_release(s); return 6;
return bpf_get_netns_cookie(skb) != 0;
return bpf_get_smp_processor_id() >= 0;
return bpf_skb_cgroup_classid(skb);
struct bpf_xfrm_state x = {5}; return bpf_skb_get_xfrm_state(skb, 0, &x, sizeof x, 0) + x.reqid;
`

const XDP_ONLY = `
return LENGTH;
return METADATA;
return skb->ingress_ifindex * 100 + skb->rx_queue_index;
ETH return eth->h_proto;
IP return ip->saddr;
IP ip->ttl--; __u32 sum = ip->check + bpf_htons(0x0100); ip->check = sum + (sum >= 0xffff); return XDP_TX;
IP6 return ip6->nexthdr;
TCP return bpf_ntohs(tcp->dest) == 80 ? XDP_DROP : XDP_PASS;
UDP __be16 t = udp->source; udp->source = udp->dest; udp->dest = t; return XDP_TX;
ETH for (int i = 0; i < 6; i++) { __u8 t = eth->h_dest[i]; eth->h_dest[i] = eth->h_source[i]; eth->h_source[i] = t; } return XDP_TX;
return bpf_xdp_get_buff_len(skb);
long r = bpf_xdp_adjust_head(skb, -14); return r * 1000 + LENGTH;
long r = bpf_xdp_adjust_head(skb, 14); return r * 1000 + LENGTH;
long r = bpf_xdp_adjust_head(skb, -217); return r * 1000 + LENGTH;
long r = bpf_xdp_adjust_head(skb, -216); return r * 1000 + LENGTH;
long r = bpf_xdp_adjust_head(skb, 50); return r * 1000 + LENGTH;
bpf_xdp_adjust_head(skb, -4); ETH for (int i = 0; i < 6; i++) eth->h_dest[i] = i; return XDP_PASS;
bpf_xdp_adjust_head(skb, -20); struct { __u8 a[14]; struct iphdr ip; } *n = DATA; if ((void *)(n + 1) > END) return 0; n->ip.version = 4; n->ip.ihl = 5; return XDP_TX;
long r = bpf_xdp_adjust_tail(skb, 10); return r * 1000 + LENGTH;
long r = bpf_xdp_adjust_tail(skb, -10); return r * 1000 + LENGTH;
long r = bpf_xdp_adjust_tail(skb, 3000); return r * 1000 + LENGTH;
long r = bpf_xdp_adjust_tail(skb, 4000); return r * 1000 + LENGTH;
bpf_xdp_adjust_tail(skb, -20); long r = bpf_xdp_adjust_tail(skb, 20); return r * 1000 + LENGTH;
long r = bpf_xdp_adjust_meta(skb, -4); return r * 1000 + METADATA;
long r = bpf_xdp_adjust_meta(skb, -3); return r * 1000 + METADATA;
long r = bpf_xdp_adjust_meta(skb, -32); return r * 1000 + METADATA;
long r = bpf_xdp_adjust_meta(skb, -36); return r * 1000 + METADATA;
long r = bpf_xdp_adjust_meta(skb, -252); return r * 1000 + METADATA;
long r = bpf_xdp_adjust_meta(skb, 4); return r * 1000 + METADATA;
if (bpf_xdp_adjust_meta(skb, -8)) return 9; __u32 *m = (void *)(long)skb->data_meta; if ((void *)(m + 2) > DATA) return 8; m[0] = 0x11223344; m[1] = 5; return XDP_PASS;
bpf_xdp_adjust_meta(skb, -8); bpf_xdp_adjust_head(skb, -6); return METADATA;
bpf_xdp_adjust_meta(skb, -8); bpf_xdp_adjust_head(skb, 6); return METADATA;
__u8 b[8] = {}; long r = bpf_xdp_load_bytes(skb, 12, b, 8); return r * 1000 + b[0] * 256 + b[7];
__u8 b[8] = {1, 1}; long r = bpf_xdp_load_bytes(skb, 1500, b, 8); return r * 1000 + b[0] * 256 + b[7];
__u8 b[8] = {1, 1}; long r = bpf_xdp_load_bytes(skb, 0x10000, b, 8); return r * 1000 + b[0];
__u8 b[8] = {1, 2, 3, 4, 5, 6, 7, 8}; return bpf_xdp_store_bytes(skb, 6, b, 8);
__u8 b[8] = {1, 2, 3, 4, 5, 6, 7, 8}; return bpf_xdp_store_bytes(skb, LENGTH - 8, b, 8);
__u8 b[8] = {1, 2, 3, 4, 5, 6, 7, 8}; return bpf_xdp_store_bytes(skb, LENGTH - 7, b, 8);
IP return bpf_csum_diff(0, 0, (void *)ip, 20, 0);
__u32 m = 0; long r = bpf_check_mtu(skb, 0, &m, 0, 0); return r * 100000 + m;
__u32 m = 0; long r = bpf_check_mtu(skb, 0, &m, 66000, 0); return r * 100000 + m;
__u32 m = 3; long r = bpf_check_mtu(skb, 0, &m, 0, 1); return r * 100000 + m;
return bpf_redirect(1, 0);
return bpf_redirect(1, 1);
__u32 h = 0; for (int i = 0; i < 64; i++) { __u8 *p = DATA + i; if ((void *)(p + 1) > END) break; h = h * 31 + *p; } return h;
__u64 s = 0; __u16 *p = DATA; for (int i = 0; i < 40; i++) { if ((void *)(p + 1) > END) break; s += *p++; } s = (s & 0xffff) + (s >> 16); return s;
`

/** Programs that get a packet from its network header on. */
const FILTERS = `
return skb->len;
return skb->protocol << 8 | skb->pkt_type;
return skb->mark + skb->ifindex + skb->cb[0];
skb->cb[3] = 9; return skb->cb[3];
__u8 b[4] = {}; long r = bpf_skb_load_bytes(skb, 0, b, 4); return r * 1000 + b[0];
__u8 b[4] = {}; long r = bpf_skb_load_bytes_relative(skb, 12, b, 2, BPF_HDR_START_MAC); return r * 1000 + b[0] * 256 + b[1];
__u8 b[4] = {}; long r = bpf_skb_load_bytes_relative(skb, 8, b, 2, BPF_HDR_START_NET); return r * 1000 + b[0] * 256 + b[1];
__u8 b[4] = {}; long r = bpf_skb_load_bytes(skb, skb->len - 4, b, 4); return r * 1000 + b[3];
`

const CGROUP = `
return skb->len & 1;
return skb->protocol & 1;
return LENGTH > 40;
struct iphdr *ip = DATA; if ((void *)(ip + 1) > END) return 0; return ip->version == 4;
skb->mark = 5; skb->priority = 6; return 1;
skb->cb[0] = skb->len; return 1;
__u8 b[4] = {}; bpf_skb_load_bytes(skb, 0, b, 4); skb->mark = b[0]; return 1;
skb->mark = bpf_skb_ecn_set_ce(skb); return 1;
skb->mark = skb->family * 3 + skb->remote_ip4 + skb->local_ip4 * 5; return 1;
skb->mark = skb->remote_ip6[0] + skb->remote_ip6[3] * 3 + skb->local_ip6[1] * 5 + skb->local_ip6[3] * 7; return 1;
skb->mark = skb->remote_port * 65536 + skb->local_port; return 1;
struct bpf_sock *sk = skb->sk; if (!sk) return 1; sk = bpf_sk_fullsock(sk); skb->mark = sk ? sk->family * 100 + sk->state : 7; return 1;
`

const LWT = `
return skb->len & 3;
skb->mark = LENGTH; return 0;
long r = bpf_skb_change_head(skb, 14, 0); skb->mark = r * 1000 + skb->len; return 0;
bpf_skb_change_head(skb, 14, 0); ETH eth->h_proto = bpf_htons(0x0800); return 0;
long r = bpf_skb_change_tail(skb, 100, 0); skb->mark = r * 1000 + skb->len; return 0;
__u8 b[4] = {1, 2, 3, 4}; skb->mark = bpf_skb_store_bytes(skb, 4, b, 4, 0); return 0;
skb->mark = bpf_l3_csum_replace(skb, 10, 1, 2, 2); return 0;
struct iphdr h = {.version = 4, .ihl = 5, .ttl = 9, .protocol = 4, .saddr = 1}; skb->mark = bpf_lwt_push_encap(skb, BPF_LWT_ENCAP_IP, &h, sizeof h); return 0;
struct iphdr h = {.version = 4, .ihl = 5, .check = 7}; skb->mark = bpf_lwt_push_encap(skb, BPF_LWT_ENCAP_IP, &h, sizeof h) * 1000 + skb->len + skb->protocol; return 0;
struct iphdr h = {.version = 4, .ihl = 6}; skb->mark = bpf_lwt_push_encap(skb, BPF_LWT_ENCAP_IP, &h, sizeof h); return 0;
struct ipv6hdr h = {.version = 6, .nexthdr = 41}; skb->mark = bpf_lwt_push_encap(skb, BPF_LWT_ENCAP_IP, &h, sizeof h) * 1000 + skb->protocol; return 0;
struct ipv6hdr h = {.version = 5}; skb->mark = bpf_lwt_push_encap(skb, BPF_LWT_ENCAP_IP, &h, sizeof h); return 0;
struct bpf_tunnel_key k = {.tunnel_id = 3}; skb->mark = bpf_skb_set_tunnel_key(skb, &k, sizeof k, 0); return 0;
`

const list = (text: string): string[] => text.trim().split("\n")

/** Bodies of \`int f(context *skb)\`, one a line, by the type of program and its section. */
export const programs: readonly { type: PacketProgram; section: string; bodies: readonly string[] }[] = [
  { type: "sched_cls", section: "tc", bodies: list(SKB_ONLY) },
  { type: "xdp", section: "xdp", bodies: list(XDP_ONLY) },
  { type: "socket_filter", section: "socket", bodies: list(FILTERS) },
  { type: "cgroup_skb", section: "cgroup_skb/egress", bodies: list(CGROUP) },
  { type: "lwt_xmit", section: "lwt_xmit", bodies: list(LWT) },
]
