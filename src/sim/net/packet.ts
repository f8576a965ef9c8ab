import type { Kernel } from "../kernel.ts"
import type { KernelObject } from "../memory/object.ts"
import { type Endpoint, swapped } from "./address.ts"
import { type InetSocket, PROTOCOLS, TcpSocket } from "./socket.ts"

const ETHERNET = 14
/** Bytes of the headers of IPv4 and IPv6, of TCP and UDP. */
const IP = { 4: 20, 6: 40 } as const
const TRANSPORT = { tcp: 20, udp: 8 } as const
/** `ETH_P_IP`, `ETH_P_IPV6`. */
export const ETHER_TYPES = { 4: 0x0800, 6: 0x86dd } as const
/** Flags of a TCP segment. */
export const FIN = 1
export const SYN = 2
export const RST = 4
export const PSH = 8
export const ACK = 16
/** Most bytes of the payload that are there: more is nobody's business. */
const KEPT = 256

/**
 * A packet that a socket sends, in the kernel's memory: `struct sk_buff`, and its bytes, headers first. The payload is zeros. `flags` are those
 * of a TCP segment.
 */
export function newPacket(
  kernel: Kernel,
  device: KernelObject,
  socket: InetSocket,
  to: Endpoint,
  flags: number,
  payload: number,
): KernelObject {
  const { memory } = kernel
  const { version, transport, from } = socket
  const [ip, header] = [IP[version], TRANSPORT[transport]]
  const kept = Math.min(payload, KEPT)
  const size = ETHERNET + ip + header + kept
  const head = memory.bytes(size)
  const bytes = memory.linear.bytes(head.offset, size)
  const view = new DataView(bytes.buffer, bytes.byteOffset, size)
  view.setUint16(12, ETHER_TYPES[version])
  const { protocol } = PROTOCOLS[transport]
  if (version === 4) {
    view.setUint8(ETHERNET, 0x45)
    view.setUint16(ETHERNET + 2, ip + header + payload)
    view.setUint16(ETHERNET + 4, kernel.random() & 0xffff)
    view.setUint16(ETHERNET + 6, 0x4000)
    view.setUint16(ETHERNET + 8, (64 << 8) | protocol)
  } else {
    view.setUint8(ETHERNET, 0x60)
    view.setUint16(ETHERNET + 4, header + payload)
    view.setUint16(ETHERNET + 6, (protocol << 8) | 64)
  }
  const { length } = from.address
  bytes.set(from.address, ETHERNET + ip - 2 * length)
  bytes.set(to.address, ETHERNET + ip - length)
  const at = ETHERNET + ip
  view.setUint16(at, from.port)
  view.setUint16(at + 2, to.port)
  const sequence = socket instanceof TcpSocket ? socket.tcp.get("snd_nxt") : 0
  if (transport === "tcp") {
    view.setUint32(at + 4, sequence)
    view.setUint16(at + 12, 0x5000 | flags)
    view.setUint16(at + 14, 0xffff)
  } else view.setUint16(at + 4, header + payload)
  const skb = memory.new("sk_buff", {
    sk: socket.sk,
    dev: device,
    len: ip + header + payload,
    data_len: payload - kept,
    truesize: 512 + size,
    protocol: swapped(ETHER_TYPES[version]),
    mac_header: 0,
    network_header: ETHERNET,
    transport_header: at,
    head,
    tail: size,
    end: size,
    tstamp: kernel.now(),
    skb_iif: 1,
    "users.refs.counter": 1,
  })
  // `struct tcp_skb_cb` begins with the first byte's number.
  memory.linear.view.setUint32(skb.part("cb").offset, sequence, true)
  // The network header is where the data begins.
  return skb.set({ data: head.address + BigInt(ETHERNET) })
}

/** Gives a packet's memory back. */
export function freePacket(kernel: Kernel, skb: KernelObject): void {
  const { memory } = kernel
  memory.linear.free(Number(skb.big("head") & 0xffffffffn))
  memory.free(skb)
}
