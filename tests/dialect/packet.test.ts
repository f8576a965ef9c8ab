import assert from "node:assert/strict"
import { runs } from "../support/dialect.ts"

/** An Ethernet frame with VLAN-less IPv4 and TCP: every field has a value of its own. */
const TCP = Uint8Array.from(
  (
    "02 00 00 00 00 01  02 00 00 00 00 02  08 00 " +
    "45 b8 00 34  12 34 60 05  40 06 ab cd  0a 00 00 01  0a 00 00 02 " +
    "1f 90 00 50  de ad be ef  01 23 45 67  a0 c5 72 10  fa ce 00 07  " +
    "11 22 33 44 55 66 77 88"
  )
    .split(/\s+/)
    .map(byte => Number.parseInt(byte, 16)),
)

const START = `#include <bcc/proto.h>
int f(struct __sk_buff *skb) {
  u8 *cursor = 0;
  struct ethernet_t *eth = cursor_advance(cursor, sizeof(*eth));
  struct ip_t *ip = cursor_advance(cursor, sizeof(*ip));
  struct tcp_t *tcp = cursor_advance(cursor, sizeof(*tcp));
`

/** One case: an expression over the headers of the frame. */
const reads = (expression: string, expected: number) =>
  runs(`${START}  return ${expression};\n}`, "sched_cls", { data: TCP }, expected)

reads("eth->type", 0x800)
reads("eth->dst >> 40", 2)
reads("(u32)eth->src", 2)
reads("eth->src == 0x020000000002ull", 1)
reads("ip->ver", 4)
reads("ip->hlen", 5)
reads("ip->tos", 0xb8)
reads("ip->tlen", 0x34)
reads("ip->ffo_unused", 0)
reads("ip->df", 1)
reads("ip->mf", 1)
reads("ip->foffset", 5)
reads("ip->ttl * 1000 + ip->nextp", 64006)
reads("ip->src", 0x0a000001)
reads("ip->dst == 0x0a000002", 1)
reads("tcp->src_port", 8080)
reads("tcp->seq_num", 0xdeadbeef)
reads("tcp->offset", 10)
reads("tcp->reserved", 0)
reads("tcp->flag_cwr + tcp->flag_ece", 2)
reads("tcp->flag_urg + tcp->flag_ack + tcp->flag_psh", 0)
reads("tcp->flag_rst * 4 + tcp->flag_syn * 2 + tcp->flag_fin", 5)
reads("tcp->cksum", 0xface)
// The next header's place is in the packet
reads("((struct udp_t *)((void *)ip + (ip->hlen << 2)))->dport", 80)
reads("load_byte(skb, 23)", 6)
reads("load_half(skb, 12)", 0x800)
reads("load_word(skb, 14 + ip->hlen * 4 + 4)", 0xdeadbeef)
reads("load_dword(skb, 54) == 0x1122334455667788ull", 1)
reads("load_dword(skb, 54) >> 32", 0x11223344)

/** One case: what a statement leaves of the frame, from a byte on. */
const writes = (statement: string, at: number, bytes: string, result = 1) =>
  runs(`${START}  ${statement}\n  return 1;\n}`, "sched_cls", { data: TCP }, result, ({ data }) => {
    const expected = TCP.slice()
    expected.set(Buffer.from(bytes.replaceAll(" ", ""), "hex"), at)
    assert.deepEqual(Buffer.from(data.slice(0, TCP.length)).toString("hex"), Buffer.from(expected).toString("hex"))
  })

writes("eth->type = 0x86dd;", 12, "86 dd")
writes("eth->src = eth->dst;", 6, "02 00 00 00 00 01")
writes("ip->ttl = ip->ttl - 1;", 22, "3f")
writes("ip->ttl--;", 22, "3f")
writes("ip->ttl += 16;", 22, "50")
writes("ip->ver = 6;", 14, "65")
writes("ip->hlen |= 2;", 14, "47")
writes("ip->df = 0;", 20, "20 05")
writes("ip->foffset = 0x1abc;", 20, "7a bc")
writes("ip->dst = 0x01020304;", 30, "01 02 03 04")
writes("tcp->flag_syn = 1;", 47, "c7")
writes("return ip->ttl++;", 22, "41", 0x40)
writes("return ++ip->ttl;", 22, "41", 0x41)
writes("return tcp->dst_port = 443;", 36, "01 bb", 443)
// The checksum follows the address: RFC 1624
writes(
  "u32 old = ip->dst; ip->dst = 0x0a000003; incr_cksum_l3(&ip->hchecksum, old, ip->dst);",
  24,
  "ab cc 0a 00 00 01 0a 00 00 03",
)
writes(
  "u16 old = tcp->dst_port; tcp->dst_port = 81; incr_cksum_l4(&tcp->cksum, old, 81, 0);",
  36,
  "00 51 de ad be ef 01 23 45 67 a0 c5 72 10 fa cd",
)

// A header of the program's own
runs(
  `struct mine_t { u8 high : 3, low : 5; u32 wide : 24; } BPF_PACKET_HEADER;
int f(struct __sk_buff *skb) { struct mine_t *m = (void *)54; return m->high << 28 | m->low << 24 | m->wide; }`,
  "sched_cls",
  { data: TCP },
  (0x11 << 24) | 0x223344,
)
// Members of members: in arrays, inner structs and unions without a name
runs(
  `#include <bcc/proto.h>
int f(struct __sk_buff *skb) { struct ip6_opt_t *p = (void *)54; int i = skb->len & 3; return p->pad[1] << 16 | p->pad[i + 1] << 8 | p->ext_len; }`,
  "sched_cls",
  { data: TCP },
  (0x44 << 16) | (0x66 << 8) | 0x22,
)
runs(
  `struct mine_t { union { u32 whole; u16 half; }; struct { u8 high : 3, low : 5; } in; u16 list[2]; } BPF_PACKET_HEADER;
int f(struct __sk_buff *skb) {
  struct mine_t *m = (void *)53; int i = skb->len & 1;
  m->in.low = 1; m->list[i] += 1; m->list[1] = m->half;
  return m->whole == 0x07112233 && m->half == 0x0711 && m->in.high == 2 && m->in.low == 1 && m->list[0] == 0x5567 && m->list[1] == 0x0711;
}`,
  "sched_cls",
  { data: TCP },
  1,
)
// In a function that gets the packet
runs(
  `#include <bcc/proto.h>
static u32 from(struct ip_t *ip, struct __sk_buff *packet) { return ip->src; }
static void lower(struct __sk_buff *packet, struct ip_t *ip) { ip->ttl = 1; }
int f(struct __sk_buff *skb) { struct ip_t *p = (void *)14; lower(skb, p); return from(p, skb) + p->ttl; }`,
  "sched_cls",
  { data: TCP },
  0x0a000002,
)
// Behind the packet's end the program ends with 0
runs("int f(struct __sk_buff *skb) { load_word(skb, 5000); return 3; }", "socket_filter", { data: TCP }, 0)
// IPv6, VLAN and VXLAN
runs(
  `#include <bcc/proto.h>
int f(struct __sk_buff *skb) { struct ip6_t *p = (void *)14; return p->ver == 4 && p->priority == 0x5b && p->flow_label == 0x80034; }`,
  "sched_cls",
  { data: TCP },
  1,
)
runs(
  "#include <bcc/proto.h>\nint f(struct __sk_buff *skb) { struct dot1q_t *p = (void *)46; return p->pri << 16 | p->cfi << 12 | p->vlanid; }",
  "sched_cls",
  { data: TCP },
  (5 << 16) | 0xc5,
)
runs(
  "#include <bcc/proto.h>\nint f(struct __sk_buff *skb) { struct vxlan_t *p = (void *)54; return p->key; }",
  "sched_cls",
  { data: TCP },
  0x556677,
)
