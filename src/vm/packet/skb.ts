import { KERNEL } from "../address.ts"
import { ENOMEM } from "../errno.ts"
import type { Memory } from "../memory.ts"
import type { PacketBuffer } from "../packetBuffer.ts"
import { addSumAt, subtractSumAt, sumBytes } from "./checksum.ts"
import { type Device, LOOPBACK } from "./device.ts"
import { Exposure } from "./exposure.ts"
import { ETH_HLEN, type ETH_P_IP, type ETH_P_IPV6, PACKET_HOST, packetType, protocolAt, swap16 } from "./link.ts"
import type { Redirect } from "./redirect.ts"
import * as at from "./skbContext.ts"
import type { TunnelInfo } from "./tunnel.ts"

/** What is known of the checksum in a packet. Source: include/linux/skbuff.h. */
export type ChecksumState =
  /** Nothing: software checks it. */
  | "none"
  /** A device says that it is right, for `checksumLevel` + 1 headers. */
  | "unnecessary"
  /** `sum` covers all that lies behind the link header. */
  | "complete"
  /** It is to be filled in when the packet leaves. */
  | "partial"

/** Room in front of a packet that comes in, in bytes. Source: NET_SKB_PAD. */
const HEADROOM = 64
const TAILROOM = 320
/** Bytes that the room is larger than needed when a larger one is made. */
const SLACK = 256
/** Packets may become this long, in bytes. Source: SKB_MAX_ALLOC with pages of 4 KiB. */
export const SKB_MAX_LENGTH = 16384 - 320

/**
 * A packet of the network stack (`struct sk_buff`): its bytes in linear memory, all in one piece, and what the stack knows of it. Places are
 * addresses in linear memory. The context that programs see (`struct __sk_buff`) is kept up to date by {@link publish}; of the fields that only programs
 * change (`mark`, `cb`, `tstamp`, …) the context holds the only copy.
 *
 *     head … data = mac … network … end … limit
 */
export class Skb implements PacketBuffer {
  readonly memory: Memory
  /** Address of its `struct __sk_buff`. */
  readonly context: number
  head = 0
  limit = 0
  meta = 0
  data = 0
  end = 0
  /** Where the link header begins. */
  mac = 0
  network = 0
  /** Where the transport header begins; 0 where nobody has looked. */
  transport = 0
  macLength = 0
  /** EtherType. */
  protocol = 0
  packetType = PACKET_HOST
  vlanPresent = false
  vlanProtocol = 0
  vlanTci = 0
  checksum: ChecksumState = "none"
  /** The sum of a `complete` checksum. */
  sum = 0
  checksumLevel = 0
  /** Of the flow; 0 where it is to be computed. */
  hash = 0
  /** The packet was put into a tunnel by `bpf_skb_adjust_room`. */
  encapsulated = false
  /** What a packet that stands for several is made of. */
  segments: "none" | "tcp" | "udp" = "none"
  /** It came in at its device, rather than goes out of it. */
  ingress = false
  device: Device = LOOPBACK
  /** Where the program sends it. */
  redirect: Redirect | undefined
  /** The tunnel that it came through or is to go through. */
  tunnel: TunnelInfo | undefined
  /** Address of the socket that it belongs to (`struct bpf_sock`); 0 where there is none. */
  socket = 0

  readonly #exposure: Exposure
  #ownSocket = 0

  constructor(memory: Memory) {
    this.memory = memory
    this.#exposure = new Exposure(memory)
    this.context = memory.allocate(at.SKB_CONTEXT, "context")
  }

  /** Room for the `struct bpf_sock` of a socket that belongs to no network. */
  ownSocket(): number {
    this.#ownSocket ||= this.memory.allocate(80, "socket")
    return this.#ownSocket
  }

  /** Bytes of the packet. */
  get length(): number {
    return this.end - this.data
  }

  /** Makes room for a packet of a length, and returns where its bytes are to be put. All that was known of the packet before is forgotten. */
  place(length: number): number {
    if (this.limit - this.head < HEADROOM + length + TAILROOM) this.#reallocate(HEADROOM + length + TAILROOM)
    this.data = this.head + HEADROOM
    this.end = this.data + length
    return this.data
  }

  /**
   * Looks at a frame that was put in its place, as the stack does with one that comes in. `data` is at its link header then for programs that see
   * frames whole (`link`), and behind it for others.
   */
  receive(device: Device, link: boolean): void {
    const { u8 } = this.memory
    this.device = device
    this.mac = this.data
    this.network = this.data + ETH_HLEN
    this.transport = 0
    this.macLength = 0
    this.protocol = protocolAt(u8, this.data + 12, this.end)
    this.packetType = packetType(u8, this.data, device)
    this.forget()
    if (!link) this.data = this.network
    this.#clearContext()
    this.publish()
  }

  /** What is known of a fresh packet: nothing. */
  forget(): void {
    this.vlanPresent = false
    this.vlanProtocol = 0
    this.vlanTci = 0
    this.checksum = "none"
    this.sum = 0
    this.checksumLevel = 0
    this.hash = 0
    this.encapsulated = false
    this.segments = "none"
    this.redirect = undefined
    this.socket = 0
    this.tunnel = undefined
  }

  /** Writes what follows from the packet into its context, and lets programs touch its bytes. To be called after every change. */
  publish(): void {
    this.meta = this.data
    const { i32 } = this.memory
    const word = this.context >> 2
    i32[word + (at.SKB_LEN >> 2)] = this.end - this.data
    i32[word + (at.SKB_PKT_TYPE >> 2)] = this.packetType
    i32[word + (at.SKB_PROTOCOL >> 2)] = swap16(this.protocol)
    i32[word + (at.SKB_VLAN_PRESENT >> 2)] = this.vlanPresent ? 1 : 0
    i32[word + (at.SKB_VLAN_TCI >> 2)] = this.vlanTci
    i32[word + (at.SKB_VLAN_PROTO >> 2)] = swap16(this.vlanProtocol)
    i32[word + (at.SKB_HASH >> 2)] = this.hash
    i32[word + (at.SKB_IFINDEX >> 2)] = this.device.index
    i32[word + (at.SKB_DATA >> 2)] = this.data
    i32[word + (at.SKB_DATA_END >> 2)] = this.end
    i32[word + (at.SKB_DATA_META >> 2)] = this.data
    i32[word + (at.SKB_SK >> 2)] = this.socket
    i32[word + (at.SKB_SK >> 2) + 1] = this.socket === 0 ? 0 : KERNEL
    this.#exposure.show(this.data, this.end)
  }

  #clearContext(): void {
    const { i32 } = this.memory
    const word = this.context >> 2
    i32.fill(0, word, word + (at.SKB_CONTEXT >> 2))
    i32[word + (at.SKB_WIRE_LEN >> 2)] = this.end - this.data
  }

  /** A word of the context. */
  field(offset: number): number {
    return this.memory.u32[(this.context + offset) >> 2]
  }
  setField(offset: number, value: number): void {
    this.memory.i32[(this.context + offset) >> 2] = value
  }

  /** A packet that stands for several: what the context tells of its segments. */
  get isGso(): boolean {
    return this.field(at.SKB_GSO_SIZE) !== 0
  }

  /** Bytes behind the link header of one of the segments that the packet stands for. */
  get segmentLength(): number {
    const header = this.segments === "udp" ? 8 : (this.memory.u8[this.transport + 12] >> 4) * 4
    return this.transport - this.network + header + this.field(at.SKB_GSO_SIZE)
  }

  /** Makes sure that there are bytes in front of the packet. Places move with the packet. */
  reserveHead(bytes: number): void {
    if (this.data - bytes >= this.head) return
    const before = this.head
    const used = this.end - before
    const old = this.memory.copy(before, used)
    const front = bytes + SLACK
    this.#reallocate(front + used + TAILROOM)
    const moved = this.head + front - before
    this.memory.u8.set(old, before + moved)
    this.data += moved
    this.end += moved
    this.mac += moved
    this.network += moved
    if (this.transport > 0) this.transport += moved
  }

  /** Makes sure that there are bytes behind the packet. */
  reserveTail(bytes: number): void {
    if (this.end + bytes <= this.limit) return
    const before = this.head
    const old = this.memory.copy(before, this.end - before)
    this.#reallocate(old.length + bytes + SLACK)
    const moved = this.head - before
    this.memory.u8.set(old, this.head)
    this.data += moved
    this.end += moved
    this.mac += moved
    this.network += moved
    if (this.transport > 0) this.transport += moved
  }

  #reallocate(size: number): void {
    // What lies in the old room stays there until something else is allocated: it may be what is to be moved.
    this.#exposure.hide()
    const old = this.head
    this.head = this.memory.allocate(size, "packet", { access: "none" })
    this.limit = this.head + size
    if (old > 0) this.memory.free(old)
  }

  /** The address of bytes of the packet; 0 where it is too short. */
  pointer(offset: number, length: number): number {
    return offset + length <= this.end - this.data ? this.data + offset : 0
  }

  /** Bytes are about to be taken off, or to be changed: a `complete` sum loses them. */
  withdraw(address: number, length: number, offset: number): void {
    if (this.checksum === "complete") {
      this.sum = subtractSumAt(this.sum, sumBytes(this.memory.u8, address, length), offset)
    }
  }

  /** Bytes were put on, or have been changed: a `complete` sum gets them. */
  deposit(address: number, length: number, offset: number): void {
    if (this.checksum === "complete") {
      this.sum = addSumAt(this.sum, sumBytes(this.memory.u8, address, length), offset)
    }
  }

  /** Puts zeros into the packet, `offset` bytes behind its beginning: what is in front moves. */
  insert(offset: number, length: number): void {
    this.reserveHead(length)
    this.data -= length
    this.memory.u8.copyWithin(this.data, this.data + length, this.data + length + offset)
    this.memory.u8.fill(0, this.data + offset, this.data + offset + length)
  }

  /** Takes bytes out of the packet, `offset` bytes behind its beginning: 0, or −ENOMEM where it is too short. */
  remove(offset: number, length: number): number {
    if (offset + length > this.length) return -ENOMEM
    this.withdraw(this.data + offset, length, 0)
    this.memory.u8.copyWithin(this.data + length, this.data, this.data + offset)
    this.data += length
    return 0
  }

  /** A change of protocol by a program: what was found out by the old one is void. */
  setProtocol(protocol: typeof ETH_P_IP | typeof ETH_P_IPV6): void {
    this.protocol = protocol
  }
}
