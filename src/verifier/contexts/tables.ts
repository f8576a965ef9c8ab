/**
 * The contexts of program types and who may do what with their fields. Layouts are written as layout.ts tells.
 *
 * Source: include/uapi/linux/bpf.h and the `is_valid_access` of each program type, Linux 6.1 to 6.18. The tests beside this ask the running
 * kernel about every offset and size.
 */

/** What a program may do with a context. */
export interface ContextRules {
  readonly layout: string
  /** Names of the fields that may be read; `*` are all, `-name` leaves one out. `name@6.2`: since that kernel. */
  readonly read: string
  /** Names of the fields that may be written. */
  readonly write?: string
  /** What a read gives where it is not a number: `data=packet`; a `?` at the end: or null. */
  readonly gives?: string
  /** Fields that only programs of these attach types see, as a pattern of the name. */
  readonly only?: Readonly<Record<string, RegExp>>
  /** Fields that only programs of these attach types write. */
  readonly writeOnly?: Readonly<Record<string, RegExp>>
}

const SK_BUFF =
  "len pkt_type mark queue_mapping protocol vlan_present vlan_tci vlan_proto priority ingress_ifindex ifindex tc_index cb:20* hash " +
  "tc_classid data! data_end! napi_id family remote_ip4! local_ip4! remote_ip6:16! local_ip6:16! remote_port local_port data_meta! " +
  "flow_keys:8! tstamp:8! wire_len gso_segs sk:8! gso_size tstamp_type:1! -:3 hwtstamp:8!"

const XDP_MD = "data! data_end! data_meta! ingress_ifindex! rx_queue_index! egress_ifindex!"

const SOCK =
  "bound_dev_if! family< type< protocol< mark! priority! src_ip4 src_ip6:16 src_port< dst_port:2# -:2 dst_ip4 dst_ip6:16 state< " +
  "rx_queue_mapping<"

const SOCK_ADDR =
  "user_family! user_ip4 user_ip6:16+ user_port family! type! protocol! msg_src_ip4 msg_src_ip6:16+ -:4 sk:8!"

const SOCK_OPS =
  "op! reply! args:12! family! remote_ip4! local_ip4! remote_ip6:16! local_ip6:16! remote_port! local_port! is_fullsock! snd_cwnd! srtt_us! " +
  "cb_flags! state! rtt_min! snd_ssthresh! rcv_nxt! snd_nxt! snd_una! mss_cache! ecn_flags! rate_delivered! rate_interval_us! packets_out! " +
  "retrans_out! total_retrans! segs_in! data_segs_in! segs_out! data_segs_out! lost_out! sacked_out! sk_txhash! bytes_received:8! " +
  "bytes_acked:8! sk:8! skb_data:8! skb_data_end:8! skb_len! skb_tcp_flags< skb_hwtstamp:8!"

const SK_MSG =
  "data:8! data_end:8! family! remote_ip4! local_ip4! remote_ip6:16! local_ip6:16! remote_port! local_port! size! sk:8!"

const SK_REUSEPORT = "data:8! data_end:8! len eth_protocol% ip_protocol bind_inany hash! -:4 sk:8! migrating_sk:8!"

const SK_LOOKUP =
  "sk:8! family protocol remote_ip4 remote_ip6:16 remote_port local_ip4 local_ip6:16 local_port ingress_ifindex -:4"

const SOCKOPT = "sk:8! optval:8! optval_end:8! level! optname! optlen! retval! -:4"

const TCP_SOCK =
  "snd_cwnd! srtt_us! rtt_min! snd_ssthresh! rcv_nxt! snd_nxt! snd_una! mss_cache! ecn_flags! rate_delivered! rate_interval_us! " +
  "packets_out! retrans_out! total_retrans! segs_in! data_segs_in! segs_out! data_segs_out! lost_out! sacked_out! bytes_received:8/ " +
  "bytes_acked:8/ dsack_dups! delivered! delivered_ce! icsk_retransmits!"

const PACKET = "data=packet data_end=packet_end"
const SOCKET_OF_PACKET = "sk=sock_common?"
/** The fields about the socket that a packet belongs to. */
const NO_ADDRESSES = "-family -remote_ip4 -local_ip4 -remote_ip6 -local_ip6 -remote_port -local_port"
const NEVER = "-flow_keys -tstamp_type"

const SCHED: ContextRules = {
  layout: SK_BUFF,
  read: `* -flow_keys ${NO_ADDRESSES}`,
  write: "mark tc_index priority tc_classid cb tstamp queue_mapping",
  gives: `${PACKET} data_meta=packet_meta ${SOCKET_OF_PACKET}`,
}

const LIGHTWEIGHT_TUNNEL: ContextRules = {
  layout: SK_BUFF,
  read: `* ${NEVER} ${NO_ADDRESSES} -tc_classid -data_meta -tstamp -wire_len -hwtstamp`,
  write: "mark priority cb",
  gives: `${PACKET} ${SOCKET_OF_PACKET}`,
}

/** x86-64's `struct pt_regs`: 21 registers. */
const PT_REGS = "regs:168*"

const RAW_TRACEPOINT = "args:96*"

/** Contexts by program type; what programs with typed arguments see is in their target's BTF. */
export const CONTEXTS: Readonly<Record<string, ContextRules>> = {
  socket_filter: {
    layout: SK_BUFF,
    read: `* ${NEVER} ${NO_ADDRESSES} -tc_classid -data -data_end -data_meta -tstamp -wire_len -hwtstamp`,
    write: "cb",
    gives: SOCKET_OF_PACKET,
  },
  sched_cls: SCHED,
  sched_act: SCHED,
  cgroup_skb: {
    layout: SK_BUFF,
    read: `* ${NEVER} -tc_classid -data_meta -wire_len`,
    write: "mark priority cb tstamp",
    gives: `${PACKET} ${SOCKET_OF_PACKET}`,
  },
  lwt_in: LIGHTWEIGHT_TUNNEL,
  lwt_out: LIGHTWEIGHT_TUNNEL,
  lwt_xmit: LIGHTWEIGHT_TUNNEL,
  lwt_seg6local: LIGHTWEIGHT_TUNNEL,
  sk_skb: {
    layout: SK_BUFF,
    read: `* ${NEVER} -tc_classid -data_meta -tstamp -wire_len -hwtstamp -mark`,
    write: "tc_index priority",
    gives: `${PACKET} ${SOCKET_OF_PACKET}`,
  },
  flow_dissector: {
    layout: SK_BUFF,
    read: "data data_end flow_keys",
    gives: `${PACKET} flow_keys=flow_keys`,
  },
  xdp: {
    layout: XDP_MD,
    read: "*",
    gives: `${PACKET} data_meta=packet_meta`,
    only: { egress_ifindex: /^xdp_devmap$/ },
  },
  cgroup_sock: {
    layout: SOCK,
    read: "*",
    write: "bound_dev_if mark priority",
    only: {
      bound_dev_if: /_sock_(create|release)$/,
      mark: /_sock_(create|release)$/,
      priority: /_sock_(create|release)$/,
      src_ip4: /4_post_bind$/,
      src_ip6: /6_post_bind$/,
      src_port: /_post_bind$/,
    },
  },
  cgroup_sock_addr: {
    layout: SOCK_ADDR,
    read: "*",
    write: "user_ip4 user_ip6 user_port msg_src_ip4 msg_src_ip6",
    gives: "sk=socket",
    only: { user_ip4: /4/, user_ip6: /6/, msg_src_ip4: /^cgroup_udp4_sendmsg$/, msg_src_ip6: /^cgroup_udp6_sendmsg$/ },
  },
  sock_ops: {
    layout: SOCK_OPS,
    read: "* -skb_hwtstamp skb_hwtstamp@6.2",
    write: "reply sk_txhash",
    gives: "sk=socket? skb_data=packet skb_data_end=packet_end",
  },
  sk_msg: { layout: SK_MSG, read: "*", gives: `${PACKET} sk=socket` },
  sk_reuseport: { layout: SK_REUSEPORT, read: "*", gives: `${PACKET} sk=socket migrating_sk=sock_common?` },
  sk_lookup: { layout: SK_LOOKUP, read: "*", gives: "sk=socket?" },
  cgroup_device: { layout: "access_type major! minor!", read: "*" },
  cgroup_sysctl: { layout: "write file_pos", read: "*", write: "file_pos" },
  cgroup_sockopt: {
    layout: SOCKOPT,
    read: "*",
    write: "retval optname level optlen",
    gives: "sk=socket optval=packet optval_end=packet_end",
    only: { retval: /^cgroup_getsockopt$/ },
    writeOnly: { level: /^cgroup_setsockopt$/, optname: /^cgroup_setsockopt$/ },
  },
  lirc_mode2: { layout: "sample!", read: "*" },
  netfilter: { layout: "state:8! skb:8!", read: "*", gives: "state=btf[nf_hook_state] skb=btf[sk_buff]" },
  kprobe: { layout: PT_REGS, read: "*" },
  perf_event: { layout: "regs:168= sample_period:8 addr:8", read: "*" },
  tracepoint: { layout: "-:8 record:8184*", read: "*" },
  raw_tracepoint: { layout: RAW_TRACEPOINT, read: "*" },
  raw_tracepoint_writable: { layout: "buffer:8~ args:88*", read: "*", gives: "buffer=tp_buffer" },
  syscall: { layout: "args:65535*", read: "*", write: "args" },
}

/** What registers other than the context point to that is read by fields, too. Nobody writes to them. */
export const SOCKETS: Readonly<Record<string, ContextRules>> = {
  socket: { layout: SOCK, read: "*" },
  sock_common: { layout: SOCK, read: "* -type -protocol -mark -priority" },
  tcp_sock: { layout: TCP_SOCK, read: "*" },
  xdp_sock: { layout: "queue_id!", read: "*" },
}
