import type { Memory } from "../memory.ts"
import { parseAddress } from "./routes.ts"

/** States of TCP. Source: include/net/tcp_states.h. */
export const TCP_ESTABLISHED = 1
export const TCP_TIME_WAIT = 6
export const TCP_CLOSE = 7
export const TCP_LISTEN = 10

export const AF_INET = 2
export const AF_INET6 = 10
const SOCK_STREAM = 1
const SOCK_DGRAM = 2
export const IPPROTO_TCP = 6
export const IPPROTO_UDP = 17

/** Offsets in `struct bpf_sock`. Source: include/uapi/linux/bpf.h. */
const SOCK_DEVICE = 0
const SOCK_FAMILY = 4
const SOCK_TYPE = 8
const SOCK_PROTOCOL = 12
const SOCK_MARK = 16
const SOCK_PRIORITY = 20
const SOCK_SRC_IP4 = 24
const SOCK_SRC_IP6 = 28
const SOCK_SRC_PORT = 44
const SOCK_DST_PORT = 48
const SOCK_DST_IP4 = 52
const SOCK_DST_IP6 = 56
const SOCK_STATE = 72
const SOCK_RX_QUEUE = 76
const SOCK_BYTES = 80
/** Bytes of `struct bpf_tcp_sock`. */
const TCP_SOCK_BYTES = 120
/** The other view of a TCP socket stands behind it in one region. */
const TCP_SOCK = SOCK_BYTES

/** A socket as it is told. */
export interface SocketOptions {
  readonly protocol: "tcp" | "udp"
  /** Its own address, `10.0.0.1`; any without it, and with `0.0.0.0` or `::`. */
  readonly address?: string
  readonly port: number
  /** The other end of a connection. */
  readonly peer?: { readonly address: string; readonly port: number }
  /** TCP: `listen` without a peer and `established` with one, unless it is told. */
  readonly state?: "listen" | "established" | "time_wait"
  /** Number of the device that it is bound to; any without it. */
  readonly device?: number
  readonly mark?: number
  readonly priority?: number
  /** Number of the user; 0 without it. */
  readonly uid?: number
  readonly cgroupId?: bigint
  /** Values of `struct bpf_tcp_sock` by their numbers of 32-bit words. */
  readonly tcp?: Readonly<Record<number, number>>
}

const NONE = new Uint8Array(0)
let cookies = 0n

/** A socket of the machine's network. Programs see it as `struct bpf_sock`, which is put into memory when one is looked up first. */
export class VmSocket {
  readonly kind = "socket"
  readonly protocol: number
  /** 4 or 16 bytes; none for any address. */
  readonly address: Uint8Array
  readonly port: number
  readonly peerAddress: Uint8Array
  readonly peerPort: number
  readonly state: number
  readonly device: number
  readonly uid: number
  readonly cgroupId: bigint
  /** What `bpf_get_socket_cookie` tells. */
  readonly cookie = ++cookies
  readonly #options: SocketOptions
  #memory: Memory | undefined
  #place = 0

  /** @throws SkepError PACKETS_ADDRESS */
  constructor(options: SocketOptions) {
    this.#options = options
    this.protocol = options.protocol === "tcp" ? IPPROTO_TCP : IPPROTO_UDP
    this.address = options.address === undefined ? NONE : parseAddress(options.address)
    this.port = options.port
    this.peerAddress = options.peer === undefined ? NONE : parseAddress(options.peer.address)
    this.peerPort = options.peer?.port ?? 0
    this.device = options.device ?? 0
    this.uid = options.uid ?? 0
    this.cgroupId = options.cgroupId ?? 0n
    const state = options.state ?? (options.peer === undefined ? "listen" : "established")
    const closed = options.protocol === "udp" && options.peer === undefined
    this.state = closed
      ? TCP_CLOSE
      : { listen: TCP_LISTEN, established: TCP_ESTABLISHED, time_wait: TCP_TIME_WAIT }[state]
  }

  /** AF_INET or AF_INET6, by its addresses. */
  get family(): number {
    return (this.address.length || this.peerAddress.length) === 16 ? AF_INET6 : AF_INET
  }

  /** A socket in its whole, not what is left of one that was closed. */
  get isFull(): boolean {
    return this.state !== TCP_TIME_WAIT
  }

  /** Where its `struct bpf_sock` lies. */
  place(memory: Memory): number {
    if (this.#memory !== memory) {
      this.#memory = memory
      this.#place = memory.allocate(SOCK_BYTES + TCP_SOCK_BYTES, "socket")
      this.#write(memory, this.#place)
    }
    return this.#place
  }

  /** Where its `struct bpf_tcp_sock` lies. */
  tcpPlace(memory: Memory): number {
    return this.place(memory) + TCP_SOCK
  }

  #write(memory: Memory, at: number): void {
    const { view, u8 } = memory
    const { mark = 0, priority = 0, tcp = {} } = this.#options
    const set = (offset: number, value: number): void => view.setUint32(at + offset, value >>> 0, true)
    const size = this.address.length || this.peerAddress.length
    set(SOCK_DEVICE, this.device)
    set(SOCK_FAMILY, this.family)
    set(SOCK_TYPE, this.protocol === IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM)
    set(SOCK_PROTOCOL, this.protocol)
    set(SOCK_MARK, mark)
    set(SOCK_PRIORITY, priority)
    u8.set(this.address, at + (size === 16 ? SOCK_SRC_IP6 : SOCK_SRC_IP4))
    u8.set(this.peerAddress, at + (size === 16 ? SOCK_DST_IP6 : SOCK_DST_IP4))
    set(SOCK_SRC_PORT, this.port)
    view.setUint16(at + SOCK_DST_PORT, this.peerPort, false)
    set(SOCK_STATE, this.state)
    set(SOCK_RX_QUEUE, -1)
    for (const [word, value] of Object.entries(tcp)) set(TCP_SOCK + 4 * Number(word), value)
  }
}

/** Both ends of a packet: where it comes from, and where it goes. */
export interface Ends {
  readonly source: Uint8Array
  readonly sourcePort: number
  readonly destination: Uint8Array
  readonly destinationPort: number
}

/** How well a socket fits a packet: 0 where it does not, more for every thing that is told and right. */
export function fit(socket: VmSocket, ends: Ends, device: number): number {
  if (socket.port !== ends.destinationPort) return 0
  if (socket.device !== 0 && socket.device !== device) return 0
  const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((x, i) => x === b[i])
  const bound = socket.address.some(byte => byte !== 0)
  if (bound && !same(socket.address, ends.destination)) return 0
  let points = 1 + (bound ? 2 : 0) + (socket.device !== 0 ? 2 : 0)
  if (socket.peerPort !== 0) {
    if (socket.peerPort !== ends.sourcePort || !same(socket.peerAddress, ends.source)) return 0
    points += 8
  }
  return points
}
