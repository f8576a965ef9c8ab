import type { Kernel } from "../kernel.ts"
import type { KernelObject } from "../memory/object.ts"
import type { Task } from "../tasks/task.ts"
import { type Endpoint, FAMILIES, type IpVersion, nowhere, swapped } from "./address.ts"

/** What a socket speaks. */
export type Transport = "tcp" | "udp"

/** `IPPROTO_TCP`, `IPPROTO_UDP`, and `SOCK_STREAM`, `SOCK_DGRAM`. */
export const PROTOCOLS: Readonly<Record<Transport, { readonly protocol: number; readonly type: number }>> = {
  tcp: { protocol: 6, type: 1 },
  udp: { protocol: 17, type: 2 },
}

/** The record of a socket, and the way in it to `struct inet_sock`, which begins with `struct sock`. */
const RECORDS: Readonly<Record<Transport, Readonly<Record<IpVersion, readonly [record: string, inet: string]>>>> = {
  tcp: { 4: ["tcp_sock", "inet_conn.icsk_inet"], 6: ["tcp6_sock", "tcp.inet_conn.icsk_inet"] },
  udp: { 4: ["udp_sock", "inet"], 6: ["udp6_sock", "udp.inet"] },
}

/** A socket of the Internet protocols. */
export class InetSocket {
  readonly version: IpVersion
  readonly transport: Transport
  /** `struct tcp_sock`, `tcp6_sock`, `udp_sock` or `udp6_sock`. */
  readonly object: KernelObject
  /** `struct inet_sock` in it. */
  readonly inet: KernelObject
  /** `struct sock` in it, with which all of them begin. */
  readonly sk: KernelObject
  /** `struct socket`: what the descriptor leads to. */
  readonly socket: KernelObject
  from: Endpoint
  to: Endpoint
  /** Tasks that wait for something to happen. */
  readonly waiters: Task[] = []

  constructor(kernel: Kernel, net: KernelObject, transport: Transport, version: IpVersion) {
    const { memory } = kernel
    const [record, inet] = RECORDS[transport][version]
    this.version = version
    this.transport = transport
    this.object = memory.new(record)
    this.inet = this.object.part(inet)
    this.sk = this.inet.part("sk")
    this.from = nowhere(version)
    this.to = nowhere(version)
    const { protocol, type } = PROTOCOLS[transport]
    this.socket = memory.new("socket", { sk: this.sk, type })
    this.common({ skc_family: FAMILIES[version], "skc_net.net": net, skc_cookie: kernel.random() })
    this.sk.set({ sk_protocol: protocol, sk_type: type, sk_socket: this.socket, sk_max_ack_backlog: 128 })
  }

  /** Sets members of `struct sock_common`. */
  common(members: Record<string, number | bigint | Uint8Array | KernelObject>): void {
    const prefixed = Object.entries(members).map(([name, value]) => [`__sk_common.${name}`, value])
    this.sk.set(Object.fromEntries(prefixed))
  }

  /** The user whose it is. */
  ownedBy({ uid }: Task): void {
    this.sk.set({ sk_uid: { val: uid } })
  }

  /** Gives this end an address. */
  bind(end: Endpoint): void {
    this.from = end
    this.common({ skc_num: end.port, [end.version === 4 ? "skc_rcv_saddr" : "skc_v6_rcv_saddr"]: end.address })
    this.inet.set({ inet_sport: swapped(end.port), ...(end.version === 4 && { inet_saddr: end.address }) })
  }

  /** Says which the other end is. */
  pointAt(end: Endpoint): void {
    this.to = end
    this.common({ skc_dport: swapped(end.port), [end.version === 4 ? "skc_daddr" : "skc_v6_daddr"]: end.address })
  }
}

/** States of a connection. Source: include/net/tcp_states.h. */
export const TCP = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT1: 4,
  FIN_WAIT2: 5,
  TIME_WAIT: 6,
  CLOSE: 7,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  LISTEN: 10,
} as const

/** A socket of TCP. */
export class TcpSocket extends InetSocket {
  /** `struct tcp_sock`. */
  readonly tcp: KernelObject
  state: number = TCP.CLOSE
  /** The other end, as all are on this computer. */
  peer: TcpSocket | undefined
  /** Bytes that came and were not read: how many, and the first ones of each piece. */
  pending = 0
  readonly pieces: Uint8Array[] = []
  /** The other end sends nothing more. */
  ended = false
  /** Connections that wait to be accepted. */
  readonly backlog: TcpSocket[] = []

  constructor(kernel: Kernel, net: KernelObject, version: IpVersion) {
    super(kernel, net, "tcp", version)
    this.tcp = version === 4 ? this.object : this.object.part("tcp")
    this.common({ skc_state: TCP.CLOSE })
    const sequence = kernel.random() >>> 0
    this.tcp.set({ srtt_us: 400 << 3, mdev_us: 100, snd_cwnd: 10, snd_ssthresh: 0x7fffffff, mss_cache: 65483 })
    this.tcp.set({ snd_nxt: sequence, snd_una: sequence, write_seq: sequence })
  }
}

/** Bytes that came in a datagram, and from where. */
export interface Datagram {
  readonly bytes: number
  readonly from: Endpoint
}

/** A socket of UDP. */
export class UdpSocket extends InetSocket {
  readonly queue: Datagram[] = []

  constructor(kernel: Kernel, net: KernelObject, version: IpVersion) {
    super(kernel, net, "udp", version)
  }
}
