import type { Kernel } from "../kernel.ts"
import type { KernelObject } from "../memory/object.ts"
import type { Endpoint } from "./socket.ts"

const ETHERNET = 14
const IP = 20
const TCP = 20
/** Flags of a TCP segment. */
export const FIN = 1
export const SYN = 2
export const RST = 4
export const PSH = 8
export const ACK = 16

/** A packet in the kernel's memory: `struct sk_buff`, and its bytes, headers first. The payload is zeros. */
export function newPacket(
  kernel: Kernel,
  device: KernelObject,
  socket: KernelObject | undefined,
  [from, to]: readonly [Endpoint, Endpoint],
  flags: number,
  payload: number,
): KernelObject {
  const { memory } = kernel
  const length = IP + TCP + payload
  // More than the headers is nobody's business: at most 256 bytes are there.
  const kept = Math.min(payload, 256)
  const head = memory.bytes(ETHERNET + IP + TCP + kept)
  const { view } = memory.linear
  const at = head.offset
  view.setUint16(at + 12, 0x0800)
  const ip = at + ETHERNET
  view.setUint8(ip, 0x45)
  view.setUint16(ip + 2, length)
  view.setUint16(ip + 4, kernel.random() & 0xffff)
  view.setUint16(ip + 6, 0x4000)
  view.setUint8(ip + 8, 64)
  view.setUint8(ip + 9, 6)
  view.setUint32(ip + 12, from.address)
  view.setUint32(ip + 16, to.address)
  const tcp = ip + IP
  view.setUint16(tcp, from.port)
  view.setUint16(tcp + 2, to.port)
  view.setUint8(tcp + 12, 0x50)
  view.setUint8(tcp + 13, flags)
  view.setUint16(tcp + 14, 0xffff)
  const skb = memory.new("sk_buff", {
    sk: socket,
    dev: device,
    len: length,
    data_len: payload - kept,
    truesize: 512 + length,
    protocol: 0x0008,
    mac_header: 0,
    network_header: ETHERNET,
    transport_header: ETHERNET + IP,
    head,
    tail: ETHERNET + IP + TCP + kept,
    end: ETHERNET + IP + TCP + kept,
    tstamp: kernel.now(),
    skb_iif: 1,
    "users.refs.counter": 1,
  })
  // The network header is where the data begins.
  return skb.set({ data: head.address + BigInt(ETHERNET) })
}

/** Gives a packet's memory back. */
export function freePacket(kernel: Kernel, skb: KernelObject): void {
  const { memory } = kernel
  memory.linear.free(Number(skb.big("head") & 0xffffffffn))
  memory.free(skb)
}
